/* worker_private.h - the worker's state, shared by the files of its core. */
#ifndef SKEP_WORKER_PRIVATE_H
#define SKEP_WORKER_PRIVATE_H

#include "backoff.h"
#include "member.h"
#include "responder.h"
#include "topic.h"
#include "worker.h"

/* X(symbol): WAITING until connect_at, CONNECTING until the driver says what became of it. */
enum worker_link { LINK_WAITING, LINK_CONNECTING, LINK_UP, LINK_ENDED };

#define TOKEN_HEARTBEAT 1

struct verification {
    uint64_t number; /* 0 = nobody waits here */
    struct asker asker;
    char nonce[WORKER_NONCE_MAX + 1];
    ms_t asked_at, answer_by;
    uint64_t progress; /* when it was asked */
};

struct worker {
    /* who */
    char root[TOPIC_ROOT_MAX + 1], hive[NAME_SIZE], name[NAME_SIZE];
    char heartbeat_topic[TOPIC_SIZE];
    ms_t interval, lease;
    int64_t retain_s;
    struct member member;
    struct facts facts;
    ms_t now, wall; /* of the step at hand */

    /* the link */
    enum worker_link link;
    struct backoff backoff;
    struct rng rng;
    ms_t connect_at; /* while LINK_WAITING */
    ms_t up_at;      /* of the present or latest link */
    bool outage_told;

    /* heartbeats */
    uint64_t seq;     /* of the next one */
    ms_t beat_at;     /* of the latest one; MS_NEVER = none on this link */
    ms_t next_at;     /* the regular one */
    ms_t soon_at;     /* an asked-for one: change, verdict, skep_worker_beat; MS_NEVER = none */
    ms_t told_at;     /* when a verdict last made us beat; MS_NEVER = never */
    unsigned unacked; /* heartbeats without PUBACK on this link */

    struct verification verifications[WORKER_VERIFY_MAX];
    uint64_t verified; /* number of the latest one */

    /* the end */
    bool leaving;
    bool crashed;
    struct exit_info exit;
    char exit_signal[17];

    uint64_t ignored;
};

/* worker_say.c: heartbeats */
void worker_beat(struct worker *worker, ms_t now, ms_t wall, struct outbox *outbox);

/* worker_hear.c: messages */
void worker_hear(struct worker *worker, const struct input *input, struct outbox *outbox);

/* worker_answer.c: requests. `method` and the message are borrowed. */
void worker_answer(struct worker *worker, struct text method, const struct input *input, struct outbox *outbox);

/* worker_verify.c: verifications. The first takes one up; the next three answer those that it can; the last two say
 * which is the latest that waits (0 = none) and when the first is due. */
void worker_verify(struct worker *worker, const struct input *input, const struct call *call);
void worker_verify_facts(struct worker *worker, ms_t now, struct outbox *outbox);
void worker_verify_found(struct worker *worker, const struct worker_input *input, struct outbox *outbox);
void worker_verify_turn(struct worker *worker, ms_t now, struct outbox *outbox);
void worker_verify_forget(struct worker *worker);
uint64_t worker_verify_latest(const struct worker *worker);
ms_t worker_verify_due(const struct worker *worker);

/* worker.c: asks for a heartbeat as soon as the merging of bursts allows. */
void worker_beat_soon(struct worker *worker, ms_t now);

#endif
