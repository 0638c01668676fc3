/* launch.h - how a worker of the roster is started: the words and the environment of its agent. Pure. */
#ifndef SKEP_LAUNCH_H
#define SKEP_LAUNCH_H

#include "roster.h"

#define LAUNCH_GATE_FD 3 /* of the agent: see SKEP_GATE_FD */

/* What all agents of the hive have in common; NULL-terminated lists. */
struct launch_options {
    const char *hive;
    char *const *words;       /* options of the agent, e.g. --broker=mqtt://127.0.0.1 */
    char *const *environment; /* of the hive */
    char *const *variables;   /* for agents alone, e.g. SKEP_LOG_LEVEL=info: what is no reason to start them anew */
};

struct launch {
    char **words;       /* argv, NULL-terminated */
    char **environment; /* NULL-terminated */
};

/* Lives in the arena. `session` is handed on as SKEP_SESSION, and SKEP_GATE_FD is where the agent waits for the word to
 * begin. Of the hive's environment agents do not get what is meant for the hive itself: SKEP_*, and what a service
 * manager has told it. ERR_NOMEM. */
enum err launch_make(struct arena *arena, const struct launch_options *options, const struct roster_entry *entry,
                     uint64_t session, struct launch *ret);

/* Two launches of the same fingerprint start the same thing, whatever the session and the hive's environment. Never 0.
 * ERR_NOMEM. */
enum err launch_fingerprint(struct arena *arena, const struct launch_options *options, const struct roster_entry *entry,
                            uint64_t *ret);

#endif
