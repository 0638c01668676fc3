/* cpu_meter.h - how many cores a process used between two readings of its CPU time. Pure. */
#ifndef SKEP_CPU_METER_H
#define SKEP_CPU_METER_H

#include "base.h"

/* Zero-initialise it. */
struct cpu_meter {
    uint64_t ticks;
    ms_t at;
    bool started;
};

/* Cores used since the last reading: 1.5 is one and a half. NAN for the first reading and when no time has passed; 0
 * when the total went down, as it does when a descendant left that nobody of the tree had waited for. */
double cpu_meter_read(struct cpu_meter *meter, ms_t now, uint64_t ticks, long ticks_per_second);

#endif
