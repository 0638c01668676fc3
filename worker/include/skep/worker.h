/* skep/worker.h - make a program a Skep worker: retained heartbeats, presence with a last will, answers to requests.
 *
 *     struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
 *     struct skep_worker *worker;
 *     options.worker = "worker-123";
 *     if (skep_worker_open(&options, &worker, error, sizeof error) != SKEP_OK) ...
 *     skep_worker_set_status(worker, "idle");
 *     ...
 *     skep_worker_close(worker, NULL, 1000);
 *
 * Threads: every function may be called from any thread, at the same time, but for skep_worker_close, which must be the
 * last. Setters never block on the network or the disk: they leave the new value with the library's own thread, which
 * publishes a change at once (several in 50 ms become one heartbeat). The library starts one thread of its own, and
 * one for each host name that it looks up; it handles no signals (all are blocked on its threads) and never changes
 * cJSON's allocator. A child of fork() must not use the worker.
 *
 * Results are enum skep_result. Strings are UTF-8, are copied, and are borrowed only during the call. */
#ifndef SKEP_WORKER_H
#define SKEP_WORKER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#    pragma GCC visibility push(default)
#endif

struct skep_worker;

enum skep_result {
    SKEP_OK = 0,
    SKEP_INVALID = 1, /* an argument is not allowed; nothing changed */
    SKEP_NOMEM = 2,   /* no memory; nothing changed */
    SKEP_TIMEOUT = 3, /* the broker did not acknowledge in time */
    SKEP_FAILED = 4   /* a thread, a descriptor or random numbers could not be had */
};

enum skep_log_level { SKEP_LOG_ERROR = 0, SKEP_LOG_WARNING = 1, SKEP_LOG_INFO = 2, SKEP_LOG_DEBUG = 3 };

/* Initialise with SKEP_WORKER_OPTIONS_INIT, then set what differs. NULL and 0 mean the default. */
struct skep_worker_options {
    size_t size;        /* sizeof(struct skep_worker_options), set by the initialiser */
    const char *broker; /* mqtt://127.0.0.1:1883; mqtts:// for TLS; "mqtt://a,mqtt://b": tried in this order */
    const char *root;   /* skep/v1 */
    const char *hive;   /* default */
    const char *worker; /* required: the worker's name */
    const char *username;
    const char *password_file; /* its first line is read at every connect; refused if others may write it */
    const char *cafile, *cert, *key;
    const char *version;       /* of the program, for people */
    const char *endpoint;      /* URL where GET /health of this worker is answered */
    const char *status;        /* the first status; starting */
    uint64_t session;          /* random */
    uint32_t interval_ms;      /* 30000; 50 to 86400000 */
    uint32_t lease_ms;         /* 3 intervals */
    uint32_t keep_alive_s;     /* 10; 5 to 65535 */
    uint32_t retain_s;         /* 86400 */
    uint32_t reconnect_max_ms; /* 30000 */
    uint32_t pid;              /* of the process that does the work; this process */
    void (*log)(void *user, enum skep_log_level level, const char *message); /* from the library's thread; none */
    void *user;
};

/* A value for every member, so that it compiles without a warning in C and C++. */
#define SKEP_WORKER_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        sizeof(struct skep_worker_options), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, \
            0, 0, 0, 0, 0, 0, NULL, NULL                                                                               \
    }

/* How a watched process ended, for skep_worker_close. */
struct skep_worker_exit {
    int code;           /* exit status, or 128 + signal; -1: unknown */
    const char *signal; /* "SIGSEGV", or NULL */
    int oom;            /* 1 killed for want of memory, 0 not, -1 unknown */
};

/* Starts the worker's thread and returns at once; connecting, and trying again, is the thread's business. On failure a
 * sentence is written to `error` (may be NULL) and *ret is untouched. */
enum skep_result skep_worker_open(const struct skep_worker_options *options, struct skep_worker **ret, char *error,
                                  size_t error_size);

/* SKEP_INVALID unless the status is of the form [A-Za-z0-9][A-Za-z0-9._-]{0,63}. Published at once if it differs. */
enum skep_result skep_worker_set_status(struct skep_worker *worker, const char *status);

/* NULL: absent. Published at once if it differs. */
enum skep_result skep_worker_set_model(struct skep_worker *worker, const char *model);

/* A numeric heartbeat field by its name: gpu_utilization, queue_depth, last_inference_ms, inflight, oldest_request_ms,
 * stall_ms, pid. NAN: absent. SKEP_INVALID for another name or a value out of the field's range. */
enum skep_result skep_worker_set_number(struct skep_worker *worker, const char *field, double value);

