/* bucket.h - a token bucket: so many at once, then so many a second. Pure: the caller knows the time. */
#ifndef SKEP_BUCKET_H
#define SKEP_BUCKET_H

#include "err.h"

/* Zero-initialised it is full. */
struct bucket {
    ms_t since;      /* when `missing` was right */
    int64_t missing; /* thousandths of tokens */
};

/* What it holds at most, and how many tokens come in a second: may change from call to call. */
struct bucket_size {
    int64_t capacity, per_second;
};

/* Takes a token. False: there is none. */
bool bucket_take(struct bucket *bucket, struct bucket_size size, ms_t now);
bool bucket_take_many(struct bucket *bucket, int64_t count, struct bucket_size size, ms_t now); /* all or none */

/* Thousandths of tokens that it lacks. 0: it holds all that it can hold, as a new one does. */
int64_t bucket_missing(const struct bucket *bucket, struct bucket_size size, ms_t now);

static inline bool bucket_is_full(const struct bucket *bucket, struct bucket_size size, ms_t now)
{
    return bucket_missing(bucket, size, now) == 0;
}

#endif
