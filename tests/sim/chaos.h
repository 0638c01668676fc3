/* chaos.h - a fleet to which things happen in an order that is drawn from a seed, before a referee.
 *
 * The seed also draws the limits of the queen (how many she verifies at once, how much a step takes, what may wait for
 * the broker), which of her allocations fail, whether her store is kept, a second queen with a referee of her own, a
 * cluster that loses nodes, an edge broker that a third of the workers are behind, and other processes with the first
 * queen's id. In most worlds *a part* is healed first: the broker, the queen and some of the others, while the rest
 * stays broken or goes on breaking; the verdicts on the healed must come all the same. At the end all are healed. */
#ifndef SIM_CHAOS_H
#define SIM_CHAOS_H

#include "referee.h"

struct chaos_result {
    struct errbuf found; /* what was wrong; "" = nothing */
    unsigned events;
    ms_t lived;    /* so long processes of workers ran, all together */
    uint64_t hash; /* of the trace */
};

/* `trace` gets the trace, which is a scenario that replays it; NULL = none. */
struct chaos_result chaos_run(uint64_t seed, struct buf *trace);

/* The world's lines of a trace, or some of them, played before a referee, who judges where they say `judge`. */
struct chaos_result chaos_replay(struct text scenario, struct buf *trace);

#endif
