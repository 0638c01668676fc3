/* queen.h - the queen's core: events in, effects out. No I/O, no clock, no threads.
 *
 *     queen_step(queen, &input, &outbox);   // the driver then carries out the effects
 *     queen_deadline(queen)                 // monotonic time of the next INPUT_TICK
 *
 * Every input carries the time. A driver hands over all that lies in the socket before it ticks: a late heartbeat that
 * has arrived already wins over the limit that it would miss. */
#ifndef SKEP_QUEEN_H
#define SKEP_QUEEN_H

#include "cidr.h"
#include "devices.h"
#include "event.h"
#include "histogram.h"
#include "input.h"
#include "outbox.h"
#include "siphash.h"
#include "store_row.h"

struct queen;

/* Requests of one kind that are out at once; each may be an EFFECT_HTTP_GET. */
#define VERIFY_RUNNING 250    /* verifications */
#define HIVE_POLLS_RUNNING 32 /* start-up polls of hives */

/* How much is done at once; 0 = as much as a queen does that runs. Tests have less. */
struct queen_limits {
    unsigned records;   /* that one step takes of what many may wait for (queen_state.h); at least 2 */
    unsigned verifying; /* VERIFY_RUNNING */
    unsigned unsent;    /* events that may wait for the broker (announcing.h) */
};

struct queen_options {
    const char *root, *id;      /* borrowed for the life of the queen, like all text here */
    const char *host, *version; /* for people; may be NULL */
    uint64_t session;           /* random */
    uint32_t pid;
    ms_t keep_alive;
    struct siphash_key secret; /* from the kernel: every key is derived from it */
    ms_t stale_after, confirm_wait, return_grace, verify_timeout;
    int64_t max_workers, max_document_bytes;
    const char *token;                    /* writes over HTTP need it as `Authorization: Bearer`; NULL = none needed */
    bool verify_http;                     /* EFFECT_HTTP_GET may be used; false = nobody is asked over HTTP */
    const struct cidr_list *sd_endpoints; /* where endpoints are that GET /v1/sd lists; NULL = nowhere */
    int64_t max_series;                   /* that GET /metrics has at most, besides those of the queen itself */
    struct queen_limits limits;
    const struct devices *devices; /* finished; NULL = none */
    struct text expect;            /* lines of HIVE/NAME or NAME (hive `default`), # comments; absent = none */
};

/* ERR_NOMEM, or ERR_ID with a sentence that names the line for a bad list of expected ids. */
enum err queen_new(const struct queen_options *options, ms_t now, ms_t wall, struct queen **ret, struct errbuf *e);
void queen_free(struct queen *queen);
DEFINE_AUTO_FREE(queen)

/* Never fails halfway: what an input breaks is counted and said in an EFFECT_NOTICE. If outbox->failed afterwards, the
 * world no longer matches the core, and the driver must end. */
void queen_step(struct queen *queen, const struct input *input, struct outbox *outbox);

/* Monotonic time at which the next tick is due: at most 1 s after the last step. Call it before every sleep: a silence
 * that lasts much longer than what it returned counts for nobody. */
ms_t queen_deadline(struct queen *queen);

/* What earlier processes of this queen knew (R17), before the first step, in the order of the kinds. ERR_ID, ERR_RANGE:
 * no queen has written that row; ERR_FULL, ERR_NOMEM. */
enum err queen_restore(struct queen *queen, const struct store_row *row);

/* The next row of what differs from what was given before. Borrowed until the next call or step. False: that was all
 * for now. A round begins with the row of this life, whatever else has changed; it goes through all records where one
 * has changed: once a second, not after every step. */
bool queen_next_row(struct queen *queen, struct store_row *ret);

/* Some of what was given is not kept: all is given again. Events are the caller's. */
void queen_rows_lost(struct queen *queen);

/* Writes over HTTP need this one from now on, in place of that of the options; borrowed likewise. */
void queen_set_token(struct queen *queen, const char *token);

/* Another table of devices in place of that of the options, which must have had one and is not used any more. Who is in
 * none of its sections stays until it is forgotten. */
void queen_set_devices(struct queen *queen, const struct devices *devices, ms_t now, ms_t wall, struct outbox *outbox);

/* Why the store does not keep what it is given, for people, copied: health warns of it. NULL: it does. */
void queen_set_store_fault(struct queen *queen, const char *fault);

/* The oldest event with an id above `after` that is still kept, restored ones too; NULL: none. Borrowed until the next
 * step. */
const struct event *queen_event_after(const struct queen *queen, uint64_t after);
const struct event *queen_event_next(const struct event *event); /* behind that one; NULL: none */

/* The id of the last event, also of an earlier process; and of the last that the broker has acknowledged. 0 = none. */
uint64_t queen_last_event(const struct queen *queen);
uint64_t queen_acked(const struct queen *queen);

/* What its process takes, as only the driver knows it: for the next GET /metrics. Copied; `turns` is borrowed until the
 * next time. */
struct queen_process {
    int64_t cpu_us, resident_bytes;
    unsigned descriptors, descriptors_max; /* 0 = not known */
    ms_t started;                          /* unix ms */
    const struct histogram *turns;         /* of the loop: CPU time in us; NULL = not measured */
};
void queen_set_process(struct queen *queen, const struct queen_process *process);

/* What waiting HTTP requests wait for: bits of http_response.wakes_on. */
enum queen_change_seq { QUEEN_CHANGED_EVENT = 1, QUEEN_CHANGED_VERIFIED = 2 };

/* How many verifications have finished: QUEEN_CHANGED_VERIFIED is another one. */
uint64_t queen_verified_count(const struct queen *queen);

#endif
