/* agents_private.h - the agents of a hive, shared by the files that start them and that sweep what they leave behind.
 */
#ifndef SKEP_AGENTS_PRIVATE_H
#define SKEP_AGENTS_PRIVATE_H

#include <limits.h>

#include "agents.h"

struct hive_agent {
    struct agents *owner;
    struct loop_child *child; /* NULL: it is not our child, but adopted */
    struct loop_fd *watch;    /* of an adopted one */
    struct loop_timer *look;  /* in its place */
    int pidfd;                /* -1 for a child, or where there is none */
    int gate;                 /* where a child is released and reports; -1 for an adopted one */
    char worker[NAME_SIZE];   /* "": of none any more, it was aborted */
    struct agent_key key;     /* its pid is also the number of its session */
    bool runs;
    struct hive_agent *prev, *next;

    /* Of the sweep. */
    bool sweeps;
    bool is_reused;          /* the pid, and with it the session's number, belongs to somebody else now */
    bool is_refused;         /* some could not be signalled, which was logged */
    unsigned members;        /* by the look at hand */
    unsigned sweeps_without; /* members, in a row */
};

struct agents {
    struct loop *loop;
    const struct agents_events *events;
    void *user;
    char program[PATH_MAX];
    struct oom_watch *oom;
    struct hive_agent *list;
    struct loop_timer *check; /* of what is swept */
    ms_t pause;               /* until the next look */
};

/* The loop needs braces. */
#define AGENTS_EACH(agent, agents) for (struct hive_agent *agent = (agents)->list; agent; agent = agent->next)

void agents_remove(struct hive_agent *agent);

/* KILL to what an agent that is gone has left behind, the members of its session; the event `swept` comes when none is
 * left. This process becomes the reaper of all that is below it. */
enum err agents_sweep_init(struct agents *agents);
void agents_sweep(struct hive_agent *agent);

#endif
