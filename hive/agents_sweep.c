/* What an agent leaves behind: the other members of its session. The kernel does not give a session's number away while
 * it has members, so whoever bears it is one of them, unless the number was free for a while. */
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>
#include <utlist.h>

#include "agents_parts.h"
#include "log.h"
#include "proc.h"

#define PAUSE_FIRST 20 /* ms between two looks */
#define PAUSE_MAX 1000

static bool is_gone(const struct proc_stat *stat)
{
    return stat->state == 'Z' || stat->state == 'X';
}

/* First look: is the number still theirs? */
static void check_number(void *user, const struct proc_stat *stat)
{
    struct agents *agents = user;
    struct hive_agent *agent;
    DL_FOREACH(agents->list, agent)
    {
        bool is_known = agent->key.started != 0; /* else /proc could not be read when it was started */
        if (agent->sweeps && is_known && stat->pid == agent->key.pid && stat->started != agent->key.started)
            agent->is_reused = true;
    }
}

/* The pid may have become somebody else's since it was read. */
static void signal_member(int64_t pid, int64_t session, int number)
{
    struct proc_stat stat;
    int fd = pidfd_open((pid_t)pid, 0);
    if (fd < 0)
        return;
    if (proc_read_stat(pid, &stat) == OK && stat.session == session)
        (void)pidfd_send_signal(fd, number, NULL, 0); /* whoever cannot be reached is seen at the next look */
    close(fd);
}

static void handle_member(const struct hive_agent *agent, const struct proc_stat *stat)
{
    if (agent->asks) {
        signal_member(stat->pid, stat->session, SIGTERM);
        signal_member(stat->pid, stat->session, SIGCONT); /* a stopped process takes nothing but KILL */
    } else if (!agent->is_gentle) {
        signal_member(stat->pid, stat->session, SIGKILL);
    }
}

static void end_member(void *user, const struct proc_stat *stat)
{
    struct agents *agents = user;
    struct hive_agent *agent;
    DL_FOREACH(agents->list, agent)
    {
        if (!agent->sweeps || agent->is_reused || stat->session != agent->key.pid || is_gone(stat) ||
            stat->started < agent->key.started)
            continue;
        agent->members++;
        handle_member(agent, stat);
    }
}

static struct hive_agent *find_swept(const struct agents *agents)
{
    struct hive_agent *agent;
    DL_FOREACH(agents->list, agent)
    {
        if (agent->sweeps && agent->members == 0)
            return agent;
    }
    return NULL;
}

static bool look_at_all(struct agents *agents)
{
    struct hive_agent *agent;
    DL_FOREACH(agents->list, agent)
    {
        agent->members = 0;
        agent->is_reused = false;
    }
    return proc_read_all(check_number, agents) && proc_read_all(end_member, agents);
}

static void tell_swept(struct agents *agents)
{
    struct hive_agent *agent;
    DL_FOREACH(agents->list, agent)
    {
        agent->asks = false; /* once is enough */
    }
    while ((agent = find_swept(agents))) {
        char worker[NAME_SIZE];
        memcpy(worker, agent->worker, sizeof worker);
        agent_remove(agent);
        agents->events->swept(agents->user, worker);
    }
}

static bool any_sweeps(const struct agents *agents)
{
    struct hive_agent *agent;
    DL_FOREACH(agents->list, agent)
    {
        if (agent->sweeps)
            return true;
    }
    return false;
}

void agents_look(void *user)
{
    struct agents *agents = user;
    if (look_at_all(agents))
        tell_swept(agents);
    else
        log_at(LOG_ERROR, "cannot read /proc: no worker is started while its leftovers may run", NULL);
    agents->pause = ms_min(ms_max(2 * agents->pause, PAUSE_FIRST), PAUSE_MAX);
    if (any_sweeps(agents))
        loop_timer_in(agents->look, agents->pause);
}
