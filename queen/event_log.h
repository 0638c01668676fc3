/* event_log.h - which events become lines of the log: of each hive so many at once, then so many a second, so that none
 * fills the log. How many were left out is said by hive. */
#ifndef SKEP_EVENT_LOG_H
#define SKEP_EVENT_LOG_H

#include "err.h"

#define EVENT_LOG_LINES 100
#define EVENT_LOG_LINES_PER_S 10
#define EVENT_LOG_LEFT_OUT_MS 10000 /* between two times that it is said of a hive */

struct logged;

/* Zero-initialise it. */
struct event_log {
    struct logged *hives;     /* uthash by name */
    struct logged *reviewing; /* the next one of a review that is going on */
    ms_t reviewed_at;         /* the latest review that is over */
};

void event_log_clear(struct event_log *log);

/* Whether an event of the hive ("" = the fleet's) is logged at monotonic time `now`. False: it is counted. */
bool event_log_admit(struct event_log *log, const char *hive, ms_t now);

/* A hive of which it is time to say how many events were left out, which is then forgotten; false: there is none. Call
 * it until then, every second or so: it also forgets hives that were quiet. *ret_hive is borrowed until the next
 * call. */
bool event_log_left_out(struct event_log *log, ms_t now, const char **ret_hive, uint64_t *ret_count);

#endif
