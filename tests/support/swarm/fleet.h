/* fleet.h - plays all workers whose fate is known: those of `fleet` lines, and what die, exit, hang, leave and revive
 * lines do to them. */
#ifndef SWARM_FLEET_H
#define SWARM_FLEET_H

#include "swarm_stage.h"

/* A process's play, see stage_fork: does not return before the process is ended. */
void fleet_play(const struct stage *stage, unsigned number);

#endif
