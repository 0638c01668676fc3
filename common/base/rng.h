/* rng.h - reproducible pseudo-random numbers for jitter (splitmix64). Never for secrets. */
#ifndef SKEP_RNG_H
#define SKEP_RNG_H

#include "base.h"

struct rng {
    uint64_t state; /* the seed; any value */
};

uint64_t rng_next(struct rng *rng);

/* Uniform in [low, high], both included; low <= high. */
int64_t rng_between(struct rng *rng, int64_t low, int64_t high);

/* `value` moved by up to +-`percent` per cent (100 at most), uniformly. A value that is not positive stays as it is. */
ms_t rng_jitter(struct rng *rng, ms_t value, unsigned percent);

/* The delay until the next of regular messages. The second one of a connection comes after half to a whole interval, so
 * that senders do not send in step. */
ms_t rng_interval(struct rng *rng, ms_t interval, bool was_first);

#endif
