/* guard.h - the process between the agent and the command. All that the command starts stays below it, also what leaves
 * its group, its session and its parent; and when the agent is gone, so is all of that.
 *
 * The kernel's signal for the death of a parent does not do: only a direct child gets it, and none that has changed its
 * user since. */
#ifndef SKEP_GUARD_H
#define SKEP_GUARD_H

#include "child_exec.h"

/* What the guard sends, each in one piece: first the command's pid, or 0 and errno when it cannot be executed, then how
 * it has ended, and the process that it is to follow. The link ends when nothing is left of all that it started. */
struct guard_message {
    int32_t pid;
    int32_t status; /* as waitpid gives it; GUARD_UNKNOWN: its parent, another process, has waited for it */
};

#define GUARD_UNKNOWN (-1)

/* What the agent sends: GUARD_END_ALL, or the pid of a process below the guard that it is to follow from now on. */
typedef int32_t guard_order;

#define GUARD_END_ALL 0

struct guard {
    struct child_exec exec; /* its parent and its report are filled in */
    int link;               /* a socket for messages and orders */
    bool kills;             /* the end of the agent is an order to end all; else they are left alone then */
};

/* In a child of the agent that has all signals blocked (loop_child.h): the exit code. */
int guard_run(void *guard);

#endif
