/* child_exec.h - what happens between fork and exec, in a process of its own.
 *
 * libuv offers no hook there, so the agent executes itself again with an argument that people do not use; that process
 * ties its life to the agent's, makes itself a process group, and becomes the command. */
#ifndef SKEP_CHILD_EXEC_H
#define SKEP_CHILD_EXEC_H

#include "exit_status.h"

#define CHILD_EXEC_WORD "--become-the-child"

/* The words in front of the command: argv[0], CHILD_EXEC_WORD, "kill" or "leave", the descriptor on which a failure is
 * reported, and the agent's pid. */
enum child_exec_word {
    CHILD_EXEC_SELF,
    CHILD_EXEC_MARK,
    CHILD_EXEC_ON_DEATH,
    CHILD_EXEC_REPORT_FD,
    CHILD_EXEC_AGENT_PID,
    CHILD_EXEC_COMMAND
};

bool child_exec_is_meant(int argc, char **argv);

/* Becomes the command, and the report descriptor is closed by that. Returns only on failure, after errno was written to
 * the descriptor as an int. */
int child_exec(char **argv);

#endif
