/* state_words.h - what the queen's states and causes mean, and how states look. Pure. */
#ifndef SKEP_CLI_STATE_WORDS_H
#define SKEP_CLI_STATE_WORDS_H

#include "base.h"

/* X(name, SGR style, meaning) */
#define WORKER_STATES(X)                                                           \
    X("unverified", "36", "known from stored copies only, never counted as alive") \
    X("online", "32", "heard, or verified, within its lease")                      \
    X("suspect", "33", "there is evidence against it, being verified or held")     \
    X("stale", "31", "judged lost")                                                \
    X("zombie", "35", "it answers or beats, but its work stands still")            \
    X("offline", "2", "it said goodbye")                                           \
    X("unreachable", "31", "lost while its hive is down")

/* Those that only a hive has. */
#define HIVE_STATES(X)                                             \
    X("starting", "36", "announced, or known; not asked yet")      \
    X("ready", "32", "it answers, and was heard within its lease") \
    X("down", "31", "judged lost; workers lost with it are unreachable")

/* The names alone, as a choice of an option. */
#define WORKER_STATE_CHOICES "unverified|online|suspect|stale|zombie|offline|unreachable"

/* X(name, meaning) */
#define VERDICT_CAUSES(X)                                                      \
    X("birth", "it came up and said so")                                       \
    X("heartbeat", "a heartbeat arrived")                                      \
    X("verified", "it answered a verification")                                \
    X("last_will", "its connection broke: the broker published its last will") \
    X("missed_heartbeats", "no heartbeat came within its lease")               \
    X("no_subscriber", "nobody listens where it takes its requests")           \
    X("process_exited", "its process ended without being asked to")            \
    X("stalled", "it has work in flight that does not advance")                \
    X("goodbye", "it said goodbye")                                            \
    X("hive_down", "the hive that runs it is down")                            \
    X("never_seen", "it is expected, and was never seen")                      \
    X("restored", "known from before the queen started, not heard since")      \
    X("forgotten", "it was forgotten")

/* The SGR numbers for a state; NULL for an unknown one (or NULL). */
const char *state_style(const char *state);

/* What it means; NULL for an unknown one (or NULL). */
const char *state_meaning(const char *state);
const char *cause_meaning(const char *cause);

#endif
