/* guard.h - the process between the agent and the command. All that the command starts stays below it, also what leaves
 * its group, its session and its parent; and when the agent is gone, so is all of that.
 *
 * The kernel's signal for the death of a parent does not do: only a direct child gets it, and none that has changed its
 * user since. */
#ifndef SKEP_GUARD_H
#define SKEP_GUARD_H

#include "child_exec.h"

/* What the guard sends, each in one piece: first the command's pid, or 0 and errno when it cannot be executed, then how
 * it has ended. The link ends when nothing is left of all that it started. */
struct guard_message {
    int32_t pid;
    int32_t status; /* as waitpid gives it */
};

struct guard {
    struct child_exec exec; /* its parent and its report are filled in */
    int link;               /* a socket for messages: any that the agent sends makes the guard kill all of them */
    bool kills;             /* so does the end of the agent; else they are left alone then */
};

/* In a child of the agent that has all signals blocked (loop_child.h): the exit code. */
int guard_run(void *guard);

#endif
