#include "histogram.h"

/* 50 us is a turn with a few messages, 2 ms what one spends on HTTP, 20 ms what none may reach. */
const int64_t histogram_bounds[HISTOGRAM_BOUNDS] = { 50, 100, 250, 500, 1000, 2500, 5000, 10000, 20000, 50000, 100000 };

void histogram_add(struct histogram *histogram, int64_t us)
{
    unsigned at = 0;
    while (at < HISTOGRAM_BOUNDS && us > histogram_bounds[at])
        at++;
    histogram->buckets[at]++;
    histogram->sum += us;
}
