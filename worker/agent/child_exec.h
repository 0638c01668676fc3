/* child_exec.h - what happens between fork and exec, in the process that becomes the command. */
#ifndef SKEP_CHILD_EXEC_H
#define SKEP_CHILD_EXEC_H

#include <sys/types.h>

#include "exit_status.h"

struct child_exec {
    char **command, **environment; /* ended by NULL */
    bool dies_with_parent, keeps_group;
    int input, output, errors; /* become its standard descriptors */
    pid_t parent;
    int report; /* gets errno, an int, when it cannot be executed; closed when it is */
};

/* Becomes the command, in a process group of its own unless it keeps this one, with the standard descriptors alone and
 * the signals that this program was started with. Returns only on failure: the exit code. */
int child_exec(const struct child_exec *exec);

#endif
