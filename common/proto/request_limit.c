#include "request_limit.h"

#include "keyed_hash.h"

/* Its place in the table; a new one takes that of whose bucket lacks least. */
static struct request_asker *find(struct request_limit *limit, uint64_t id, ms_t now)
{
    const struct bucket_size size = REQUEST_LIMIT_OF_ASKER;
    struct request_asker *least = limit->askers;
    for (size_t i = 0; i < REQUEST_LIMIT_ASKERS; i++) {
        struct request_asker *asker = &limit->askers[i];
        if (asker->id == id)
            return asker;
        if (bucket_missing(&asker->bucket, size, now) < bucket_missing(&least->bucket, size, now))
            least = asker;
    }
    *least = (struct request_asker){ .id = id };
    return least;
}

enum request_verdict request_limit_take(struct request_limit *limit, struct text topic, bool is_queen, ms_t now)
{
    struct request_asker *asker = find(limit, (uint64_t)keyed_hash(topic.at, topic.len) + 1, now);
    if (bucket_take(&asker->bucket, REQUEST_LIMIT_OF_ASKER, now) &&
        (bucket_take(&limit->all, REQUEST_LIMIT_OF_ALL, now) ||
         (is_queen && bucket_take(&limit->queens, REQUEST_LIMIT_OF_QUEENS, now))))
        return REQUEST_MAY;
    limit->refused++;
    limit->refused_at = now;
    return bucket_take(&limit->busy, REQUEST_LIMIT_BUSY, now) ? REQUEST_SAY_BUSY : REQUEST_MAY_NOT;
}
