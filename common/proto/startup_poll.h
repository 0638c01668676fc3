/* startup_poll.h - when the start-up poll asks: attempts with growing delays between them. Pure; the caller does the
 * asking.
 *
 *     startup_poll_init(&poll, &options, seed, now);
 *     if (startup_poll_begin(&poll, now)) ask, until poll.until at the latest
 *     startup_poll_failed(&poll, now);              // the attempt failed: the next one is due at poll.next_at
 */
#ifndef SKEP_STARTUP_POLL_H
#define SKEP_STARTUP_POLL_H

#include "rng.h"

struct startup_poll_options {
    int64_t attempts;     /* at least 1 */
    ms_t initial_delay;   /* after the first attempt */
    double multiplier;    /* of each delay over the one before; at least 1 */
    ms_t max_delay;       /* no delay is longer, before jitter */
    ms_t attempt_timeout; /* how long one attempt may take */
    unsigned jitter;      /* per cent by which each delay may differ, to both sides */
};

/* Nine delays that add up to 14.977 s without jitter. */
#define STARTUP_POLL_DEFAULT                                 \
    ((struct startup_poll_options){ .attempts = 10,          \
                                    .initial_delay = 200,    \
                                    .multiplier = 1.5,       \
                                    .max_delay = 10000,      \
                                    .attempt_timeout = 1000, \
                                    .jitter = 10 })

struct startup_poll {
    struct startup_poll_options options;
    struct rng rng;
    int64_t attempt; /* number of the present or latest attempt; 0 = none yet */
    double delay;    /* after the present attempt, ms, before jitter */
    double carry;    /* the part of a millisecond that delays were cut by so far */
    ms_t next_at;    /* when the next attempt is due; MS_NEVER: one is running, or they are used up */
    ms_t until;      /* when the running attempt must end; MS_NEVER: none is running */
};

void startup_poll_init(struct startup_poll *poll, const struct startup_poll_options *options, uint64_t seed, ms_t now);

/* Begins an attempt if one is due by now. */
bool startup_poll_begin(struct startup_poll *poll, ms_t now);

/* The running attempt failed. Returns the delay before the next one; MS_NEVER when they are used up. */
ms_t startup_poll_failed(struct startup_poll *poll, ms_t now);

#endif
