/* loss.h - R10: a worker is lost by will or silence, and what its hive has to do with it. */
#ifndef SKEP_LOSS_H
#define SKEP_LOSS_H

#include "change.h"

/* Lost by will or silence: a worker is unreachable while its hive is down, part of that incident; else stale. */
void loss_declare(struct queen *queen, struct record *record, enum cause cause, const struct evidence *evidence);

/* Its hive is suspect: whether the worker is lost by itself is not known yet. */
bool loss_waits_for_hive(const struct queen *queen, const struct record *record);

/* Its hive is down by now: a worker that was found stale lately, by will or silence, was part of the incident. */
void loss_join(struct queen *queen, struct record *record);

/* When an unreachable worker is judged by silence again, on the clock by which it is judged (queen_time_for): one grace
 * after its hive is ready, or at once if that has left or was forgotten. MS_NEVER: it is neither. */
ms_t loss_over_at(const struct queen *queen, const struct record *record);

#endif
