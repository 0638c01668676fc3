/* arrivals.h - what happened in a world, as other judges than the queen's rules may want it: which signs of life the
 * queen read and when, what it announced, and how the fleet really was. For bench/replay. One line each:
 *
 *     TIME beat WORKER                   a live heartbeat, when the queen read it
 *     TIME verdict WORKER STATE          an event of the queen
 *     TIME truth WORKER alive|apart|gone its process runs and is reachable; is paused, or its path is cut; has ended
 *     TIME queen Q1 sees|paused|blind    it runs with a link; is paused; has no link, or does not run
 *
 * The truth is written when it changes; MS of simulated time. */
#ifndef SIM_ARRIVALS_H
#define SIM_ARRIVALS_H

#include "world.h"

#define ARRIVALS_NODES_MAX 512

struct arrivals {
    const struct world *world;
    struct buf text;
    const char *truth[ARRIVALS_NODES_MAX]; /* of the nodes in their order; NULL = not seen yet */
};

/* Writes down what happens from now on; the world must have no other events. To be cleared by its user, the world
 * first. */
void arrivals_init(struct arrivals *arrivals, struct world *world);
void arrivals_clear(struct arrivals *arrivals);

#endif
