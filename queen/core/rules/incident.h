/* incident.h - R10: what the state of a hive means for its workers. */
#ifndef SKEP_INCIDENT_H
#define SKEP_INCIDENT_H

#include "queen_state.h"

/* Call when a step has been handled: looks at the workers of every hive whose state changed in it. */
void incident_review(struct queen *queen);

#endif
