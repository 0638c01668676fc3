/* flood.h - one flood over MQTT: what a hive's user may send, and what it may not. */
#ifndef SWARM_FLOOD_H
#define SWARM_FLOOD_H

#include "swarm_stage.h"

/* A process's play, see stage_fork: the action of that number, from its time on until its time is over and everything
 * is told (struct stage, shared). Reports how much it sent of what it was to send. */
void flood_play(const struct stage *stage, unsigned number);

/* How many of a flood are due `after_us` after its begin. 0: as many as are taken. */
int64_t flood_due(const struct action *action, int64_t after_us);

/* Whether the flood goes on. */
bool flood_lasts(const struct stage *stage, const struct action *action);

void flood_report(const struct stage *stage, unsigned number, int64_t sent, int64_t wanted);

#endif
