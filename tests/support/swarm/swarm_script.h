/* swarm_script.h - what a swarm shall do: one action a line, `TIME VERB TARGET [KEY=VALUE...]`. README.md is the
 * language. */
#ifndef SWARM_SCRIPT_H
#define SWARM_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(verb, word, what the queen shall come to call the worker; NULL: the action is a flood and no truth on a worker) */
#define VERBS(X)                           \
    X(VERB_FLEET, "fleet", "online")       \
    X(VERB_DIE, "die", "stale")            \
    X(VERB_EXIT, "exit", "stale")          \
    X(VERB_HANG, "hang", "stale")          \
    X(VERB_LEAVE, "leave", "offline")      \
    X(VERB_REVIVE, "revive", "online")     \
    X(VERB_WORKERS, "workers", NULL)       \
    X(VERB_HIVES, "hives", NULL)           \
    X(VERB_DOCUMENTS, "documents", NULL)   \
    X(VERB_WITNESSES, "witnesses", NULL)   \
    X(VERB_BIRTHS, "births", NULL)         \
    X(VERB_PROPERTIES, "properties", NULL) \
    X(VERB_FLAP, "flap", NULL)             \
    X(VERB_WILLS, "wills", NULL)           \
    X(VERB_CHURN, "churn", NULL)           \
    X(VERB_COPIES, "copies", NULL)         \
    X(VERB_REPLIES, "replies", NULL)       \
    X(VERB_REQUEST, "request", NULL)       \
    X(VERB_GET, "get", NULL)               \
    X(VERB_POST, "post", NULL)             \
    X(VERB_HOLD, "hold", NULL)             \
    X(VERB_DRIP, "drip", NULL)

#define VERB_NAME(verb, word, state) verb,
enum verb { VERBS(VERB_NAME) VERB_COUNT };
#undef VERB_NAME

extern const char *const verb_words[VERB_COUNT];
extern const char *const verb_states[VERB_COUNT];

#define TARGET_SIZE 160
#define USER_SIZE 65

struct action {
    enum verb verb;
    int64_t at_us, for_us, interval_us;
    char target[TARGET_SIZE], user[USER_SIZE]; /* the user is the target, a hive, where none is named */
    char shape[USER_SIZE];
    unsigned from, count, over, size, rpc;
    unsigned rate; /* per second; 0: all at once, a flood as fast as it is taken */
};

#define ACTIONS_MAX 200

struct script {
    struct action actions[ACTIONS_MAX];
    unsigned count;
    int64_t end_us; /* of what lasts longest, without fleets */
};

/* Ends the program with file, line and reason if the file is none. */
void script_read(struct script *script, const char *path);

/* Whether a message of `hive` and `worker` (a name) is of a fleet: its action and the worker's number. */
bool script_find(const struct script *script, const char *hive, const char *worker, unsigned *ret_action,
                 unsigned *ret_worker);

static inline bool verb_is_flood(enum verb verb)
{
    return verb_states[verb] == NULL;
}

#endif
