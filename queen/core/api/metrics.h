/* metrics.h - every metric of GET /metrics: one table, which docs/metrics.md is made from. Where GET /health shows the
 * same numbers it reads them here. Reads only. */
#ifndef SKEP_METRICS_H
#define SKEP_METRICS_H

#include "queen_state.h"

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM, METRIC_TYPE_COUNT };

/* What its samples are of. */
enum metric_scope {
    METRIC_OF_QUEEN,
    METRIC_OF_ANSWER,     /* ... and of what this answer leaves out */
    METRIC_OF_HIVES,      /* of each hive itself */
    METRIC_OF_HIVE_NAMES, /* of the workers of each hive, also of a name that no hive has */
    METRIC_OF_MODELS,     /* of the workers that have a model loaded */
    METRIC_OF_WORKERS,    /* of each worker: only on request */
};

#define METRIC_LABELS 2
struct metric_sample {
    const char *labels[METRIC_LABELS]; /* values of its labels, as the metric names them; NULL: it has no such label */
    double value;                      /* NAN: there is no such sample */
};

/* Workers that have something in common. */
struct metric_group {
    const char *name;
    const uint32_t *states; /* how many there are, by state */
    uint64_t queue_depth;   /* of those who are online */
};

struct metric {
    const char *name; /* a counter's ends with _total */
    const char *help;
    const char *unit; /* with which the name ends (before _total); NULL = none */
    const char *labels[METRIC_LABELS];
    enum metric_type type;
    enum metric_scope scope;

    /* By scope: the samples of indexes from 0, false behind the last; the value of a record. */
    bool (*of_queen)(const struct queen *queen, unsigned index, struct metric_sample *ret);
    bool (*of_group)(const struct metric_group *group, unsigned index, struct metric_sample *ret);
    double (*of_record)(const struct queen *queen, const struct roll_entry *entry);
};

