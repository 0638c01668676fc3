/* histogram.h - how often something took how long, in bounded memory. Pure. */
#ifndef SKEP_HISTOGRAM_H
#define SKEP_HISTOGRAM_H

#include "base.h"

#define HISTOGRAM_BOUNDS 11

/* Upper bounds of its buckets, in microseconds, ascending: a value on the bound belongs to it. */
extern const int64_t histogram_bounds[HISTOGRAM_BOUNDS];

/* Zero-initialised it is empty. */
struct histogram {
    uint64_t buckets[HISTOGRAM_BOUNDS + 1]; /* of the values up to each bound, and above the one before; the last is of
                                             * those above all bounds */
    int64_t sum;                            /* of all values */
};

void histogram_add(struct histogram *histogram, int64_t us);

#endif
