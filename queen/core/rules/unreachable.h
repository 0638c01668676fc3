/* unreachable.h - R10: a worker is lost, and what its hive has to do with it. Pure. */
#ifndef SKEP_UNREACHABLE_H
#define SKEP_UNREACHABLE_H

#include "queen_state.h"

/* Lost by will or silence: a worker is unreachable while its hive is down, part of that incident; else stale. */
void unreachable_or_stale(struct queen *queen, struct record *record, enum cause cause, struct evidence evidence);

/* The hive of a worker. NULL: it never announced itself, or the record is a hive's itself. */
struct record *unreachable_hive_of(const struct queen *queen, const struct record *record);

/* Its hive is down by now: a worker that was found stale lately, by will or silence, was part of the incident. */
void unreachable_join(struct queen *queen, struct record *record);

/* When an unreachable worker is judged by silence again, on the clock by which it is judged (queen_time_for): one grace
 * after its hive is ready, or at once if that has left or was forgotten. MS_NEVER: it is neither. */
ms_t unreachable_until(const struct queen *queen, const struct record *record);

#endif
