/* msg_fields.h - the fields of every message, once. Struct, decoder, encoder and the tables in docs/protocol.md are
 * made from these lists.
 *
 * X(type, name, low, high, required, doc). `low` and `high` bound a number, or the length of a text.
 *
 * type     JSON                         C member                    absent
 * ID       string, an id                const char *                NULL
 * TOKEN    string of the id form        const char *                NULL
 * TEXT     string                       const char *                NULL
 * HEX64    string, 16 hex digits        uint64_t                    0
 * TIME     string, RFC 3339             ms_t, unix ms               TIME_ABSENT
 * INT      integer (up to 2^53)         int64_t                     INT_ABSENT (-1; no field takes negative values)
 * NUMBER   finite number                double                      NAN
 * BOOL     true, false                  int8_t 0 or 1               -1
 * PRESENCE online, stale, offline       int8_t enum presence_state  -1
 * DEATH    a cause of death             int8_t enum death_cause     -1
 * GAUGES   object string -> number      const struct json_value *   NULL
 * LABELS   object string -> string      const struct json_value *   NULL
 * WITNESS  a state of a process         int8_t enum witness_state   -1
 * HIVE     starting, ready, stopping    int8_t enum hive_status     -1
 * EXIT     object, struct exit_info     struct exit_info            .known == false
 * LASTEXIT object, struct last_exit     struct last_exit            .known == false
 * TALLY    object, struct worker_tally  struct worker_tally         .known == false
 * EVIDENCE object, verdict_evidence     struct verdict_evidence     .known == false
 * GPUS     array of objects, struct gpu struct gpu_list             .count == 0
 * INDEXES  array of integers            struct index_set            .known == false
 */
#ifndef SKEP_MSG_FIELDS_H
#define SKEP_MSG_FIELDS_H

#define MSG_INT_MAX 9007199254740992.0 /* 2^53: beyond it a double loses integers */
#define MSG_INTERVAL_MIN 50
#define MSG_INTERVAL_MAX 86400000
#define MSG_GAUGES_MAX 64
#define MSG_LABELS_MAX 16
#define MSG_KEY_MAX 64    /* bytes of a key in metrics and labels */
#define MSG_LABEL_MAX 256 /* bytes of a label's value */
#define MSG_GPUS_MAX 64

/* OWN: what the worker library knows itself; SET: what the program reports, and the library lets it set. */
#define HEARTBEAT_FIELDS_BY(OWN, SET)                                                                               \
    OWN(ID, worker_id, 1, 64, false, "if present it must equal the topic's; over HTTP it is required")              \
    SET(TOKEN, status, 1, 64, true,                                                                                 \
        "`starting` `loading` `idle` `busy` `draining` `error`; other tokens pass through")                         \
    SET(NUMBER, gpu_utilization, 0, 1, false, "share of the accelerator in use")                                    \
    SET(TEXT, model_loaded, 0, 256, false, "what is loaded")                                                        \
    SET(INT, queue_depth, 0, MSG_INT_MAX, false, "requests waiting")                                                \
    SET(NUMBER, last_inference_ms, 0, 1e15, false, "how long the last request took")                                \
    OWN(TIME, timestamp, 0, 0, false, "the sender's clock: shown, never used to judge")                             \
    OWN(ID, hive_id, 1, 64, false, "if present it must equal the topic's; over HTTP absent means `default`")        \
    OWN(HEX64, session, 0, 0, false, "random, new for every process start")                                         \
    OWN(INT, connection, 1, 4294967295.0, false, "counts CONNECTs of the session")                                  \
    OWN(INT, seq, 0, MSG_INT_MAX, false, "counts heartbeats of the session")                                        \
    OWN(INT, interval_ms, MSG_INTERVAL_MIN, MSG_INTERVAL_MAX, false, "when the next one is due at the latest")      \
    OWN(INT, lease_ms, 3 * MSG_INTERVAL_MIN, 1e12, false, "silence after which this sender may be judged lost")     \
    OWN(INT, retain_s, 1, 4294967295.0, false, "the message expiry that was set")                                   \
    OWN(INT, progress, 0, MSG_INT_MAX, false, "advanced by the work loop only; any change is progress")             \
    OWN(INT, progress_age_ms, 0, MSG_INT_MAX, false, "since the last advance")                                      \
    SET(INT, inflight, 0, MSG_INT_MAX, false, "requests being worked on")                                           \
    SET(INT, oldest_request_ms, 0, MSG_INT_MAX, false, "age of the oldest of them")                                 \
    SET(INT, stall_ms, 1, 1e12, false, "how long work in flight may make no progress; default 60000")               \
    OWN(INT, stalled_ms, 0, MSG_INT_MAX, false, "how long the agent has seen no progress")                          \
    OWN(BOOL, feed_lost, 0, 0, false, "true: what reported the work is silent or has ended; its fields are absent") \
    SET(TEXT, endpoint, 0, 512, false, "URL whose `GET /health` this worker answers")                               \
    SET(INT, pid, 1, 4294967295.0, false, "process, for people")                                                    \
    SET(TEXT, host, 0, 255, false, "machine, for people")                                                           \
    SET(TEXT, version, 0, 64, false, "program, for people")                                                         \
    SET(GAUGES, metrics, 0, MSG_GAUGES_MAX, false, "anything else worth a gauge")                                   \
    SET(LABELS, labels, 0, MSG_LABELS_MAX, false, "anything worth filtering by")                                    \
    OWN(BOOL, truncated, 0, 0, false, "true: without metrics, or labels too, since the broker takes no more bytes")
