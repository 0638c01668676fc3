/* step.h - the frame of every entry to the queen's core. */
#ifndef SKEP_STEP_H
#define SKEP_STEP_H

#include "queen_state.h"

/* The time is taken over. */
void queen_enter(struct queen *queen, ms_t now, ms_t wall, struct outbox *outbox);

/* What the changed hives mean for their workers. */
void queen_leave(struct queen *queen);

#endif
