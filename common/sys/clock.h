/* clock.h - the only reader of the clock in the tree. Any thread. */
#ifndef SKEP_CLOCK_H
#define SKEP_CLOCK_H

#include "base.h"

ms_t clock_mono(void);          /* CLOCK_MONOTONIC; what everything is judged by */
int64_t clock_mono_us(void);    /* the same in microseconds, for budgets of less than a turn */
int64_t clock_thread_us(void);  /* CPU time of this thread */
int64_t clock_process_us(void); /* ... of all threads */
ms_t clock_wall(void);          /* unix time; for display only */

#endif
