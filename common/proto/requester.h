/* requester.h - the client half of requests over MQTT: every question gets one answer. Pure.
 *
 * The user subscribes to the reply topic, publishes what the requester appends, and reports what happens: the
 * acknowledgement by its token, what arrives on the reply topic, the time, and the loss of the link. Each of these
 * hands out an answer when it ends a request. What fits no open request (late, foreign, repeated) ends none.
 *
 * A correlation is 128 bits from a key of the requester's own, as 32 hexadecimal digits: any program can send it back,
 * and only one that was asked knows it. Tokens never leave the process. */
#ifndef SKEP_REQUESTER_H
#define SKEP_REQUESTER_H

#include "heap.h"
#include "keyed_hash.h"
#include "outbox.h"
#include "topic.h"

struct cJSON;

enum answer_kind {
    ANSWER_RESULT,
    ANSWER_ERROR,
    ANSWER_GARBLED,
    ANSWER_NO_SUBSCRIBER,
    ANSWER_REFUSED,
    ANSWER_NO_REPLY,
    ANSWER_LINK_LOST,
};

#define CORRELATION_SIZE 33

/* An open request. The user embeds it, zero-initialised, and lets it lie where it is until it has ended; what is in it
 * is the requester's, but for `subject`. */
struct pending {
    void *subject; /* the user's; may be NULL */
    UT_hash_handle hh;
    struct heap_item due;
    uint64_t token; /* 0 = not open */
    uint64_t correlation[2];
    unsigned phase, party;
    uint16_t reads;   /* bytes of a reply */
    uint16_t replies; /* that came */
    ms_t requested_at, deadline, reply_timeout, retry_after, late;
    char *copy; /* of topic and payload, each terminated, where it may be sent again; owned */
};

struct answer {
    struct pending *pending; /* it is not open any more, but where a late reply may follow (or requester_reply) */
    void *subject;
    enum answer_kind kind;
    bool late;                  /* ANSWER_NO_REPLY was handed out before */
    uint8_t reason;             /* ANSWER_NO_SUBSCRIBER, ANSWER_REFUSED: of the PUBACK */
    ms_t took;                  /* since the request */
    const struct cJSON *result; /* ANSWER_RESULT: in the arena of requester_replied */
    const char *code, *message; /* ANSWER_ERROR: likewise; "no code", "" where it has none */
};

struct requester {
    const char *reply_topic; /* borrowed */
    struct siphash_key key;
    uint8_t tag;
    uint64_t counter;
    struct pending *open; /* uthash by token */
    struct heap deadlines;
};

/* `reply_topic` is borrowed. `key` is random, and no other user has it; `tag` is the highest byte of each token, so
 * that one look tells whose it is. */
void requester_init(struct requester *requester, const char *reply_topic, struct siphash_key key, uint8_t tag);

/* Ends all that are open, without an answer. */
void requester_clear(struct requester *requester);

struct question {
    const char *topic;
    unsigned party;      /* as in struct publish */
    struct text payload; /* absent = no parameters; without NUL */
    ms_t deadline;       /* on the clock of `now`; MS_NEVER: `reply_timeout` alone counts */
    ms_t reply_timeout;  /* ms after the PUBACK, where that ends before the deadline; 0 = until the deadline */
    bool retry;          /* no subscriber (0x10): the request is sent once more, `retry_after` ms later */
    ms_t retry_after;
    ms_t late;      /* ms after its end for which a reply is still handed out; 0 = none */
    uint16_t reads; /* so many bytes of a reply at most: a longer one is ANSWER_GARBLED; 0 = MSG_MAX_BYTES */
};

/* Appends the request. Already open: it is cancelled first. ERR_NOMEM. */
enum err requester_send(struct requester *requester, struct pending *pending, const struct question *question, ms_t now,
                        struct outbox *outbox);

/* PUBACK: 0x10 = no subscriber, 0x80 and above = the broker refuses it, else it waits on for its reply. */
bool requester_acked(struct requester *requester, uint64_t token, uint8_t reason, ms_t now, struct answer *ret);

/* A message on the reply topic: what it says, if it belongs to a request, which stays open: for those who judge a reply
 * first, and then cancel. Of one request REQUESTER_REPLIES are read, and no more: else whoever is asked could have
 * replies without end read. What *ret points to lives in `arena`. */
#define REQUESTER_REPLIES 4
bool requester_reply(const struct requester *requester, struct text correlation, struct text payload, ms_t now,
                     struct arena *arena, struct answer *ret);

/* The same; the request has ended. */
bool requester_replied(struct requester *requester, struct text correlation, struct text payload, ms_t now,
                       struct arena *arena, struct answer *ret);

/* One thing that is due by now: a request is sent again, and nothing handed out (`ret->pending` is NULL), or its time
 * is over. Call until false, or later again. */
bool requester_due(struct requester *requester, ms_t now, struct outbox *outbox, struct answer *ret);

/* The link is lost: one request that was under way; call until false. */
bool requester_lost(struct requester *requester, ms_t now, struct answer *ret);

/* No answer is waited for any more, but a reply is still taken, until the request is cancelled or sent anew. One that
 * is not open is fine. */
void requester_stop_waiting(struct requester *requester, struct pending *pending);

/* Ends a request without an answer; one that is not open is fine. */
void requester_cancel(struct requester *requester, struct pending *pending);

/* It waits for its acknowledgement, its reply or its second time: no answer was handed out yet. */
bool requester_is_waiting(const struct pending *pending);

/* When requester_due is next needed, MS_NEVER when there is nothing. */
ms_t requester_deadline(const struct requester *requester);

#endif