#define HEARTBEAT_FIELDS(X) HEARTBEAT_FIELDS_BY(X, X)
#define HEARTBEAT_OWN(type, name, low, high, required, doc)
#define HEARTBEAT_SETTABLE_FIELDS(X) HEARTBEAT_FIELDS_BY(HEARTBEAT_OWN, X)

/* Of a worker; a hive's has no worker_id, a queen's neither and names itself in queen_id. */
#define PRESENCE_FIELDS(X)                                                                              \
    X(ID, worker_id, 1, 64, false, "if present it must equal the topic's")                              \
    X(ID, hive_id, 1, 64, false, "if present it must equal the topic's")                                \
    X(ID, queen_id, 1, 64, false, "if present it must equal the topic's")                               \
    X(PRESENCE, presence, 0, 0, true, "`online` `stale` `offline`")                                     \
    X(DEATH, cause, 0, 0, false, "`connection_lost` `process_exited` `goodbye`; null while online")     \
    X(HEX64, session, 0, 0, false, "as in the heartbeat")                                               \
    X(INT, connection, 1, 4294967295.0, false, "as in the heartbeat; a will carries its CONNECT's own") \
    X(INT, interval_ms, MSG_INTERVAL_MIN, MSG_INTERVAL_MAX, false, "as in the heartbeat")               \
    X(INT, retain_s, 1, 4294967295.0, false, "of a birth: the message expiry that was set")             \
    X(BOOL, rpc, 0, 0, false, "true: answers requests")                                                 \
    X(INT, connect_ms, 0, MSG_INT_MAX, false,                                                           \
      "of a birth: what a connect takes, from the first SYN to CONNACK, or more by round trips (R4)")   \
    X(EXIT, exit, 0, 0, false, "how the watched process ended")                                         \
    X(INT, pid, 1, 4294967295.0, false, "process, for people")                                          \
    X(TEXT, host, 0, 255, false, "machine, for people")                                                 \
    X(TEXT, version, 0, 64, false, "program, for people")                                               \
    X(TEXT, endpoint, 0, 512, false, "as in the heartbeat")                                             \
    X(TIME, timestamp, 0, 0, false, "the sender's clock; a will carries the time of its CONNECT")

