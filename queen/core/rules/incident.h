/* incident.h - R10: what the state of a hive means for its workers. */
#ifndef SKEP_INCIDENT_H
#define SKEP_INCIDENT_H

#include "queen_state.h"

/* Call when a step has been handled: reviews the workers of the hives whose state has changed, at most `limit` of
 * them; the next step goes on. */
void incident_review(struct queen *queen, size_t limit);

/* The hive is about to be removed: its workers are judged by themselves, in the same way. */
void incident_forgotten(struct queen *queen, struct record *hive);

#endif
