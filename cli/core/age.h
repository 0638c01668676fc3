/* age.h - durations for people: the two largest units. Pure. */
#ifndef SKEP_CLI_AGE_H
#define SKEP_CLI_AGE_H

#include "base.h"

#define AGE_SIZE 48

/* 250ms, 12s, 3m 12s, 2h 5m, 4d 3h; a zero second unit is left out; negative ones carry a minus. */
void age_to_text(ms_t age, char ret[AGE_SIZE]);

/* The same with a sign always, for differences: +12ms, -3m 2s, 0ms. */
void age_difference_to_text(ms_t difference, char ret[AGE_SIZE]);

#endif
