/* vigil.h - for how long the queen could have heard a worker and did not: what the referee holds a verdict of silence
 * against, reckoned from the outside.
 *
 * It counts while her process runs and her link stands; what passes while her path is cut counts only if the link
 * outlives it; a pause counts as much as one turn of her loop may (docs/semantics.md, watch time). */
#ifndef SIM_VIGIL_H
#define SIM_VIGIL_H

#include "world.h"

#define VIGIL_GRACE 35000   /* ms: --return-grace */
#define VIGIL_TURN_MAX 1200 /* ms: the longest sleep of her loop and the pause guard */

struct vigil {
    ms_t received_at;  /* on the clock below; MS_NEVER = not by this process of the queen */
    ms_t copied_at;    /* ... when a stored copy of a later process or connection was read since; MS_NEVER = none was */
    ms_t lease, grace; /* as declared when last heard, or in that copy */
    uint64_t session;  /* likewise */
    double connection;
    uint64_t seq_session; /* of the last heartbeat that was read, stored or not */
    double seq;
    bool lost_since; /* her link was lost since then */
};

/* The clock, one for all workers. */
struct vigil_clock {
    ms_t time, pending, turned;
    bool linked, paused;
};

/* Its time now. */
static inline ms_t vigil_now(const struct vigil_clock *clock)
{
    return clock->time + clock->pending;
}

void vigil_clock_turn(struct vigil_clock *clock, const struct node *queen, ms_t now);

/* The queen has read a message about the worker; or its answer to a verification, by which it is heard as well. */
void vigil_message(struct vigil *vigil, const struct vigil_clock *clock, const struct message *message);
void vigil_answered(struct vigil *vigil, const struct vigil_clock *clock);
void vigil_link_lost(struct vigil *vigil);

/* How much more silence a verdict would have needed; not positive: none. */
ms_t vigil_missing(const struct vigil *vigil, const struct vigil_clock *clock);

#endif
