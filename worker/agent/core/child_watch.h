/* child_watch.h - does the work of a child stand still? From its state in /proc and from its own watchdog. Pure. */
#ifndef SKEP_CHILD_WATCH_H
#define SKEP_CHILD_WATCH_H

#include "base.h"

#define CHILD_BLOCKED_CHECKS 3 /* in a row in uninterruptible sleep: a slow disk alone is no standstill */

/* X(symbol, sentence) */
#define CHILD_STALLS(X)                          \
    X(NONE, "it works")                          \
    X(STOPPED, "it is stopped")                  \
    X(BLOCKED, "it is in uninterruptible sleep") \
    X(OVERDUE, "its watchdog is overdue")        \
    X(TRIGGERED, "it reported itself as failed (WATCHDOG=trigger)")
#define X(symbol, sentence) CHILD_STALL_##symbol,
enum child_stall { CHILD_STALLS(X) CHILD_STALL_COUNT };
#undef X

const char *child_stall_sentence(enum child_stall stall);

struct child_watch {
    ms_t fed;           /* last sign of progress, or when the limit was set */
    ms_t limit;         /* MS_NEVER: the child has no watchdog */
    bool triggered;     /* since the last sign of progress */
    char state;         /* at the last look */
    uint64_t cpu_ticks; /* at the last look */
    unsigned blocked;   /* looks in a row in D without any CPU time used */
};

void child_watch_init(struct child_watch *watch);

/* WATCHDOG_USEC: from now on overdue `limit` ms after the last sign of progress; 0 or MS_NEVER switches it off. */
void child_watch_limit(struct child_watch *watch, ms_t now, ms_t limit);

/* WATCHDOG=1 */
void child_watch_feed(struct child_watch *watch, ms_t now);

/* WATCHDOG=trigger: it stands still until the next sign of progress. */
void child_watch_trigger(struct child_watch *watch);

/* What /proc/PID/stat showed: the state letter, and the CPU time used so far. */
void child_watch_observe(struct child_watch *watch, char state, uint64_t cpu_ticks);

enum child_stall child_watch_judge(const struct child_watch *watch, ms_t now);

/* Milliseconds until the watchdog is overdue; MS_NEVER when it is already, or there is none. */
ms_t child_watch_timeout(const struct child_watch *watch, ms_t now);

#endif
