/* reception.h - for how long the queen could have heard a worker and did not: what the referee holds a verdict of
 * silence against, reckoned from the outside.
 *
 * It counts while her process runs and her link stands; what passes while her path is cut counts only if the link
 * outlives it; a pause counts as much as one turn of her loop may (docs/semantics.md, watch time). */
#ifndef SIM_RECEPTION_H
#define SIM_RECEPTION_H

#include "world.h"

#define RECEPTION_GRACE 35000   /* ms: --return-grace */
#define RECEPTION_TURN_MAX 1200 /* ms: the longest sleep of her loop and the pause guard */

struct reception {
    ms_t received_at;  /* on the clock below; MS_NEVER = not by this process of the queen */
    ms_t copied_until; /* ... one grace after a copy of a later process or connection was read; MS_NEVER = none was */
    ms_t lease, grace; /* as declared when last heard */
    uint64_t session;  /* likewise, or in that copy */
    double connection;
    bool closed;          /* its will was read: heartbeats of that connection are late (R1) */
    uint64_t seq_session; /* of the last heartbeat that was read, stored or not */
    double seq;
    bool lost_since; /* her link was lost since then */
};

/* The clock, one for all workers. */
struct reception_clock {
    ms_t time, pending, turned;
    bool linked, paused;
};

/* Its time now. */
static inline ms_t reception_now(const struct reception_clock *clock)
{
    return clock->time + clock->pending;
}

void reception_clock_turn(struct reception_clock *clock, const struct node *queen, ms_t now);

/* The queen has read a message about the worker; or its answer to a verification, by which it is heard as well. */
void reception_message(struct reception *reception, const struct reception_clock *clock, const struct message *message);
void reception_answered(struct reception *reception, const struct reception_clock *clock);
void reception_link_lost(struct reception *reception);

/* How much more silence a verdict would have needed; not positive: none. */
ms_t reception_missing(const struct reception *reception, const struct reception_clock *clock);

#endif
