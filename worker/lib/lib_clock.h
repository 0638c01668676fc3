/* lib_clock.h - the worker library's only look at the clock and at the kernel's generator. */
#ifndef SKEP_LIB_CLOCK_H
#define SKEP_LIB_CLOCK_H

#include "base.h"

ms_t lib_clock_mono(void); /* CLOCK_MONOTONIC */
ms_t lib_clock_wall(void); /* unix time; for display only */

/* Never 0. False: the kernel has no generator. */
bool lib_clock_random(uint64_t *ret);

#endif
