/* agents_parts.h - what the files of agents share; for them alone. */
#ifndef SKEP_AGENTS_PARTS_H
#define SKEP_AGENTS_PARTS_H

#include <limits.h>
#include <uv.h>

#include "agents.h"

struct hive_agent {
    uv_process_t process; /* of a child of ours; first: its address is the one to free */
    struct agents *owner;
    struct loop_fd *watch; /* of one that is not our child */
    int pidfd;             /* -1 for a child */
    int gate;              /* where a child is released; -1 = it was */
    char worker[NAME_SIZE];
    struct agent_key key;
    bool runs, sweeps;
    bool is_gentle;   /* the sweep: it waits for those that it has asked */
    bool asks;        /* they are asked at the next look */
    unsigned members; /* of its session, by the look at hand */
    bool is_reused;   /* the pid, and with it the session's number, belongs to somebody else now */
    struct hive_agent *prev, *next;
};

struct agents {
    struct loop *loop;
    const struct agents_events *events;
    void *user;
    char program[PATH_MAX];
    int64_t oom_kills;
    struct hive_agent *list;
    struct loop_timer *look; /* at the sessions that are swept */
    ms_t pause;              /* until the next look */
};

/* agents_sweep.c */
void agents_look(void *user); /* the timer's */

/* agents.c */
void agent_remove(struct hive_agent *agent);

#endif
