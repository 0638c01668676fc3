/* member_topics.h - a member's own topics, by its role, and its subscriptions to them. Pure. Part of member. */
#ifndef SKEP_MEMBER_TOPICS_H
#define SKEP_MEMBER_TOPICS_H

#include "outbox.h"
#include "topic.h"

enum member_role { MEMBER_WORKER, MEMBER_HIVE, MEMBER_QUEEN };

struct role {
    const char *noun;
    enum topic_kind presence, request, verdict; /* verdict: on itself; TOPIC_KIND_COUNT = none */
    bool is_claimed;                            /* one process at a time */
    bool leaves_first; /* its goodbye goes ahead of what is queued, which may be a whole fleet's verdicts */
    bool requests;     /* it sends requests of its own all the time, and not only to find out who holds its id */
    uint8_t qos;       /* of presence, which a queen reads among a whole fleet's */
};

const struct role *role_find(enum member_role role); /* static */

/* Tokens of the member's own publishes and subscriptions, by which acknowledgements come back. */
enum member_token {
    MEMBER_TOKEN_BIRTH = 1,
    MEMBER_TOKEN_GOODBYE,
    MEMBER_TOKEN_PRESENCE,
    MEMBER_TOKEN_REPLIES,
    MEMBER_TOKEN_REQUESTS,
    MEMBER_TOKEN_VERDICTS,
    MEMBER_TOKEN_BEAT
};
uint64_t member_token(enum member_token token);

/* What a subscription with it brings, for people; NULL: it is of none of the member's own. */
const char *member_token_subject(uint64_t token);

struct member_topics {
    const struct role *role;
    const char *root;   /* borrowed */
    struct topic ids;   /* of its own topics; borrowed */
    bool reads_replies; /* subscribed to the reply topic */
};

/* A topic of the member's own, or the filter of one; `part` stands for a method, or the queen of a verdict. ERR_TOPIC.
 */
enum err member_topic(const struct member_topics *topics, enum topic_kind kind, const char *part, char ret[TOPIC_SIZE]);

/* All of them; `checking`: those by which to find out who holds the id. */
void member_topics_subscribe(const struct member_topics *topics, bool checking, struct outbox *outbox);
void member_topics_unsubscribe(const struct member_topics *topics, bool checking, struct outbox *outbox);

/* Whoever sends no requests but those of its claim reads replies only while one is open. */
void member_topics_read_replies(struct member_topics *topics, bool wanted, struct outbox *outbox);

#endif
