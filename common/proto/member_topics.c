#include "member_topics.h"

#define TAG_SHIFT 56
#define TAG UINT64_C(0xFE)

static const struct role roles[] = {
    [MEMBER_WORKER] = { "worker", TOPIC_WORKER_PRESENCE, TOPIC_WORKER_REQUEST, TOPIC_VERDICT, false, false, false, 1 },
    [MEMBER_HIVE] = { "hive", TOPIC_HIVE_PRESENCE, TOPIC_HIVE_REQUEST, TOPIC_HIVE_VERDICT, true, false, false, 1 },
    [MEMBER_QUEEN] = { "queen", TOPIC_QUEEN_PRESENCE, TOPIC_QUEEN_REQUEST, TOPIC_KIND_COUNT, true, true, true, 0 },
};

static const char *const subjects[] = { [MEMBER_TOKEN_PRESENCE] = "own presence",
                                        [MEMBER_TOKEN_REPLIES] = "replies",
                                        [MEMBER_TOKEN_REQUESTS] = "requests",
                                        [MEMBER_TOKEN_VERDICTS] = "verdicts" };

const struct role *role_find(enum member_role role)
{
    return &roles[role];
}

uint64_t member_token(enum member_token token)
{
    return TAG << TAG_SHIFT | token;
}

const char *member_token_subject(uint64_t token)
{
    uint64_t which = token & 0xFF;
    return token >> TAG_SHIFT == TAG && which < ARRAY_LEN(subjects) ? subjects[which] : NULL;
}

enum err member_topic(const struct member_topics *topics, enum topic_kind kind, const char *part, char ret[TOPIC_SIZE])
{
    struct topic topic = topics->ids;
    topic.kind = kind;
    topic.method = text_of(part);
    if (kind == TOPIC_VERDICT || kind == TOPIC_HIVE_VERDICT)
        topic.queen = text_of(part);
    return topic_build(topics->root, &topic, ret);
}

/* In the order in which they are made. No Local is not set: it would hide the will of one's own last connection, which
 * has the same client id. QoS 0 where others than queens may write: mosquitto reads one packet of a connection a turn,
 * so that a flood's PUBACKs would keep back the member's own heartbeats and replies. */
struct own_filter {
    enum topic_kind kind;
    uint8_t qos, retain_handling;
    enum member_token token;
};
#define OWN_FILTERS 4

/* At QoS 0: whoever may answer may also write what nobody requested, and at QoS 1 the broker would deliver 20 of that
 * for each round trip, with the member's own requests waiting behind it. */
static const struct own_filter replies_filter = { TOPIC_REPLY, 0, 0, MEMBER_TOKEN_REPLIES };

static size_t own_filters(const struct member_topics *topics, bool checking, struct own_filter ret[OWN_FILTERS])
{
    const struct role *role = topics->role;
    size_t count = 0;
    ret[count++] = (struct own_filter){ role->presence, role->qos, 0, MEMBER_TOKEN_PRESENCE };
    if (topics->reads_replies)
        ret[count++] = replies_filter;
    if (checking)
        return count;
    ret[count++] = (struct own_filter){ role->request, 0, 2, MEMBER_TOKEN_REQUESTS };
    if (role->verdict != TOPIC_KIND_COUNT)
        ret[count++] = (struct own_filter){ role->verdict, 1, 2, MEMBER_TOKEN_VERDICTS };
    return count;
}

static void change_filter(const struct member_topics *topics, const struct own_filter *filter, bool subscribes,
                          struct outbox *outbox)
{
    char name[TOPIC_SIZE];
    if (member_topic(topics, filter->kind, "+", name) != OK)
        outbox->failed = true;
    else if (subscribes)
        outbox_subscribe(outbox, &(struct subscribe){ .filter = name,
                                                      .qos = filter->qos,
                                                      .retain_handling = filter->retain_handling,
                                                      .token = member_token(filter->token) });
    else
        outbox_unsubscribe(outbox, name);
}

static void change_filters(const struct member_topics *topics, bool checking, bool subscribes, struct outbox *outbox)
{
    struct own_filter filters[OWN_FILTERS];
    size_t count = own_filters(topics, checking, filters);
    for (size_t i = 0; i < count; i++)
        change_filter(topics, &filters[i], subscribes, outbox);
}

void member_topics_subscribe(const struct member_topics *topics, bool checking, struct outbox *outbox)
{
    change_filters(topics, checking, true, outbox);
}

void member_topics_unsubscribe(const struct member_topics *topics, bool checking, struct outbox *outbox)
{
    change_filters(topics, checking, false, outbox);
}

void member_topics_read_replies(struct member_topics *topics, bool wanted, struct outbox *outbox)
{
    if (topics->role->requests || wanted == topics->reads_replies)
        return;
    topics->reads_replies = wanted;
    change_filter(topics, &replies_filter, wanted, outbox);
}
