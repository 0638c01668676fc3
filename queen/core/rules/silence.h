/* silence.h - what time does to a worker or a hive: R5, the lease of stored copies (R15), and forgetting (R16). */
#ifndef SKEP_SILENCE_H
#define SKEP_SILENCE_H

#include "change.h"

/* Schedules the next check of the record: when the step that touched it ends. */
void silence_schedule(struct queen *queen, struct record *record);

/* That check is due. False: it is to be forgotten, its retention is over. */
bool silence_due(struct queen *queen, struct record *record);

/* The broker has acknowledged a probe that was sent after the record's limit had passed. */
void silence_confirmed(struct queen *queen, struct record *record);

/* It was heard within its lease, the excuse of a lost link left aside. */
bool silence_is_short(const struct queen *queen, const struct record *record);

#endif