#define EXIT_FIELDS(X)                                                \
    X(INT, code, 0, 255, false, "exit status, or 128 + signal")       \
    X(TEXT, signal, 0, 16, false, "name of the signal, e.g. SIGSEGV") \
    X(BOOL, oom, 0, 0, false, "killed because memory ran out; null: unknown")

/* What a hive saw of a worker's process. */
#define WITNESS_FIELDS(X)                                                                                  \
    X(ID, worker_id, 1, 64, false, "if present it must equal the topic's")                                 \
    X(ID, hive_id, 1, 64, false, "if present it must equal the topic's")                                   \
    X(HEX64, session, 0, 0, false, "session of the worker's present process; null before the first")       \
    X(INT, pid, 1, 4294967295.0, false, "of the present process")                                          \
    X(WITNESS, state, 0, 0, true, "`starting` `running` `stopping` `stopped` `exited` `backoff` `failed`") \
    X(TEXT, reason, 0, 256, false, "why it is `failed`, e.g. a command that cannot be run")                \
    X(INT, restarts, 0, MSG_INT_MAX, false, "how often the hive started it again")                         \
    X(INT, restart_in_ms, 0, MSG_INT_MAX, false, "when it starts it again, in `backoff` and `failed`")     \
    X(TIME, started_at, 0, 0, false, "of the present process, by the hive's clock")                        \
    X(LASTEXIT, last_exit, 0, 0, false, "how the latest process that ended did so")                        \
    X(INDEXES, gpus, 0, MSG_GPUS_MAX - 1, false,                                                           \
      "the GPUs that its processes use, by `index`; absent where no driver lists processes")               \
    X(TIME, timestamp, 0, 0, false, "the hive's clock")

#define LAST_EXIT_FIELDS(X)                                          \
    EXIT_FIELDS(X)                                                   \
    X(HEX64, session, 0, 0, false, "of the process that ended")      \
    X(INT, pid, 1, 4294967295.0, false, "of the process that ended") \
    X(TIME, at, 0, 0, false, "when it ended, by the hive's clock")   \
    X(BOOL, asked_for, 0, 0, false, "true: the hive had requested the stop")

#define HIVE_HEARTBEAT_FIELDS(X)                                                                             \
    X(ID, hive_id, 1, 64, false, "if present it must equal the topic's")                                     \
    X(HIVE, status, 0, 0, true, "`starting` `ready` `stopping`")                                             \
    X(HEX64, session, 0, 0, false, "random, new for every process start")                                    \
    X(INT, connection, 1, 4294967295.0, false, "counts CONNECTs of the session")                             \
    X(INT, seq, 0, MSG_INT_MAX, false, "counts heartbeats of the session")                                   \
    X(INT, interval_ms, MSG_INTERVAL_MIN, MSG_INTERVAL_MAX, false, "when the next one is due at the latest") \
    X(INT, retain_s, 1, 4294967295.0, false, "the message expiry that was set")                              \
    X(NUMBER, load1, 0, 1e9, false, "load average of the host over one minute")                              \
    X(INT, cpus, 1, 1e6, false, "processors of the host")                                                    \
    X(INT, memory_total_bytes, 0, MSG_INT_MAX, false, "of the host")                                         \
    X(INT, memory_available_bytes, 0, MSG_INT_MAX, false, "of the host, without swapping")                   \
    X(TALLY, workers, 0, 0, false, "its workers by the state of their processes")                            \
    X(GPUS, gpus, 0, MSG_GPUS_MAX, false, "GPUs of the host, as many as fit; absent: none is known")         \
    X(TEXT, endpoint, 0, 512, false, "URL whose `GET /health` this hive answers")                            \
    X(TEXT, version, 0, 64, false, "program, for people")                                                    \
    X(TIME, timestamp, 0, 0, false, "the hive's clock: shown, never used to judge")

