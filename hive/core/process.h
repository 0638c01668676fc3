/* process.h - one supervised worker: what its process does, what it was told, when it is started again. Pure.
 *
 * A process in the sense of this file is an agent with all that it started. An agent ends when nothing of that is left;
 * should it be killed, no new one is started before what remains is swept away, so that there are never two processes
 * of one worker. */
#ifndef SKEP_PROCESS_H
#define SKEP_PROCESS_H

#include "exit_status.h"
#include "msg.h"

/* An agent gives its program, and all that this has started, 10 s between TERM and KILL, and then publishes the
 * goodbye. */
#define PROCESS_KILL_AFTER_MS 12000
#define PROCESS_BACKOFF_FIRST 1000
#define PROCESS_BACKOFF_MAX 60000
#define PROCESS_LIVED_MS 60000 /* a process that lived that long starts the backoff anew */

#define RESTART_POLICIES(X)     \
    X(ALWAYS, "always")         \
    X(ON_FAILURE, "on-failure") \
    X(NEVER, "never")
#define X(symbol, name) RESTART_##symbol,
enum restart_policy { RESTART_POLICIES(X) RESTART_POLICY_COUNT };
#undef X

/* What the driver is to do, in this order. START is answered by process_started, process_not_started or
 * process_not_recorded, SWEEP by process_swept. */
enum process_order {
    PROCESS_TERM = 1,  /* ask the agent to end */
    PROCESS_KILL = 2,  /* end the agent at once */
    PROCESS_SWEEP = 4, /* end what is left of an agent that is gone */
    PROCESS_START = 8  /* start an agent */
};

#define PROCESS_REASON_SIZE 128

struct process {
    enum witness_state state; /* only process.c changes it */
    enum restart_policy policy;
    bool wanted;        /* it shall run */
    bool has_leftovers; /* of the process before; not yet swept */
    bool changed;       /* the witness says something new; whoever publishes it takes the mark away */
    int8_t
        refused; /* enum witness_state: a transition that is not legal, and did not happen; -1 = none; as `changed` */
    unsigned orders; /* of enum process_order; whoever carries them out takes them */

    int64_t pid;      /* of the agent; INT_ABSENT = none runs */
    uint64_t session; /* as the agent calls it; of the latest one */
    ms_t started_at;  /* unix time */
    ms_t born;        /* monotonic */
    int64_t restarts;
    bool was_started;

    ms_t due;   /* the end of the time limit, or of the backoff; MS_NEVER = neither */
    ms_t pause; /* the next backoff */
    struct last_exit last;
    char last_signal[SIGNAL_NAME_SIZE];
    char reason[PROCESS_REASON_SIZE]; /* while `failed` */
    struct index_set gpus;            /* that the present process uses */
    bool unrecorded;                  /* ... since its start could not be recorded */
};

/* A process that runs: `wall` is when it was started. */
struct process_birth {
    int64_t pid;
    uint64_t session;
    ms_t wall;
    int64_t restarts; /* process_adopt only */
};

/* `stopped`, and not wanted. */
void process_init(struct process *process, enum restart_policy policy);

/* What people and the roster want. Each is fine in every state and may change nothing. */
void process_start(struct process *process);
void process_stop(struct process *process, ms_t now);
void process_restart(struct process *process, ms_t now); /* starts it too if it does not run */

/* What the driver saw. */
void process_started(struct process *process, const struct process_birth *birth, ms_t now);
void process_not_started(struct process *process, const char *why, ms_t now);
void process_not_recorded(struct process *process, const char *why, ms_t now); /* so it was not started: tried again */
void process_adopt(struct process *process, const struct process_birth *birth, ms_t now); /* a predecessor's */
void process_exited(struct process *process, const struct exit_status *exit_status, ms_t now,
                    ms_t wall); /* NULL: unknown how */
void process_swept(struct process *process, ms_t now);

/* A predecessor saw it end by itself: it is not started again but by hand, or for a new definition. Before the roster.
 */
void process_finished(struct process *process, const struct process_birth *birth, const struct last_exit *last,
                      ms_t now);

/* What it uses now. */
void process_set_gpus(struct process *process, struct index_set gpus);

/* Time has passed. And when it has something to say next; MS_NEVER = not by itself. */
void process_tick(struct process *process, ms_t now);
ms_t process_deadline(const struct process *process);

/* It has ended by itself, and its policy does not have it started again. */
bool process_is_finished(const struct process *process);

/* Nothing of it is left, and nothing will be started. */
bool process_is_over(const struct process *process);

/* All but ids and timestamp; texts are borrowed from the process. */
void process_witness(const struct process *process, ms_t now, struct witness *ret);

#endif
