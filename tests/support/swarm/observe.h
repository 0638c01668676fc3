/* observe.h - those who look: each a process that reports what its channel tells of the fleets' workers, and when. */
#ifndef SWARM_OBSERVE_H
#define SWARM_OBSERVE_H

#include "swarm_stage.h"

/* Processes' plays, see stage_fork; the number means nothing. */

/* Subscribes to what a queen subscribes to, counts it, and knows nothing else: what the broker alone costs. */
void observe_subscriber(const struct stage *stage, unsigned number);

/* The queen's verdict topics and its event topic. */
void observe_verdicts(const struct stage *stage, unsigned number);

/* GET /v1/events, each time after the last event seen. */
void observe_ring(const struct stage *stage, unsigned number);

/* The file to which the queen's --on-event appends. */
void observe_command(const struct stage *stage, unsigned number);

/* Retained verdicts, as somebody gets them who subscribes now. Ends when a second has brought none. */
void observe_stored(const struct stage *stage, unsigned number);

#endif
