/* msg.h - messages as structs. Members and their meaning: msg_fields.h. Pointers are borrowed from the arena that the
 * message was decoded into. */
#ifndef SKEP_MSG_H
#define SKEP_MSG_H

#include "msg_fields.h"
#include "name.h"

struct json_value;

#define TIME_ABSENT INT64_MIN
#define INT_ABSENT (-1)

#define MSG_MAX_BYTES (16 * 1024)
#define MSG_MAX_FIXED (6 * 1024) /* of all documents but heartbeats of workers, whose fields have no end */
#define MSG_MAX_DEPTH 8

/* X(symbol, name) */
#define PRESENCE_STATES(X) \
    X(ONLINE, "online")    \
    X(STALE, "stale")      \
    X(OFFLINE, "offline")
#define DEATH_CAUSES(X)                   \
    X(CONNECTION_LOST, "connection_lost") \
    X(PROCESS_EXITED, "process_exited")   \
    X(GOODBYE, "goodbye")
#define WITNESS_STATES(X)   \
    X(STARTING, "starting") \
    X(RUNNING, "running")   \
    X(STOPPING, "stopping") \
    X(STOPPED, "stopped")   \
    X(EXITED, "exited")     \
    X(BACKOFF, "backoff")   \
    X(FAILED, "failed")
#define HIVE_STATUSES(X)    \
    X(STARTING, "starting") \
    X(READY, "ready")       \
    X(STOPPING, "stopping")

#define X(symbol, name) PRESENCE_##symbol,
enum presence_state { PRESENCE_STATES(X) PRESENCE_STATE_COUNT };
#undef X
#define X(symbol, name) DEATH_##symbol,
enum death_cause { DEATH_CAUSES(X) DEATH_CAUSE_COUNT };
#undef X
#define X(symbol, name) WITNESS_##symbol,
enum witness_state { WITNESS_STATES(X) WITNESS_STATE_COUNT };
#undef X
#define X(symbol, name) HIVE_##symbol,
enum hive_status { HIVE_STATUSES(X) HIVE_STATUS_COUNT };
#undef X

/* NULL for -1. */
const char *presence_state_name(int state);
const char *death_cause_name(int cause);
const char *witness_state_name(int state);
const char *hive_status_name(int status);

#define MSG_CTYPE_ID const char *
#define MSG_CTYPE_TOKEN const char *
#define MSG_CTYPE_TEXT const char *
#define MSG_CTYPE_HEX64 uint64_t
#define MSG_CTYPE_TIME ms_t
#define MSG_CTYPE_INT int64_t
#define MSG_CTYPE_NUMBER double
#define MSG_CTYPE_BOOL int8_t
#define MSG_CTYPE_PRESENCE int8_t
#define MSG_CTYPE_DEATH int8_t
#define MSG_CTYPE_WITNESS int8_t
#define MSG_CTYPE_HIVE int8_t
#define MSG_CTYPE_GAUGES const struct json_value *
#define MSG_CTYPE_LABELS const struct json_value *
#define MSG_CTYPE_EXIT struct exit_info
#define MSG_CTYPE_LASTEXIT struct last_exit
#define MSG_CTYPE_TALLY struct worker_tally
#define MSG_CTYPE_EVIDENCE struct verdict_evidence
#define MSG_CTYPE_GPUS struct gpu_list
#define MSG_CTYPE_INDEXES struct index_set
#define MSG_MEMBER(type, name, low, high, required, doc) MSG_CTYPE_##type name;

/* Numbers from 0 to 63. */
struct index_set {
    bool known;
    uint64_t bits;
};

struct gpu {
    bool known;
    GPU_FIELDS(MSG_MEMBER)
};

struct gpu_list {
    size_t count;
    struct gpu at[MSG_GPUS_MAX];
};

struct exit_info {
    bool known; /* false: the object was absent or null */
    EXIT_FIELDS(MSG_MEMBER)
};

struct last_exit {
    bool known;
    LAST_EXIT_FIELDS(MSG_MEMBER)
};

struct worker_tally {
    bool known;
    WORKER_TALLY_FIELDS(MSG_MEMBER)
};

struct heartbeat {
    HEARTBEAT_FIELDS(MSG_MEMBER)
};

struct presence {
    PRESENCE_FIELDS(MSG_MEMBER)
};

struct witness {
    WITNESS_FIELDS(MSG_MEMBER)
};

struct hive_heartbeat {
    HIVE_HEARTBEAT_FIELDS(MSG_MEMBER)
};

struct verdict_notice {
    VERDICT_NOTICE_FIELDS(MSG_MEMBER)
};

struct verdict_evidence {
    bool known;
    VERDICT_EVIDENCE_FIELDS(MSG_MEMBER)
};

struct verdict {
    VERDICT_FIELDS(MSG_MEMBER)
};

struct since {
    SINCE_FIELDS(MSG_MEMBER)
};

/* All of them: X(struct, its fields). Objects lie in documents. */
#define MSG_OBJECTS(X)                   \
    X(exit_info, EXIT_FIELDS)            \
    X(last_exit, LAST_EXIT_FIELDS)       \
    X(worker_tally, WORKER_TALLY_FIELDS) \
    X(gpu, GPU_FIELDS)                   \
    X(verdict_evidence, VERDICT_EVIDENCE_FIELDS)
#define MSG_DOCUMENTS(X)                     \
    X(heartbeat, HEARTBEAT_FIELDS)           \
    X(presence, PRESENCE_FIELDS)             \
    X(witness, WITNESS_FIELDS)               \
    X(hive_heartbeat, HIVE_HEARTBEAT_FIELDS) \
    X(verdict_notice, VERDICT_NOTICE_FIELDS) \
    X(verdict, VERDICT_FIELDS)               \
    X(since, SINCE_FIELDS)

/* void heartbeat_init(struct heartbeat *ret) and so on: all members absent. */
#define X(message, list) void message##_init(struct message *ret);
MSG_OBJECTS(X)
MSG_DOCUMENTS(X)
#undef X

/* How that process ended, without which one it was. */
struct exit_info last_exit_info(const struct last_exit *last);

#endif