/* An entry of `metrics` or `labels`; NAN or NULL removes it. At most 64 metrics, 16 labels. */
enum skep_result skep_worker_set_metric(struct skep_worker *worker, const char *name, double value);
enum skep_result skep_worker_set_label(struct skep_worker *worker, const char *name, const char *value);

/* Several fields at once, as a JSON object of heartbeat fields (null: absent). `progress` is a count that somebody else
 * keeps: each change is a step. Fields that the library sets itself (ids, session, connection, seq, interval, lease,
 * retain_s, timestamp) are refused. All or nothing. */
enum skep_result skep_worker_merge(struct skep_worker *worker, const char *json, size_t len, char *error,
                                   size_t error_size);

/* One step of progress. Call it from the work loop only, never from a timer: it shows that work goes on. */
void skep_worker_progress(struct skep_worker *worker);

/* The caller knows that work stands still (1), or no longer (0): stalled_ms counts from the call. */
void skep_worker_set_stalled(struct skep_worker *worker, int stalled);

/* Whoever reports this program's work to it is silent or has ended (1), or is back (0): `feed_lost` in the heartbeat,
 * which is published at once. What was reported is the caller's to take back, as null in skep_worker_merge. */
void skep_worker_set_feed_lost(struct skep_worker *worker, int lost);

/* Verification. A requester, before routing work here or because of a suspicion, checks whether the work loop lives.
 * Its own word counts, given from the work loop, never from a timer: either skep_worker_progress, called since the
 * request, or skep_worker_serve. Half a second before the asker's deadline (5 s, unless it gives another) the library
 * answers without it: `stalled` if inflight > 0 or skep_worker_set_stalled, else `unknown`. So a program that sets
 * inflight must call one of the two, or each verification finds its work stalled. */
enum skep_work {
    SKEP_WORK_STALLED = 0, /* it stands still */
    SKEP_WORK_OK = 1,      /* it goes on */
    SKEP_WORK_UNKNOWN = 2, /* this program lives; of its work nothing is known */
    SKEP_WORK_LATER = 3    /* not known yet: called again at the next skep_worker_serve */
};

/* What the fields alone show, for a program that only passes on what others report of their work: SKEP_WORK_STALLED
 * once something in flight has made no progress for stall_ms, SKEP_WORK_LATER while something is in flight and its
 * progress is known, since a step may come before the answer must be given; else SKEP_WORK_UNKNOWN. */
enum skep_work skep_worker_reported_work(struct skep_worker *worker);

/* Answers what waits, and returns at once. Cheap enough for every turn of a loop. Returns 1 if something still waits
 * because the callback returned SKEP_WORK_LATER, else 0. */
int skep_worker_serve(struct skep_worker *worker);

/* A descriptor that is readable when there is something new for skep_worker_serve, for programs whose work loop sleeps
 * in poll. It is the library's: neither read nor close it. */
int skep_worker_serve_fd(const struct skep_worker *worker);

/* `verify` is called by skep_worker_serve, in its caller's thread (in several at once, if they do), and returns how the
 * work does; left_ms is how long SKEP_WORK_LATER is still an answer. It may call everything here but
 * skep_worker_close. NULL, the default: that skep_worker_serve was called is enough, SKEP_WORK_OK. */
void skep_worker_on_verify(struct skep_worker *worker, enum skep_work (*verify)(void *user, uint32_t left_ms),
                           void *user);

/* Writes the health document (application/health+json), terminated, for a GET /health of the program's own: the same
 * that the request `health` gets. Returns the HTTP status that goes with it (200, 503), or 0: no memory, or `size` is
 * too small. */
#define SKEP_WORKER_HEALTH_SIZE 2048 /* always enough */
int skep_worker_health(struct skep_worker *worker, char *ret, size_t size);

/* Publishes a heartbeat now. */
void skep_worker_beat(struct skep_worker *worker);

/* 1 while the broker link is up and the birth was acknowledged. */
int skep_worker_is_online(const struct skep_worker *worker);

/* The session, 16 hexadecimal digits; lives as long as the worker. */
const char *skep_worker_session(const struct skep_worker *worker);

/* Leaves and frees the worker. `exit` NULL: goodbye (offline). Else: the watched program crashed (stale,
 * process_exited, with the exit). Waits up to timeout_ms for the acknowledgement; SKEP_TIMEOUT: it did not come, and
 * the broker publishes the will instead. NULL worker is fine. */
enum skep_result skep_worker_close(struct skep_worker *worker, const struct skep_worker_exit *exit,
                                   uint32_t timeout_ms);

#ifdef __GNUC__
#    pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
