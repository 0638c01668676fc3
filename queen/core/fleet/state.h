/* state.h - what a worker or a hive can be, why, and how the queen knows. Names are what topics, HTTP and `skep` show.
 * Hives go through the same states by the same rules; some have another name there. */
#ifndef SKEP_STATE_H
#define SKEP_STATE_H

#include "base.h"

/* X(symbol, name of a worker's, name of a hive's). NONE is never shown: nothing was announced yet. NULL: no hive is so.
 */
#define STATES(X)                           \
    X(NONE, "unknown", "unknown")           \
    X(UNVERIFIED, "unverified", "starting") \
    X(ONLINE, "online", "ready")            \
    X(SUSPECT, "suspect", "suspect")        \
    X(STALE, "stale", "down")               \
    X(ZOMBIE, "zombie", NULL)               \
    X(OFFLINE, "offline", "offline")        \
    X(UNREACHABLE, "unreachable", NULL)

#define CAUSES(X)                             \
    X(NONE, "none")                           \
    X(BIRTH, "birth")                         \
    X(HEARTBEAT, "heartbeat")                 \
    X(VERIFIED, "verified")                   \
    X(LAST_WILL, "last_will")                 \
    X(MISSED_HEARTBEATS, "missed_heartbeats") \
    X(NO_SUBSCRIBER, "no_subscriber")         \
    X(PROCESS_EXITED, "process_exited")       \
    X(STALLED, "stalled")                     \
    X(GOODBYE, "goodbye")                     \
    X(HIVE_DOWN, "hive_down")                 \
    X(NEVER_SEEN, "never_seen")               \
    X(RESTORED, "restored")                   \
    X(FORGOTTEN, "forgotten")

#define EVIDENCE_PATHS(X) \
    X(NONE, "none")       \
    X(WILL, "will")       \
    X(SILENCE, "silence") \
    X(WITNESS, "witness") \
    X(MQTT, "mqtt")       \
    X(HTTP, "http")       \
    X(PROGRESS, "progress")

/* X(symbol, name, sentence) */
#define EVIDENCE_RESULTS(X)                                                                                       \
    X(NONE, "none", "nothing is known yet")                                                                       \
    X(HEARD, "heard", "it was heard live")                                                                        \
    X(ANSWERED, "answered", "it answered a request")                                                              \
    X(STORED, "stored", "known from stored copies only")                                                          \
    X(WILL_SEEN, "will_seen", "its last will arrived; being confirmed")                                           \
    X(NO_SUBSCRIBER, "no_subscriber", "its last will arrived, and asked twice, nobody listens on its topics")     \
    X(NO_REPLY, "no_reply", "its last will arrived, and it did not answer within 1 s")                            \
    X(NOT_ASKABLE, "not_askable", "its last will arrived; it answers no requests, and did not come back in time") \
    X(OVERDUE, "overdue", "its heartbeat is overdue")                                                             \
    X(SILENT, "silent", "silent beyond its lease, while the broker answered")                                     \
    X(EXITED, "exited", "its agent said that the watched process exited")                                         \
    X(WITNESSED, "witnessed", "its hive saw the process exit")                                                    \
    X(STANDSTILL, "standstill", "its heartbeats say that work in flight stands still")                            \
    X(STALLED, "stalled", "asked, it says that its work stands still")                                            \
    X(MUTE, "mute", "it beats, but its work loop does not answer")                                                \
    X(UNSUBSCRIBED, "unsubscribed", "asked twice, nobody listens on its topics")                                  \
    X(LEFT, "left", "it said goodbye")                                                                            \
    X(EXPECTED, "expected", "it is expected, and was never seen")                                                 \
    X(REMOVED, "removed", "it was forgotten on request")

#define X(symbol, name, of_hive) STATE_##symbol,
enum state { STATES(X) STATE_COUNT };
#undef X
#define X(symbol, name) CAUSE_##symbol,
enum cause { CAUSES(X) CAUSE_COUNT };
#undef X
#define X(symbol, name) PATH_##symbol,
enum evidence_path { EVIDENCE_PATHS(X) EVIDENCE_PATH_COUNT };
#undef X
#define X(symbol, name, sentence) RESULT_##symbol,
enum evidence_result { EVIDENCE_RESULTS(X) EVIDENCE_RESULT_COUNT };
#undef X

const char *state_name(enum state state);
const char *state_name_of_hive(enum state state); /* NULL for one that no hive has */
const char *cause_name(enum cause cause);
const char *evidence_path_name(enum evidence_path path);
const char *evidence_result_name(enum evidence_result result);
const char *evidence_sentence(enum evidence_result result);

/* The state of that name; STATE_NONE if there is none. */
enum state state_of_name(const char *name);

/* Legal transitions (docs/semantics.md). A state follows itself only as a revision, which is no transition. */
bool state_may_follow(enum state from, enum state to);
bool state_may_follow_of_hive(enum state from, enum state to);

#endif