#define WORKER_TALLY_FIELDS(X)                                                                   \
    X(INT, total, 0, MSG_INT_MAX, false, "in hive.ini")                                          \
    X(INT, running, 0, MSG_INT_MAX, false, "with a process")                                     \
    X(INT, exited, 0, MSG_INT_MAX, false, "without one: stopped, exited, waiting for a restart") \
    X(INT, failed, 0, MSG_INT_MAX, false, "whose command cannot be run")

#define GPU_FIELDS(X)                                                                                                \
    X(INT, index, 0, MSG_GPUS_MAX - 1, true, "number on the host: NVIDIA's as NVML counts them, then AMD's by card") \
    X(TEXT, uuid, 0, 95, false, "identity, as its driver has it")                                                    \
    X(TEXT, name, 0, 95, false, "product")                                                                           \
    X(NUMBER, utilization, 0, 1, false, "share of the driver's latest sample in which it was busy")                  \
    X(INT, memory_used_bytes, 0, MSG_INT_MAX, false, "of its own memory")                                            \
    X(INT, memory_total_bytes, 0, MSG_INT_MAX, false, "of its own memory")                                           \
    X(NUMBER, temperature_c, -273, 1000, false, "degrees Celsius")                                                   \
    X(INT, errors, 0, MSG_INT_MAX, false,                                                                            \
      "NVIDIA: XID errors since the hive began to watch, else retired pages or rows; AMD: uncorrected errors (RAS)")

/* What a worker reads of the verdict on itself. */
#define VERDICT_NOTICE_FIELDS(X)                                               \
    X(TOKEN, state, 1, 64, true, "state of the worker as the queen judges it") \
    X(HEX64, session, 0, 0, false, "of the incarnation that was judged")       \
    X(INT, connection, 1, 4294967295.0, false, "of the incarnation that was judged")

/* What a queen reads of the verdicts that it has published itself. */
#define VERDICT_FIELDS(X)                                                                          \
    VERDICT_NOTICE_FIELDS(X)                                                                       \
    X(ID, worker_id, 1, 64, false, "if present it must equal the topic's")                         \
    X(ID, hive_id, 1, 64, false, "if present it must equal the topic's")                           \
    X(TOKEN, previous, 1, 64, false, "state that was announced before")                            \
    X(TOKEN, cause, 1, 64, false, "of the state")                                                  \
    X(TIME, since, 0, 0, false, "when the state began, by the queen's clock")                      \
    X(INT, event_id, 0, MSG_INT_MAX, true, "of the event that announced it")                       \
    X(INT, interval_ms, MSG_INTERVAL_MIN, MSG_INTERVAL_MAX, false, "as declared over HTTP")        \
    X(INT, lease_ms, 3 * MSG_INTERVAL_MIN, 1e12, false, "as declared over HTTP")                   \
    X(INT, revision, 0, 4294967295.0, false, "counts what was published of that event")            \
    X(TEXT, incident, 0, 256, false, "`hive:ID:EVENT`: the incident of a hive that it belongs to") \
    X(EVIDENCE, evidence, 0, 0, false, "how it came about")

#define VERDICT_EVIDENCE_FIELDS(X)                                                          \
    X(TOKEN, path, 1, 64, false, "`will` `silence` `witness` `mqtt` `http` `progress`")     \
    X(TOKEN, result, 1, 64, false, "what was found")                                        \
    X(TIME, seen_at, 0, 0, false, "when, by the queen's clock")                             \
    X(INT, last_seen_ms_ago, 0, MSG_INT_MAX, false, "how long before it was received last") \
    X(INT, took_ms, 0, 4294967295.0, false, "from when it was due to when it was seen")     \
    X(EXIT, exit, 0, 0, false, "how the watched process ended")

/* From when on a queen has granted its fleet a grace: for a process that takes its place. */
#define SINCE_FIELDS(X)                                                   \
    X(ID, queen_id, 1, 64, false, "if present it must equal the topic's") \
    X(TIME, since, 0, 0, false, "when it was published, for people")      \
    X(INT, retain_s, 1, 4294967295.0, true, "message expiry that was set")

#endif
