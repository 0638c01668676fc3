/* vocabulary.h - what a worker or a hive can be, why, and how the queen knows: the words that topics, HTTP and `skep`
 * show. Hives go through the same states by the same rules; some have another name there. */
#ifndef SKEP_VOCABULARY_H
#define SKEP_VOCABULARY_H

#include "base.h"

/* X(symbol, name of a worker's, name of a hive's, meaning for a worker, meaning for a hive). NULL: no hive is so. */
#define SHOWN_STATES(X, separator)                                                                          \
    X(UNVERIFIED, "unverified", "starting", "known from stored copies only, never counted as alive",        \
      "announced or known; not contacted yet")                                                              \
    separator X(ONLINE, "online", "ready", "seen or verified, and its lease is not over",                   \
                "it answers, and its lease is not over")                                                    \
    separator X(SUSPECT, "suspect", "suspect", "there is evidence against it, being verified or held",      \
                "there is evidence against it, being verified or held")                                     \
    separator X(STALE, "stale", "down", "judged lost", "judged lost; workers lost with it are unreachable") \
    separator X(ZOMBIE, "zombie", NULL, "it answers or beats, but its work is stalled", NULL)               \
    separator X(OFFLINE, "offline", "offline", "it published its goodbye", "it published its goodbye")      \
    separator X(UNREACHABLE, "unreachable", NULL, "lost while its hive is down", NULL)

/* NONE is never shown: nothing was announced yet. */
#define STATES(X)                             \
    X(NONE, "unknown", "unknown", NULL, NULL) \
    SHOWN_STATES(X, )

/* The names of a worker's, as the choice of an option, and in its help. */
#define STATE_CHOICE(symbol, name, of_hive, meaning, hive_meaning) name
#define STATE_CHOICES SHOWN_STATES(STATE_CHOICE, "|")
#define STATE_LIST SHOWN_STATES(STATE_CHOICE, ", ")

/* X(symbol, name, meaning) */
#define CAUSES(X)                                                                            \
    X(NONE, "none", NULL)                                                                    \
    X(BIRTH, "birth", "it announced itself")                                                 \
    X(HEARTBEAT, "heartbeat", "a heartbeat arrived")                                         \
    X(VERIFIED, "verified", "it answered a verification")                                    \
    X(LAST_WILL, "last_will", "its connection broke: the broker published its last will")    \
    X(MISSED_HEARTBEATS, "missed_heartbeats", "no heartbeat came before its lease was over") \
    X(NO_SUBSCRIBER, "no_subscriber", "no subscriber on its request topics")                 \
    X(PROCESS_EXITED, "process_exited", "its process exited without a stop request")         \
    X(START_FAILED, "start_failed", "its hive cannot start it")                              \
    X(STALLED, "stalled", "it has work in flight that does not advance")                     \
    X(GOODBYE, "goodbye", "it published its goodbye")                                        \
    X(HIVE_DOWN, "hive_down", "the hive that runs it is down")                               \
    X(NEVER_SEEN, "never_seen", "it is expected, and was never seen")                        \
    X(RESTORED, "restored", "known from stored copies, not seen live since")                 \
    X(FORGOTTEN, "forgotten", "it was forgotten")                                            \
    X(NO_REPLY, "no_reply", "it did not answer when others with it were lost")

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
    X(HEARD, "heard", "it was seen live")                                                                         \
    X(ANSWERED, "answered", "it answered a request")                                                              \
    X(STORED, "stored", "known from stored copies only")                                                          \
    X(WILL_SEEN, "will_seen", "its last will arrived; being confirmed")                                           \
    X(NO_SUBSCRIBER, "no_subscriber", "its last will arrived, and two requests found no subscriber")              \
    X(NO_REPLY, "no_reply", "its last will arrived, and it did not answer for 1 s")                               \
    X(NOT_ASKABLE, "not_askable", "its last will arrived; it answers no requests, and did not come back in time") \
    X(OVERDUE, "overdue", "its heartbeat is overdue")                                                             \
    X(SILENT, "silent", "silent for longer than its lease, while the broker answered")                            \
    X(EXITED, "exited", "its agent reported that the process exited")                                             \
    X(WITNESSED, "witnessed", "its hive saw the process exit")                                                    \
    X(START_FAILED, "start_failed", "its hive cannot start it")                                                   \
    X(STANDSTILL, "standstill", "its heartbeats report stalled work in flight")                                   \
    X(STALLED, "stalled", "it answered that its work is stalled")                                                 \
    X(MUTE, "mute", "it beats, but its work loop does not answer")                                                \
    X(UNSUBSCRIBED, "unsubscribed", "two requests found no subscriber")                                           \
    X(UNANSWERED, "unanswered", "others with it were lost, and it did not answer a request")                      \
    X(NO_ANSWER, "no_answer", "it was lost together with many others, and two verifications were not answered")   \
    X(LEFT, "left", "it published its goodbye")                                                                   \
    X(EXPECTED, "expected", "it is expected, and was never seen")                                                 \
    X(REMOVED, "removed", "it was forgotten on request")                                                          \
    X(EVICTED, "evicted", "the queen knew too many workers: it made room for another one")                        \
    X(HIVE_LOST, "hive_lost", "it is received only through its hive, which is down")                              \
    X(HIVE_BACK, "hive_back", "its hive, through which it is received, is back, and its lease is not over")

