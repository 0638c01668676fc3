/* clock.h - the only reader of the clock in the daemons. */
#ifndef SKEP_CLOCK_H
#define SKEP_CLOCK_H

#include "base.h"

ms_t clock_mono(void); /* CLOCK_MONOTONIC; what everything is judged by */
ms_t clock_wall(void); /* unix time; for display only */

/* Fills `bytes` from the kernel's generator (getrandom). For sessions, nonces, hash keys. Aborts if there is none. */
void clock_entropy(void *bytes, size_t len);

#endif
