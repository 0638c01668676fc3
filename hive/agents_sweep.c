#include "agents_private.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <utlist.h>

#include "log.h"
#include "proc.h"

#define PAUSE_FIRST 20 /* ms between two looks */
#define PAUSE_MAX 1000
#define SWEEPS_WITHOUT 2 /* a list of children may miss one while others of them end */

/* The kernel does not give a session's number away while it has members, so whoever bears it is one of them, unless the
 * number was free for a while. */
static struct hive_agent *of_session(const struct agents *agents, const struct proc_stat *stat)
{
    AGENTS_EACH(agent, agents)
    {
        if (agent->sweeps && !agent->is_reused && stat->session == agent->key.pid &&
            stat->started >= agent->key.started)
            return agent;
    }
    return NULL;
}

static void end_member(void *user, const struct proc_stat *stat)
{
    const struct agents *agents = user;
    struct hive_agent *agent = of_session(agents, stat);
    if (!agent || proc_is_gone(stat))
        return;
    agent->members++;
    if (proc_signal(stat, SIGKILL) != ERR_REFUSED || agent->is_refused)
        return;
    agent->is_refused = true;
    log_at(LOG_ERROR, "another user's process cannot be ended: its worker does not start before it is gone", "worker",
           agent->worker, "pid", INT_TEXT(stat->pid), NULL);
}

static bool is_living_agent(const struct agents *agents, int64_t pid)
{
    AGENTS_EACH(agent, agents)
    {
        if (agent->runs && agent->key.pid == pid)
            return true;
    }
    return false;
}

/* Not what belongs to an agent that runs. */
static bool is_wanted(void *user, int64_t parent, int64_t pid)
{
    return parent != getpid() || !is_living_agent(user, pid);
}

/* Is the session's number still theirs? False: that cannot be seen. */
static bool check_number(struct hive_agent *agent)
{
    struct proc_stat stat;
    enum err err = proc_read_stat(agent->key.pid, &stat);
    bool is_known = agent->key.started != 0; /* else /proc could not be read when it was started */
    agent->is_reused = err == OK && is_known && stat.started != agent->key.started;
    agent->members = 0;
    return err != ERR_IO;
}

/* Orphans become children of the nearest reaper above, which is this process but for agents that were adopted. */
static bool check_all(struct agents *agents)
{
    bool is_below = true;
    AGENTS_EACH(agent, agents)
    {
        if (!agent->sweeps)
            continue;
        if (!check_number(agent))
            return false;
        is_below = is_below && agent->child;
    }
    return (is_below && proc_read_tree(getpid(), is_wanted, end_member, agents)) || proc_read_all(end_member, agents);
}

/* Reports those of whom nothing is left. */
static void report_swept(struct agents *agents)
{
    struct hive_agent *agent, *next;
    char worker[NAME_SIZE];
    DL_FOREACH_SAFE(agents->list, agent, next)
    {
        if (!agent->sweeps)
            continue;
        agent->sweeps_without = agent->members > 0 ? 0 : agent->sweeps_without + 1;
        if (agent->sweeps_without < SWEEPS_WITHOUT)
            continue;
        memcpy(worker, agent->worker, sizeof worker);
        agents_remove(agent);
        agents->events->swept(agents->user, worker);
    }
}

/* MS_NEVER: nothing is swept. */
static ms_t pause_of(const struct agents *agents)
{
    ms_t pause = MS_NEVER;
    AGENTS_EACH(agent, agents)
    {
        if (agent->sweeps)
            pause = ms_min(pause, agent->sweeps_without > 0 ? 0 : agents->pause);
    }
    return pause;
}

static void check(void *user)
{
    struct agents *agents = user;
    if (check_all(agents))
        report_swept(agents);
    else
        log_at(LOG_ERROR, "cannot read /proc: no worker is started while its leftovers may run", NULL);
    agents->pause = ms_min(ms_max(2 * agents->pause, PAUSE_FIRST), PAUSE_MAX);
    loop_timer_in(agents->check, pause_of(agents));
}

enum err agents_sweep_init(struct agents *agents)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    return loop_timer_new(agents->loop, check, agents, &agents->check);
}

void agents_sweep(struct hive_agent *agent)
{
    agent->sweeps = true;
    agent->owner->pause = 0;
    loop_timer_in(agent->owner->check, 0);
}
