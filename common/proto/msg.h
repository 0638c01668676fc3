/* msg.h - messages as structs. Members and their meaning: msg_fields.h. Pointers are borrowed from the arena that the
 * message was decoded into. */
#ifndef SKEP_MSG_H
#define SKEP_MSG_H

#include "msg_fields.h"
#include "name.h"

struct cJSON;

#define TIME_ABSENT INT64_MIN
#define INT_ABSENT (-1)

#define MSG_MAX_BYTES (16 * 1024)
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

#define X(symbol, name) PRESENCE_##symbol,
enum presence_state { PRESENCE_STATES(X) PRESENCE_STATE_COUNT };
#undef X
#define X(symbol, name) DEATH_##symbol,
enum death_cause { DEATH_CAUSES(X) DEATH_CAUSE_COUNT };
#undef X

const char *presence_state_name(int state); /* NULL for -1 */
const char *death_cause_name(int cause);    /* NULL for -1 */

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
#define MSG_CTYPE_GAUGES const struct cJSON *
#define MSG_CTYPE_LABELS const struct cJSON *
#define MSG_CTYPE_EXIT struct exit_info
#define MSG_MEMBER(type, name, low, high, required, doc) MSG_CTYPE_##type name;

struct exit_info {
    bool known; /* false: the object was absent or null */
    EXIT_FIELDS(MSG_MEMBER)
};

struct heartbeat {
    HEARTBEAT_FIELDS(MSG_MEMBER)
};

struct presence {
    PRESENCE_FIELDS(MSG_MEMBER)
};

struct verdict_notice {
    VERDICT_NOTICE_FIELDS(MSG_MEMBER)
};

/* All members absent. */
void heartbeat_init(struct heartbeat *heartbeat);
void presence_init(struct presence *presence);
void exit_info_init(struct exit_info *exit);
void verdict_notice_init(struct verdict_notice *notice);

#endif
