/* beat_demand.h - heartbeats on request (`beat`): the next one answers all who wait, and one is made for them at most
 * every BEAT_DEMAND_EVERY_MS. Pure. */
#ifndef SKEP_BEAT_DEMAND_H
#define SKEP_BEAT_DEMAND_H

#include "responder.h"

#define BEAT_DEMAND_EVERY_MS 100
#define BEAT_DEMAND_MAX 32 /* who wait; more are told `busy`: at its rate all askers together have 20 in that time */

/* Zero-initialise it. */
struct beat_demand {
    ms_t next_at; /* not before */
    size_t count;
    struct asker askers[BEAT_DEMAND_MAX];
};

/* A method's whole work; it is answered later. */
void beat_demand_add(struct beat_demand *demand, const struct call *call);

/* When a heartbeat is to be published for those who wait; MS_NEVER = nobody does. */
ms_t beat_demand_due(const struct beat_demand *demand);

/* The heartbeat `seq` was published: all who wait are answered. */
void beat_demand_answer(struct beat_demand *demand, uint64_t seq, ms_t now, struct outbox *outbox);

#endif
