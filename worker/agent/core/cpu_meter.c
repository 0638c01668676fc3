#include "cpu_meter.h"

#include <math.h>

double cpu_meter_read(struct cpu_meter *meter, ms_t now, uint64_t ticks, long ticks_per_second)
{
    struct cpu_meter last = *meter;
    if (last.started && now <= last.at)
        return NAN;
    *meter = (struct cpu_meter){ .ticks = ticks, .at = now, .started = true };
    if (!last.started)
        return NAN;
    if (ticks <= last.ticks)
        return 0;
    return (double)(ticks - last.ticks) * 1000.0 / (double)ticks_per_second / (double)(now - last.at);
}
