/* hive.h - the hive's core: events in, effects and orders out. No I/O, no clock, no threads.
 *
 *     hive_step(hive, &input, &outbox);           // or hive_take; the driver carries out the effects,
 *     while (hive_next_order(hive, &order)) ...   // then the orders, each of which it answers by further inputs,
 *     hive_deadline(hive)                         // and ticks when this time has come
 *
 * A driver begins with HIVE_ADOPT for what a predecessor left running, HIVE_FINISHED for what had ended, then
 * HIVE_ROSTER, then it connects. */
#ifndef SKEP_HIVE_H
#define SKEP_HIVE_H

#include "gpu_report.h"
#include "input.h"
#include "outbox.h"
#include "process.h"
#include "roster.h"
#include "siphash.h"

#define HIVE_INTERVAL_MS 10000
#define HIVE_STOP_LIMIT_MS 14000 /* for the end of all workers: an agent's own limit, and a little more */

struct hive;

struct hive_options {
    const char *root, *id;                 /* borrowed for the life of the hive, like all text here */
    const char *host, *version, *endpoint; /* may be NULL */
    uint64_t session;                      /* random */
    uint32_t pid;
    struct siphash_key secret; /* from the kernel: every key is derived from it */
    ms_t keep_alive;
};

/* What concerns the processes; what concerns the link and the time are inputs as every core has them. */
enum hive_input_kind {
    HIVE_ROSTER,       /* roster: what shall run from now on; what did not change is left alone */
    HIVE_ADOPT,        /* worker, birth, fingerprint: it runs already */
    HIVE_FINISHED,     /* worker, birth, fingerprint, last: a predecessor saw its job end */
    HIVE_STARTED,      /* worker, birth: PROCESS_START was carried out */
    HIVE_NOT_STARTED,  /* worker, why: PROCESS_START could not be carried out */
    HIVE_NOT_RECORDED, /* worker, why: ... since a successor would not know of it */
    HIVE_EXITED,       /* worker, ending (NULL: unknown how) */
    HIVE_SWEPT,        /* worker: PROCESS_SWEEP was carried out */
    HIVE_GPUS,         /* gpus (NULL: nothing is known any more): for heartbeats and witnesses from now on */
};

/* The host, for heartbeats. */
struct hive_host {
    double load1;                                 /* NAN = unknown */
    int64_t cpus, memory_total, memory_available; /* bytes; INT_ABSENT = unknown */
};

struct hive_input {
    enum hive_input_kind kind;
    ms_t now;                    /* monotonic */
    ms_t wall;                   /* unix; only shown */
    const struct roster *roster; /* borrowed during the step */
    const char *worker, *why;
    struct process_birth birth;
    uint64_t fingerprint;
    const struct exit_status *exit_status;
    const struct last_exit *last;
    const struct gpu_report *gpus; /* borrowed during the step */
};

/* ERR_NOMEM. */
enum err hive_new(const struct hive_options *options, ms_t now, ms_t wall, struct hive **ret);
void hive_free(struct hive *hive);
DEFINE_AUTO_FREE(hive)

/* If outbox->failed afterwards, the world no longer matches the core, and the driver must end. */
void hive_step(struct hive *hive, const struct input *input, struct outbox *outbox);
void hive_take(struct hive *hive, const struct hive_input *input, struct outbox *outbox);

/* A request over HTTP: GET /health and GET /v1/workers?limit=N&cursor=NAME; anything else is answered by a problem. */
void hive_http(struct hive *hive, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret);

/* For the heartbeats from now on; copied. */
void hive_set_host(struct hive *hive, const struct hive_host *host);

/* Monotonic time at which the next tick is due. */
ms_t hive_deadline(const struct hive *hive);

struct hive_order {
    enum process_order order;
    const char *worker; /* borrowed until the next step */
};

/* The next thing to be done with a process; false = nothing more. Each is told once. */
bool hive_next_order(struct hive *hive, struct hive_order *ret);

/* The process of a worker, to look at; NULL = no such worker. Borrowed until the next step. */
const struct process *hive_process(const struct hive *hive, const char *worker);

#endif
