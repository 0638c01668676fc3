/* command_tree.h - which processes belong to a command: what it started, whoever they are by now. From /proc. */
#ifndef SKEP_COMMAND_TREE_H
#define SKEP_COMMAND_TREE_H

#include <sys/socket.h>

#include "err.h"

/* Why a process may not speak for the command, whose process is `command`: a sentence for the log, static. NULL: it
 * may. It is a descendant of this agent, or in a control group that is the command's alone. One that has ended, or that
 * /proc does not show (another namespace of processes), may if it has our user or is root: they could stop this agent,
 * too. */
const char *command_tree_refuse(int64_t command, const struct ucred *sender);

#endif
