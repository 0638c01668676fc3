#include "bucket.h"

#define TOKEN 1000

/* At so many tokens a second as many thousandths come in a millisecond. */
int64_t bucket_missing(const struct bucket *bucket, struct bucket_size size, ms_t now)
{
    ms_t passed = now - bucket->since;
    if (bucket->missing <= 0 || passed >= bucket->missing / size.per_second + 1) /* and nothing below overflows */
        return 0;
    return ms_max(bucket->missing - passed * size.per_second, 0);
}

bool bucket_take_many(struct bucket *bucket, int64_t count, struct bucket_size size, ms_t now)
{
    bucket->missing = bucket_missing(bucket, size, now);
    bucket->since = now;
    if (bucket->missing + count * TOKEN > size.capacity * TOKEN)
        return false;
    bucket->missing += count * TOKEN;
    return true;
}

bool bucket_take(struct bucket *bucket, struct bucket_size size, ms_t now)
{
    return bucket_take_many(bucket, 1, size, now);
}
