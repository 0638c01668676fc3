#include "rng.h"

uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

int64_t rng_between(struct rng *rng, int64_t low, int64_t high)
{
    uint64_t count = (uint64_t)high - (uint64_t)low + 1;
    if (count == 0) /* the whole range of int64_t */
        return (int64_t)rng_next(rng);
    /* The lowest 2^64 mod count numbers would make some results likelier than others. */
    uint64_t surplus = -count % count;
    uint64_t n;
    do {
        n = rng_next(rng);
    } while (n < surplus);
    return (int64_t)((uint64_t)low + n % count);
}

ms_t rng_jitter(struct rng *rng, ms_t value, unsigned percent)
{
    if (value <= 0)
        return value;
    ms_t share = percent < 100 ? percent : 100;
    ms_t span = value / 100 * share + value % 100 * share / 100;
    ms_t high = value > INT64_MAX - span ? INT64_MAX : value + span;
    return rng_between(rng, value - span, high);
}

ms_t rng_interval(struct rng *rng, ms_t interval, bool was_first)
{
    return was_first ? rng_between(rng, interval / 2, interval) : rng_jitter(rng, interval, 5);
}
