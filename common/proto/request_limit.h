/* request_limit.h - how many requests over MQTT one process answers: of each asker, and of all. Pure.
 *
 * An asker is a response topic: who asks too much is refused alone. Nobody has to show that a response topic is its
 * own, and one may invent as many as one likes: then the rate of all holds. Queens may go on where others have used
 * that up, since they judge by the answers. What is not answered changes nothing. */
#ifndef SKEP_REQUEST_LIMIT_H
#define SKEP_REQUEST_LIMIT_H

#include "bucket.h"
#include "text.h"

/* So many at once, and then so many a second. A queen asks one worker about once a second; a program that reads the
 * whole fleet's `worker.get` one by one may do so 50 times a second. An answer costs about 20 us. */
#define REQUEST_LIMIT_OF_ASKER ((struct bucket_size){ 200, 50 })
#define REQUEST_LIMIT_OF_ALL ((struct bucket_size){ 400, 200 })
#define REQUEST_LIMIT_OF_QUEENS ((struct bucket_size){ 400, 200 }) /* besides */
#define REQUEST_LIMIT_BUSY \
    ((struct bucket_size){ 10, 10 }) /* replies that say `busy`; the rest is not answered at all */

#define REQUEST_LIMIT_ASKERS 64 /* that are told apart: the one that asked least of late makes room */

struct request_limit {
    struct bucket all, queens, busy;
    struct request_asker {
        uint64_t id; /* 0 = none */
        struct bucket bucket;
    } askers[REQUEST_LIMIT_ASKERS];
    uint64_t refused; /* ever */
    ms_t refused_at;  /* the latest */
};

enum request_verdict { REQUEST_MAY, REQUEST_MAY_NOT, REQUEST_SAY_BUSY };

/* Health warns for so long after one was refused. */
#define REQUEST_LIMIT_WARN_MS (10 * 60 * 1000)

static inline bool request_limit_is_pressed(const struct request_limit *limit, ms_t now)
{
    return limit->refused > 0 && now - limit->refused_at < REQUEST_LIMIT_WARN_MS;
}

/* One more request, whose reply goes to this topic. `is_queen`: it is one of a queen's. */
enum request_verdict request_limit_take(struct request_limit *limit, struct text topic, bool is_queen, ms_t now);

#endif