/* X(symbol, type, scope, reader, unit, label, label, name, help), in the order of the answer and of docs/metrics.md. */
#define METRICS(X)                                                                                                     \
    X(BUILD_INFO, GAUGE, QUEEN, .of_queen = build_info, NULL, "version", NULL, "skep_build_info",                      \
      "Version of the queen; always 1")                                                                                \
    X(VIEW_LIVE, GAUGE, QUEEN, .of_queen = view_live, NULL, NULL, NULL, "skep_view_live",                              \
      "1 while the queen is connected and has read what the broker stores, else 0: it is blind")                       \
    X(BROKER_CONNECTED, GAUGE, QUEEN, .of_queen = broker_connected, NULL, NULL, NULL, "skep_broker_connected",         \
      "1 while there is a link to the broker, else 0")                                                                 \
    X(WORKERS, GAUGE, QUEEN, .of_queen = workers, NULL, "state", NULL, "skep_workers", "Workers, by state")            \
    X(HIVES, GAUGE, QUEEN, .of_queen = hives, NULL, "state", NULL, "skep_hives", "Hives, by state")                    \
    X(DOCUMENTS_BYTES, GAUGE, QUEEN, .of_queen = documents_bytes, "bytes", NULL, NULL, "skep_documents_bytes",         \
      "Memory of all documents, which --max-state limits")                                                             \
    X(SNAPSHOT_COMPLETE, GAUGE, QUEEN, .of_queen = snapshot_complete, NULL, NULL, NULL, "skep_snapshot_complete",      \
      "1 while all that the broker stores is known to have been read (R19), else 0")                                   \
    X(SNAPSHOT_READ, GAUGE, QUEEN, .of_queen = snapshot_read, NULL, NULL, NULL, "skep_snapshot_workers_read",          \
      "Workers that the snapshot has shown, or that are live")                                                         \
    X(SNAPSHOT_STORED, GAUGE, QUEEN, .of_queen = snapshot_stored, NULL, NULL, NULL, "skep_snapshot_workers_stored",    \
      "Workers that the broker stores at least")                                                                       \
    X(MESSAGES_RECEIVED, COUNTER, QUEEN, .of_queen = messages_received, NULL, "kind", NULL,                            \
      "skep_messages_received_total", "Messages received, by kind; posted: heartbeats over HTTP")                      \
    X(MESSAGES_ACCEPTED, COUNTER, QUEEN, .of_queen = messages_accepted, NULL, NULL, NULL,                              \
      "skep_messages_accepted_total", "Messages that took effect, or repeated what is known")                          \
    X(MESSAGES_REJECTED, COUNTER, QUEEN, .of_queen = messages_rejected, NULL, "reason", NULL,                          \
      "skep_messages_rejected_total", "Messages that broke a rule of the protocol, by reason")                         \
    X(MESSAGES_IGNORED, COUNTER, QUEEN, .of_queen = messages_ignored, NULL, "reason", NULL,                            \
      "skep_messages_ignored_total", "Well-formed messages that were fenced off, by reason")                           \
    X(MESSAGES_DROPPED, COUNTER, QUEEN, .of_queen = messages_dropped, NULL, NULL, NULL, "skep_messages_dropped_total", \
      "Messages to the broker that were dropped because it was too slow")                                              \
    X(MESSAGES_LATE, GAUGE, QUEEN, .of_queen = messages_late, "seconds", NULL, NULL, "skep_messages_late_seconds",     \
      "How long more messages have been arriving than are read")                                                       \
    X(TRANSITIONS, COUNTER, QUEEN, .of_queen = transitions, NULL, "subject", "cause", "skep_transitions_total",        \
      "Changes of state that were announced, by cause")                                                                \
    X(TRANSITIONS_REFUSED, COUNTER, QUEEN, .of_queen = transitions_refused, NULL, NULL, NULL,                          \
      "skep_transitions_refused_total",                                                                                \
      "Changes of state that are not legal: faults of the program, please report them")                                \
    X(EVENTS, COUNTER, QUEEN, .of_queen = events, NULL, NULL, NULL, "skep_events_total", "Events published")           \
    X(EVENTS_OWED, GAUGE, QUEEN, .of_queen = events_owed, NULL, NULL, NULL, "skep_events_owed",                        \
      "Changes that are not announced yet")                                                                            \
    X(EVENTS_UNSENT, GAUGE, QUEEN, .of_queen = events_unsent, NULL, NULL, NULL, "skep_events_unsent",                  \
      "Events that the broker has not taken yet")                                                                      \
    X(EVENTS_RATIONED, GAUGE, QUEEN, .of_queen = events_rationed, NULL, NULL, NULL, "skep_events_rationed",            \
      "1 for 10 min after a hive was over its ration of announced changes, else 0")                                    \
    X(INCIDENTS_OPEN, GAUGE, QUEEN, .of_queen = incidents_open, NULL, NULL, NULL, "skep_incidents_open",               \
      "Incidents that have not ended")                                                                                 \
    X(STORMS, COUNTER, QUEEN, .of_queen = storms, NULL, NULL, NULL, "skep_storms_total",                               \
      "Storms that were announced (R14)")                                                                              \
    X(STORM_ACTIVE, GAUGE, QUEEN, .of_queen = storm_active, NULL, NULL, NULL, "skep_storm_active",                     \
      "1 while a storm is announced, else 0")                                                                          \
    X(STORM_HELD, GAUGE, QUEEN, .of_queen = storm_held, NULL, NULL, NULL, "skep_storm_held",                           \
      "Workers and hives whose verdicts wait for a storm to end")                                                      \
    X(VERIFICATIONS, COUNTER, QUEEN, .of_queen = verifications, NULL, "result", NULL, "skep_verifications_total",      \
      "Verifications that were finished, by result")                                                                   \
    X(VERIFICATIONS_RUNNING, GAUGE, QUEEN, .of_queen = verifications_running, NULL, NULL, NULL,                        \
      "skep_verifications_running", "Verifications that wait for an answer")                                           \
    X(EVICTED, COUNTER, QUEEN, .of_queen = evicted, NULL, "kind", NULL, "skep_evicted_total",                          \
      "What made room for others, by kind")                                                                            \
    X(REFUSED, COUNTER, QUEEN, .of_queen = refused, NULL, "kind", NULL, "skep_refused_total",                          \
      "What there was no room or ration for, by kind")                                                                 \
    X(STORE_FAILING, GAUGE, QUEEN, .of_queen = store_failing, NULL, NULL, NULL, "skep_store_failing",                  \
      "1 while --state-dir cannot be written, else 0")                                                                 \
    X(LOOP_TURNS, HISTOGRAM, QUEEN, .of_queen = NULL, "seconds", NULL, NULL, "skep_loop_turn_seconds",                 \
      "CPU time of the loop's thread in each turn")                                                                    \
    X(TRUNCATED, GAUGE, ANSWER, .of_queen = NULL, NULL, NULL, NULL, "skep_metrics_truncated",                          \
      "1 if series were left out because there are more than --metrics-max-series, else 0")                            \
    X(PROCESS_CPU, COUNTER, QUEEN, .of_queen = process_cpu, "seconds", NULL, NULL, "process_cpu_seconds_total",        \
      "User and system CPU time of the queen")                                                                         \
    X(PROCESS_MEMORY, GAUGE, QUEEN, .of_queen = process_memory, "bytes", NULL, NULL, "process_resident_memory_bytes",  \
      "Resident memory of the queen")                                                                                  \
    X(PROCESS_DESCRIPTORS, GAUGE, QUEEN, .of_queen = process_descriptors, NULL, NULL, NULL, "process_open_fds",        \
      "Open file descriptors of the queen")                                                                            \
    X(PROCESS_DESCRIPTORS_MAX, GAUGE, QUEEN, .of_queen = process_descriptors_max, NULL, NULL, NULL, "process_max_fds", \
      "Maximum number of open file descriptors")                                                                       \
    X(PROCESS_START, GAUGE, QUEEN, .of_queen = process_start, "seconds", NULL, NULL, "process_start_time_seconds",     \
      "When the queen was started, unix time")                                                                         \
    X(HIVE_STATE, GAUGE, HIVES, .of_record = record_state, NULL, "hive", NULL, "skep_hive_state_code",                 \
      "State of the hive, as a code")                                                                                  \
    X(HIVE_WORKERS, GAUGE, HIVE_NAMES, .of_group = group_workers, NULL, "hive", "state", "skep_hive_workers",          \
      "Workers of the hive, by state")                                                                                 \
    X(MODEL_WORKERS, GAUGE, MODELS, .of_group = group_workers, NULL, "model", "state", "skep_model_workers",           \
      "Workers that have the model loaded, by state")                                                                  \
    X(MODEL_QUEUE, GAUGE, MODELS, .of_group = group_queue, NULL, "model", NULL, "skep_model_queue_depth",              \
      "Requests waiting at the online workers of the model")                                                           \
    X(WORKER_STATE, GAUGE, WORKERS, .of_record = record_state, NULL, "hive", "worker", "skep_worker_state_code",       \
      "State of the worker, as a code")                                                                                \
    X(WORKER_HEARTBEAT, GAUGE, WORKERS, .of_record = record_heartbeat, "seconds", "hive", "worker",                    \
      "skep_worker_last_heartbeat_timestamp_seconds",                                                                  \
      "When the worker was received live last, or answered, unix time")                                                \
    X(WORKER_QUEUE, GAUGE, WORKERS, .of_record = record_queue, NULL, "hive", "worker", "skep_worker_queue_depth",      \
      "Requests waiting at the worker")                                                                                \
    X(WORKER_GPU, GAUGE, WORKERS, .of_record = record_gpu, "ratio", "hive", "worker",                                  \
      "skep_worker_gpu_utilization_ratio", "Share of the accelerator in use, 0 to 1")                                  \
    X(WORKER_LATENCY, GAUGE, WORKERS, .of_record = record_latency, "seconds", "hive", "worker",                        \
      "skep_worker_last_inference_seconds", "How long the last request took")                                          \
    X(WORKER_SKEW, GAUGE, WORKERS, .of_record = record_skew, "seconds", "hive", "worker",                              \
      "skep_worker_clock_skew_seconds", "Clock of the worker minus that of the queen")                                 \
    X(WORKER_PROGRESS, GAUGE, WORKERS, .of_record = record_progress, "seconds", "hive", "worker",                      \
      "skep_worker_progress_age_seconds", "Time since the work advanced, or had nothing in flight")

#define X(symbol, type, scope, reader, unit, label, other_label, name, help) METRIC_##symbol,
enum metric_id { METRICS(X) METRIC_COUNT };
#undef X

extern const struct metric metrics[METRIC_COUNT];

const char *metric_type_name(enum metric_type type);

/* The sample of *index, or the next one that there is, of a metric of the queen; *index is behind it then. False: there
 * is none. Labels are borrowed until the next step. */
bool metric_next(const struct queen *queen, enum metric_id id, unsigned *index, struct metric_sample *ret);

/* Of one with a single sample; 0 if there is none. */
double metric_value(const struct queen *queen, enum metric_id id);

#endif
