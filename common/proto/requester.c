#include "requester.h"

#include <stdlib.h>

#include <cjson/cJSON.h>

#include "json.h"

#define REASON_NO_SUBSCRIBER 0x10
#define REASON_REFUSED 0x80

/* A token is the tag, 40 bits that cannot be guessed, and the number of its slot. */
#define TAG_SHIFT 56
#define SLOT_BITS 16
#define SLOT_MASK ((UINT64_C(1) << SLOT_BITS) - 1)
#define RANDOM_MASK (((UINT64_C(1) << TAG_SHIFT) - 1) & ~SLOT_MASK)

struct pending {
    struct heap_item due; /* first: the heap hands out pointers to it */
    uint64_t token;       /* 0 = the slot is free */
    void *subject;
    ms_t asked_at;
    bool acked;
    struct pending *next_free;
};

#define X(symbol, name) [ANSWER_##symbol] = (name),
static const char *const kind_names[] = { ANSWER_KINDS(X) };
#undef X

const char *answer_kind_name(enum answer_kind kind)
{
    return kind_names[kind];
}

enum err requester_init(struct requester *requester, const char *reply_topic, struct siphash_key key, uint8_t tag,
                        size_t max)
{
    size_t len = strlen(reply_topic);
    if (len >= sizeof requester->reply_topic)
        return ERR_TOPIC;
    *requester = (struct requester){ .key = key, .tag = tag, .slot_count = max };
    memcpy(requester->reply_topic, reply_topic, len + 1);
    heap_init(&requester->deadlines);
    requester->slots = calloc(max, sizeof *requester->slots);
    if (!requester->slots || heap_reserve(&requester->deadlines, max) != OK) {
        requester_clear(requester);
        return ERR_NOMEM;
    }
    for (size_t i = max; i-- > 0;) {
        requester->slots[i].next_free = requester->free;
        requester->free = &requester->slots[i];
    }
    return OK;
}

void requester_clear(struct requester *requester)
{
    heap_clear(&requester->deadlines);
    free(requester->slots);
    *requester = (struct requester){ 0 };
}

static uint64_t token_make(struct requester *requester, const struct pending *slot)
{
    uint64_t number = ++requester->counter;
    uint64_t token = (uint64_t)requester->tag << TAG_SHIFT | (uint64_t)(slot - requester->slots);
    uint64_t random = siphash(&requester->key, &number, sizeof number) & RANDOM_MASK;
    return token | (random ? random : SLOT_MASK + 1); /* not 0, whatever the tag and the slot */
}

static struct pending *pending_find(const struct requester *requester, uint64_t token)
{
    uint64_t slot = token & SLOT_MASK;
    if (token == 0 || slot >= requester->slot_count || requester->slots[slot].token != token)
        return NULL;
    return &requester->slots[slot];
}

static void pending_free(struct requester *requester, struct pending *pending)
{
    heap_remove(&requester->deadlines, &pending->due);
    *pending = (struct pending){ .next_free = requester->free };
    requester->free = pending;
}

static void pending_end(struct requester *requester, struct pending *pending, enum answer_kind kind, ms_t now,
                        struct answer *ret)
{
    *ret = (struct answer){ .token = pending->token,
                            .subject = pending->subject,
                            .kind = kind,
                            .acked = pending->acked,
                            .took = ms_max(now - pending->asked_at, 0) };
    pending_free(requester, pending);
}

static void publish_question(const struct requester *requester, const struct question *question, ms_t now,
                             uint64_t token, struct outbox *outbox)
{
    ms_t left = ms_max(question->deadline - now, 1);
    outbox_publish(outbox, &(struct publish){ .topic = question->topic,
                                              .payload = question->payload.at ? question->payload : TEXT(""),
                                              .qos = 1,
                                              .urgent = true,
                                              .expiry_s = (uint32_t)((left + 999) / 1000),
                                              .content_type = "application/json",
                                              .response_topic = requester->reply_topic,
                                              .correlation = { (const char *)&token, sizeof token },
                                              .token = token });
}

enum err requester_ask(struct requester *requester, const struct question *question, ms_t now, struct outbox *outbox,
                       uint64_t *ret)
{
    struct pending *pending = requester->free;
    if (!pending)
        return ERR_FULL;
    requester->free = pending->next_free;
    *pending =
        (struct pending){ .token = token_make(requester, pending), .subject = question->subject, .asked_at = now };
    (void)heap_put(&requester->deadlines, &pending->due, question->deadline); /* there is room: requester_init */
    publish_question(requester, question, now, pending->token, outbox);
    *ret = pending->token;
    return OK;
}

bool requester_acked(struct requester *requester, uint64_t token, uint8_t reason, ms_t now, struct answer *ret)
{
    struct pending *pending = pending_find(requester, token);
    if (!pending)
        return false;
    pending->acked = true;
    if (reason != REASON_NO_SUBSCRIBER && reason < REASON_REFUSED)
        return false;
    pending_end(requester, pending, reason == REASON_NO_SUBSCRIBER ? ANSWER_NO_SUBSCRIBER : ANSWER_REFUSED, now, ret);
    return true;
}

/* Exactly one of the two members, the error with its code. */
static enum answer_kind reply_read(struct text payload, struct arena *arena, struct answer *ret)
{
    struct cJSON *tree;
    if (json_parse(arena, payload, &tree, NULL) != OK || !cJSON_IsObject(tree))
        return ANSWER_GARBLED;
    const struct cJSON *result = cJSON_GetObjectItemCaseSensitive(tree, "result");
    const struct cJSON *error = json_member(tree, "error");
    const char *code = json_string(json_member(error, "code"));
    const char *message = json_string(json_member(error, "message"));
    if ((result != NULL) == (code != NULL))
        return ANSWER_GARBLED;
    ret->result = result;
    ret->code = code;
    ret->message = code && !message ? "" : message;
    return code ? ANSWER_ERROR : ANSWER_RESULT;
}

bool requester_replied(struct requester *requester, struct text correlation, struct text payload, ms_t now,
                       struct arena *arena, struct answer *ret)
{
    uint64_t token = 0;
    if (correlation.len == sizeof token)
        memcpy(&token, correlation.at, sizeof token);
    struct pending *pending = pending_find(requester, token);
    if (!pending)
        return false;
    pending_end(requester, pending, ANSWER_GARBLED, now, ret);
    ret->kind = reply_read(payload, arena, ret);
    return true;
}

bool requester_due(struct requester *requester, ms_t now, struct answer *ret)
{
    struct pending *first = (struct pending *)heap_top(&requester->deadlines);
    if (!first || first->due.at > now)
        return false;
    pending_end(requester, first, ANSWER_NO_REPLY, now, ret);
    return true;
}

bool requester_lost(struct requester *requester, ms_t now, struct answer *ret)
{
    struct pending *first = (struct pending *)heap_top(&requester->deadlines);
    if (!first)
        return false;
    pending_end(requester, first, ANSWER_LINK_LOST, now, ret);
    return true;
}

void requester_cancel(struct requester *requester, uint64_t token)
{
    struct pending *pending = pending_find(requester, token);
    if (pending)
        pending_free(requester, pending);
}

ms_t requester_deadline(const struct requester *requester)
{
    const struct heap_item *first = heap_top(&requester->deadlines);
    return first ? first->at : MS_NEVER;
}
