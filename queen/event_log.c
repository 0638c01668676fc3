#include "event_log.h"

#include <stdlib.h>
#include <string.h>

#include "bucket.h"
#include "keyed_hash.h"

#define REVIEW_MS 1000

static const struct bucket_size size = { EVENT_LOG_LINES, EVENT_LOG_LINES_PER_S };

struct logged {
    UT_hash_handle hh;
    struct bucket bucket;
    ms_t said_at; /* or when the first was left out */
    uint64_t left_out;
    char hive[];
};

static void forget(struct event_log *log, struct logged *logged)
{
    HASH_DELETE(hh, log->hives, logged);
    free(logged);
}

void event_log_clear(struct event_log *log)
{
    while (log->hives)
        forget(log, log->hives);
}

static struct logged *logged_of(struct event_log *log, const char *hive)
{
    size_t len = strlen(hive);
    struct logged *logged;
    HASH_FIND(hh, log->hives, hive, len, logged);
    if (logged || !(logged = calloc(1, sizeof *logged + len + 1)))
        return logged;
    memcpy(logged->hive, hive, len);
    HASH_ADD_KEYPTR(hh, log->hives, logged->hive, len, logged);
    if (logged->hh.tbl)
        return logged;
    free(logged);
    return NULL;
}

bool event_log_admit(struct event_log *log, const char *hive, ms_t now)
{
    struct logged *logged = logged_of(log, hive);
    if (!logged || bucket_take(&logged->bucket, size, now))
        return true;
    if (logged->left_out++ == 0)
        logged->said_at = now;
    return false;
}

/* Once in REVIEW_MS: those of whom there is something to say, and those who were quiet for as long as a full bucket
 * takes, since a new one is the same. Each is looked at once, however many there are. */
bool event_log_left_out(struct event_log *log, ms_t now, const char **ret_hive, uint64_t *ret_count)
{
    if (!log->reviewing && now - log->reviewed_at < REVIEW_MS)
        return false;
    for (struct logged *logged = log->reviewing ? log->reviewing : log->hives, *next; logged; logged = next) {
        log->reviewing = next = logged->hh.next;
        if (logged->left_out > 0 && now - logged->said_at >= EVENT_LOG_LEFT_OUT_MS) {
            *ret_hive = logged->hive;
            *ret_count = logged->left_out;
            logged->left_out = 0;
            if (!next)
                log->reviewed_at = now;
            return true;
        }
        if (logged->left_out == 0 && bucket_is_full(&logged->bucket, size, now))
            forget(log, logged);
    }
    log->reviewed_at = now;
    return false;
}
