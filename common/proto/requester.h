/* requester.h - the client half of requests over MQTT: every question gets exactly one answer. Pure.
 *
 * Who uses it subscribes to the reply topic, publishes what requester_ask appends, and reports what comes of it: the
 * acknowledgement by its token, what arrives on the reply topic, the time, and the loss of the link. Each of these
 * hands out an answer when it ends a request; what fits no request that is under way (late, foreign, repeated) ends
 * none. */
#ifndef SKEP_REQUESTER_H
#define SKEP_REQUESTER_H

#include "heap.h"
#include "outbox.h"
#include "siphash.h"
#include "topic.h"

struct cJSON;

/* X(symbol, name) */
#define ANSWER_KINDS(X)               \
    X(RESULT, "result")               \
    X(ERROR, "error")                 \
    X(GARBLED, "garbled")             \
    X(NO_SUBSCRIBER, "no_subscriber") \
    X(REFUSED, "refused")             \
    X(NO_REPLY, "no_reply")           \
    X(LINK_LOST, "link_lost")

#define X(symbol, name) ANSWER_##symbol,
enum answer_kind { ANSWER_KINDS(X) ANSWER_KIND_COUNT };
#undef X

const char *answer_kind_name(enum answer_kind kind);

struct answer {
    uint64_t token; /* of the request, which is forgotten now */
    void *subject;  /* as given to requester_ask */
    enum answer_kind kind;
    bool acked;                 /* the broker had taken the request */
    ms_t took;                  /* since the request */
    const struct cJSON *result; /* ANSWER_RESULT: in the arena of requester_replied */
    const char *code, *message; /* ANSWER_ERROR: likewise */
};

struct requester {
    char reply_topic[TOPIC_SIZE];
    struct siphash_key key;
    uint8_t tag;
    uint64_t counter;
    struct pending *slots; /* owned */
    size_t slot_count;
    struct pending *free; /* singly linked */
    struct heap deadlines;
};

#define REQUESTER_MAX 65536

/* At most `max` requests under way (1 to REQUESTER_MAX). `key` is random: it makes tokens unguessable; `tag` is the
 * highest byte of each, so that one look tells whose token it is. ERR_NOMEM; ERR_TOPIC when the topic does not fit. */
enum err requester_init(struct requester *requester, const char *reply_topic, struct siphash_key key, uint8_t tag,
                        size_t max);
void requester_clear(struct requester *requester);

struct question {
    const char *topic;
    struct text payload; /* absent = no parameters */
    ms_t deadline;       /* monotonic; later than now */
    void *subject;       /* borrowed, comes back with the answer; may be NULL */
};

/* Appends the request; *ret is its token, never 0. ERR_FULL: `max` are under way. */
enum err requester_ask(struct requester *requester, const struct question *question, ms_t now, struct outbox *outbox,
                       uint64_t *ret);

/* PUBACK: reason 0x10 = nobody subscribes, 0x80 and above = the broker refuses it, else it waits on for its reply. */
bool requester_acked(struct requester *requester, uint64_t token, uint8_t reason, ms_t now, struct answer *ret);

/* A message on the reply topic. What *ret points to lives in `arena`. */
bool requester_replied(struct requester *requester, struct text correlation, struct text payload, ms_t now,
                       struct arena *arena, struct answer *ret);

/* One request whose deadline has passed; call until false. */
bool requester_due(struct requester *requester, ms_t now, struct answer *ret);

/* The link is lost: one request that was under way; call until false. */
bool requester_lost(struct requester *requester, ms_t now, struct answer *ret);

/* Forgets a request without an answer; an unknown token is fine. */
void requester_cancel(struct requester *requester, uint64_t token);

/* Of the request that is due first, MS_NEVER when there is none. */
ms_t requester_deadline(const struct requester *requester);

#endif
