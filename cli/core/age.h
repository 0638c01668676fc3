/* age.h - durations for people: the two largest units. Pure. */
#ifndef SKEP_CLI_AGE_H
#define SKEP_CLI_AGE_H

#include "buf.h"

/* Appends 250ms, 12s, 3m 12s, 2h 5m, 4d 3h; a zero second unit is left out. Negative ones carry a minus, and positive
 * ones begin with `plus`: "" for ages, "+" for differences. */
void age_add(struct buf *ret, ms_t age, const char *plus);

#endif
