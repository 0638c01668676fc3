/* notify_message.h - one datagram of the sd_notify protocol, as an agent understands it. Pure.
 *
 * Lines of NAME=value; docs/notify.md has the names. What is unknown (FDSTORE, ERRNO, names of a later systemd) is left
 * alone, and a line that cannot be read is skipped: it costs none of the others. */
#ifndef SKEP_NOTIFY_MESSAGE_H
#define SKEP_NOTIFY_MESSAGE_H

#include "buf.h"
#include "text.h"

#define NOTIFY_DATAGRAM_MAX 8192
#define NOTIFY_FIELDS_MAX 32
#define NOTIFY_STATUS_MAX 256 /* bytes of STATUS= that are shown */

struct notify_field {
    struct text name, value; /* name without X_SKEP_, in capitals as received */
};

enum notify_phase { NOTIFY_NO_PHASE, NOTIFY_READY, NOTIFY_RELOADING, NOTIFY_STOPPING };

/* Borrowed from the datagram. Of what is repeated the last one counts. */
struct notify_message {
    enum notify_phase phase; /* READY=1, RELOADING=1, STOPPING=1 */
    bool watchdog, trigger;  /* WATCHDOG=1, WATCHDOG=trigger */
    struct text status;      /* absent = none; cut to NOTIFY_STATUS_MAX bytes on a character border */
    ms_t watchdog_limit;     /* WATCHDOG_USEC in milliseconds, rounded up; 0 = off, MS_NEVER = not mentioned */
    ms_t more_time;          /* EXTEND_TIMEOUT_USEC in milliseconds, rounded up; 0 = not mentioned */
    int64_t main_pid;        /* MAINPID; 0 = not mentioned */
    size_t field_count;
    struct notify_field fields[NOTIFY_FIELDS_MAX];
    unsigned skipped; /* lines that could not be read */
};

/* `e`: about the first line that was skipped; else untouched. */
void notify_message_parse(struct text datagram, struct notify_message *ret, struct errbuf *e);

/* Writes a field as a JSON object of one heartbeat field, e.g. {"queue_depth":3}; METRIC_<NAME> and LABEL_<NAME> as one
 * entry of `metrics` or `labels`, its name in small letters. An empty value is null. ERR_UNKNOWN for a name that is no
 * heartbeat field, ERR_TYPE for a value that is not of its kind. Whether the value is in range,
 * and the sender's to set, is for skep_worker_merge to say. */
enum err notify_field_json(const struct notify_field *field, struct buf *ret, struct errbuf *e);

/* The worker's status after a message; NULL: as it was. `current` is what the agent last set. A program that sends a
 * STATUS= before it is ready is `starting`; READY=1 and WATCHDOG=1 end `starting`, READY=1 also `loading`, which
 * RELOADING=1 begins; STOPPING=1 is `draining`. A program that never notifies stays as it was. `was_ready`: READY=1 or
 * WATCHDOG=1 came before. */
const char *notify_status(const char *current, bool was_ready, const struct notify_message *message);

#endif