/* What came of a verification. X(symbol, name, what is wrong) */
#define VERIFY_RESULTS(X)                                                    \
    X(OK, "ok", NULL)                                                        \
    X(UNKNOWN, "unknown", NULL)                                              \
    X(STALLED, "stalled", "its work is stalled")                             \
    X(NO_SUBSCRIBER, "no_subscriber", "no subscriber on its request topics") \
    X(NO_REPLY, "no_reply", "it did not answer in time")                     \
    X(PROCESS_GONE, "process_gone", "its hive saw its process end")

/* Whose incident it is. */
#define INCIDENT_KINDS(X) \
    X(WORKER, "worker")   \
    X(HIVE, "hive")       \
    X(STORM, "storm")     \
    X(BLIND, "blind")

/* What is wrong, however it was found out. */
#define INCIDENT_CLASSES(X) \
    X(LOST, "lost")         \
    X(STALLED, "stalled")   \
    X(UNSEEN, "unseen")

/* Why it ended. X(symbol, name, meaning) */
#define INCIDENT_ENDS(X)                                                \
    X(NOT_ENDED, NULL, NULL)                                            \
    X(ONLINE, "online", "it is online (a hive: ready)")                 \
    X(OFFLINE, "offline", "it published its goodbye")                   \
    X(FORGOTTEN, "forgotten", "it was forgotten")                       \
    X(HIVE_DOWN, "hive_down", "it is part of the incident of its hive") \
    X(OVER, "over", "the storm is over, or the queen sees the fleet again")

#define X(symbol, name, of_hive, meaning, hive_meaning) STATE_##symbol,
enum state { STATES(X) STATE_COUNT };
#undef X
#define X(symbol, name, meaning) CAUSE_##symbol,
enum cause { CAUSES(X) CAUSE_COUNT };
#undef X
#define X(symbol, name) PATH_##symbol,
enum evidence_path { EVIDENCE_PATHS(X) EVIDENCE_PATH_COUNT };
#undef X
#define X(symbol, name, sentence) RESULT_##symbol,
enum evidence_result { EVIDENCE_RESULTS(X) EVIDENCE_RESULT_COUNT };
#undef X
#define X(symbol, name, fault) VERIFY_##symbol,
enum verify_result { VERIFY_RESULTS(X) VERIFY_RESULT_COUNT };
#undef X
#define X(symbol, name) INCIDENT_##symbol,
enum incident_kind { INCIDENT_KINDS(X) INCIDENT_KIND_COUNT };
enum incident_class { INCIDENT_CLASSES(X) INCIDENT_CLASS_COUNT };
#undef X
#define X(symbol, name, meaning) INCIDENT_##symbol,
enum incident_end { INCIDENT_ENDS(X) INCIDENT_END_COUNT };
#undef X

const char *state_name(enum state state);
const char *state_name_of_hive(enum state state); /* NULL for one that no hive has */
const char *cause_name(enum cause cause);
const char *evidence_path_name(enum evidence_path path);
const char *evidence_result_name(enum evidence_result result);
const char *evidence_sentence(enum evidence_result result);
const char *verify_result_name(enum verify_result result);
const char *incident_kind_name(enum incident_kind kind);
const char *incident_class_name(enum incident_class class);
const char *incident_end_name(enum incident_end end); /* NULL: it has not ended */

/* What it means; NULL where there is nothing to explain. */
const char *cause_meaning(enum cause cause);
const char *state_meaning(enum state state, bool of_hive);
const char *verify_result_fault(enum verify_result result);

/* By its name; the COUNT if there is none of it. NULL is fine. */
enum cause cause_of_name(const char *name);
enum verify_result verify_result_of_name(const char *name);
enum incident_kind incident_kind_of_name(const char *name);
enum incident_class incident_class_of_name(const char *name);

/* By its name; the one that is called none if there is none of it. NULL is fine. */
enum evidence_path evidence_path_of_name(const char *name);
enum evidence_result evidence_result_of_name(const char *name);
enum incident_end incident_end_of_name(const char *name);

/* The state of that name; STATE_NONE if there is none. NULL is fine. */
enum state state_of_name(const char *name);
enum state state_of_hive_name(const char *name);

#endif
