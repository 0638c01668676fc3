/* worker_private.h - the worker's state, shared by the files of its core. */
#ifndef SKEP_WORKER_PRIVATE_H
#define SKEP_WORKER_PRIVATE_H

#include "backoff.h"
#include "beat_demand.h"
#include "member.h"
#include "responder.h"
#include "topic.h"
#include "worker.h"

/* X(symbol): WAITING until connect_at, CONNECTING until the driver says what became of it. */
enum worker_link { LINK_WAITING, LINK_CONNECTING, LINK_UP, LINK_ENDED };

struct verification {
    uint64_t number;
    struct asker asker;
    char nonce[WORKER_NONCE_MAX + 1];
    ms_t requested_at, answer_by;
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
    bool outage_reported;
    bool too_large_reported, truncated_reported; /* on this link */

    /* heartbeats */
    uint64_t seq;      /* of the next one */
    ms_t beat_at;      /* of the latest one; MS_NEVER = none on this link */
    ms_t next_at;      /* the regular one */
    ms_t soon_at;      /* an asked-for one: change, verdict, skep_worker_beat; MS_NEVER = none */
    ms_t published_at; /* when a verdict last made us beat; MS_NEVER = never */
    struct beat_demand demand;
    struct request_limit requests;

    struct verification verifications[WORKER_VERIFY_MAX]; /* that wait, in the order of their numbers */
    size_t verification_count;
    uint64_t verified; /* number of the latest one */

    /* the end */
    bool leaving;
    struct exit_info exit; /* known: the watched program crashed */
    char exit_signal[17];

    uint64_t ignored;
};

/* worker_receive.c: a message, while the link is up and the worker does not leave. */
void worker_receive(struct worker *worker, const struct input *input, struct outbox *outbox);

/* worker_verify.c: takes a verification up. `self` is the worker. */
void worker_verify(void *self, const struct call *call);

/* Answers those that it can: their work has made a step, or was `found` (NULL: nothing new) to go on or not, or their
 * time is up. */
void worker_verify_review(struct worker *worker, const struct worker_input *found, struct outbox *outbox);

/* When the first that waits is due. */
ms_t worker_verify_due(const struct worker *worker);

#endif
