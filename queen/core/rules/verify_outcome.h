/* verify_outcome.h - what the result of a verification makes of the worker (R6 to R8, R11). */
#ifndef SKEP_VERIFY_OUTCOME_H
#define SKEP_VERIFY_OUTCOME_H

#include "verify.h"

/* Applies the latest result to a record that verify_* handed out, schedules its next check, and answers who waits for
 * it. NULL: nothing happens. */
void verify_outcome_apply(struct queen *queen, struct record *record);

#endif
