#include "agents.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <unistd.h>
#include <utlist.h>
#include <uv.h>

#include "fd.h"
#include "log.h"
#include "own_path.h"
#include "proc.h"

#define AGENT_PROGRAM "skep-worker"
#define PAUSE_FIRST 20 /* ms between two looks at the sessions that are swept */
#define PAUSE_MAX 1000

struct hive_agent {
    uv_process_t process; /* of a child of ours; first: its address is the one to free */
    struct agents *owner;
    struct loop_fd *watch;  /* of one that is not our child */
    int pidfd;              /* -1 for a child */
    int gate;               /* where a child is released; -1 = it was */
    char worker[NAME_SIZE]; /* "": of none any more, it was aborted */
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
    struct loop_timer *check; /* at the sessions that are swept */
    ms_t pause;               /* until the next look */
};

/* The loop needs braces. */
#define AGENTS_EACH(agent, agents) for (struct hive_agent *agent = (agents)->list; agent; agent = agent->next)

static struct hive_agent *find(const struct agents *agents, const char *worker)
{
    struct hive_agent *agent;
    DL_FOREACH(agents->list, agent)
    {
        if (strcmp(agent->worker, worker) == 0)
            return agent;
    }
    return NULL;
}

static struct hive_agent *add(struct agents *agents, const char *worker)
{
    struct hive_agent *agent = calloc(1, sizeof *agent);
    if (!agent)
        return NULL;
    agent->owner = agents;
    agent->pidfd = agent->gate = -1;
    agent->process.data = agent;
    snprintf(agent->worker, sizeof agent->worker, "%s", worker);
    DL_APPEND(agents->list, agent);
    return agent;
}

static void unwatch(struct hive_agent *agent)
{
    loop_fd_free(agent->watch);
    agent->watch = NULL;
    agent->pidfd = fd_close(agent->pidfd);
}

static void remove_agent(struct hive_agent *agent)
{
    DL_DELETE(agent->owner->list, agent);
    agent->owner = NULL;
    unwatch(agent);
    agent->gate = fd_close(agent->gate);
    loop_process_free(&agent->process);
}

void agents_free(struct agents *agents)
{
    if (!agents)
        return;
    while (agents->list)
        remove_agent(agents->list);
    loop_timer_free(agents->check);
    free(agents);
}

/* What the kernel's count of kills for want of memory says of a process that was killed. */
static int judge_oom(struct agents *agents, int signal_number)
{
    int64_t before = agents->oom_kills;
    agents->oom_kills = proc_read_oom_kills();
    return signal_number == SIGKILL ? exit_status_oom(before, agents->oom_kills) : before < 0 ? -1 : 0;
}

static void child_exited(uv_process_t *process, int64_t status, int signal_number)
{
    struct hive_agent *agent = process->data;
    struct exit_status exit_status = { .status = (int)status, .signal = signal_number };
    if (!agent->owner)
        return;
    if (!agent->worker[0]) {
        remove_agent(agent);
        return;
    }
    agent->runs = false;
    exit_status.oom = judge_oom(agent->owner, signal_number);
    agent->owner->events->exited(agent->owner->user, agent->worker, &exit_status);
}

/* Standard output is for data: what workers print joins the log. */
static int spawn_at_gate(struct hive_agent *agent, const struct launch *launch, const char *directory, int gate)
{
    uv_stdio_container_t streams[] = { { .flags = UV_IGNORE },
                                       { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
                                       { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
                                       [LAUNCH_GATE_FD] = { .flags = UV_INHERIT_FD, .data.fd = gate } };
    uv_process_options_t options = { .exit_cb = child_exited,
                                     .file = agent->owner->program,
                                     .args = launch->words,
                                     .env = launch->environment,
                                     .cwd = directory,
                                     .flags = UV_PROCESS_DETACHED, /* setsid */
                                     .stdio = streams,
                                     .stdio_count = ARRAY_LEN(streams) };
    return loop_process_start(agent->owner->loop, &agent->process, &options);
}

/* The gate is a pipe that this process alone can write to. */
static int spawn(struct hive_agent *agent, const struct launch *launch, const char *directory)
{
    int ends[2], fault;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return uv_translate_sys_error(errno);
    agent->gate = ends[1];
    fault = spawn_at_gate(agent, launch, directory, ends[0]);
    close(ends[0]);
    return fault;
}

enum err agents_start(struct agents *agents, const char *worker, const struct launch *launch, const char *directory,
                      struct agent_key *ret, struct errbuf *e)
{
    struct proc_stat stat = { 0 };
    struct hive_agent *agent;
    int fault;
    if (directory && access(directory, X_OK) != 0)
        return err_set(e, ERR_IO, "directory %s: %s", directory, strerror(errno));
    agent = add(agents, worker);
    if (!agent)
        return err_set(e, ERR_NOMEM, "out of memory");
    fault = spawn(agent, launch, directory);
    if (fault != 0) {
        remove_agent(agent);
        return err_set(e, ERR_IO, "cannot start " AGENT_PROGRAM ": %s", uv_strerror(fault));
    }
    agent->runs = true;
    agent->key.pid = agent->process.pid;
    (void)proc_read_stat(agent->key.pid, &stat); /* it is there until it is waited for; 0 = cannot be read */
    agent->key.started = stat.started;
    *ret = agent->key;
    return OK;
}

void agents_release(struct agents *agents, const char *worker)
{
    struct hive_agent *agent = find(agents, worker);
    if (!agent || agent->gate < 0)
        return;
    if (write(agent->gate, "", 1) != 1 && errno != EPIPE) /* one that is gone is told by its exit */
        log_at(LOG_ERROR, "cannot release an agent", "worker", worker, "why", strerror(errno), NULL);
    agent->gate = fd_close(agent->gate);
}

static void adopted_exited(void *user, int events)
{
    struct hive_agent *agent = user;
    (void)events;
    unwatch(agent);
    agent->runs = false;
    agent->owner->events->exited(agent->owner->user, agent->worker, NULL);
}

/* The pid may have become somebody else's, before or after the descriptor was opened. */
static int open_process(struct agent_key key)
{
    struct proc_stat stat;
    int fd = pidfd_open((pid_t)key.pid, 0);
    if (fd >= 0 && proc_read_stat(key.pid, &stat) == OK && stat.started == key.started)
        return fd;
    fd_close(fd);
    return -1;
}

/* One that is gone is told as one that ends now: a pipe without a writer is as readable as a process that has ended. */
static int open_nothing(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    close(ends[1]);
    return ends[0];
}

enum err agents_adopt(struct agents *agents, const char *worker, struct agent_key key, struct errbuf *e)
{
    struct hive_agent *agent = add(agents, worker);
    if (!agent)
        return err_set(e, ERR_NOMEM, "out of memory");
    agent->key = key;
    agent->pidfd = open_process(key);
    agent->runs = agent->pidfd >= 0;
    if (!agent->runs)
        agent->pidfd = open_nothing();
    if (agent->pidfd < 0 || loop_fd_new(agents->loop, agent->pidfd, adopted_exited, agent, &agent->watch) != OK) {
        remove_agent(agent);
        return err_set(e, ERR_IO, "cannot watch process %lld: %s", (long long)key.pid, strerror(errno));
    }
    loop_fd_want(agent->watch, LOOP_READABLE);
    return OK;
}

/* A child is not waited for before `exited`, so its pid is its own until then. */
static void send_signal(struct hive_agent *agent, int number)
{
    int fault;
    if (!agent->runs)
        return;
    if (agent->pidfd >= 0)
        fault = pidfd_send_signal(agent->pidfd, number, NULL, 0);
    else
        fault = kill((pid_t)agent->key.pid, number);
    if (fault != 0 && errno != ESRCH)
        log_at(LOG_ERROR, "cannot signal an agent", "worker", agent->worker, "why", strerror(errno), NULL);
}

/* What an agent leaves behind: the other members of its session. The kernel does not give a session's number away while
 * it has members, so whoever bears it is one of them, unless the number was free for a while. */

static bool is_gone(const struct proc_stat *stat)
{
    return stat->state == 'Z' || stat->state == 'X';
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
    AGENTS_EACH(agent, agents)
    {
        if (!agent->sweeps || agent->is_reused || stat->session != agent->key.pid || is_gone(stat) ||
            stat->started < agent->key.started)
            continue;
        agent->members++;
        handle_member(agent, stat);
    }
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

static bool check_all(struct agents *agents)
{
    AGENTS_EACH(agent, agents)
    {
        if (agent->sweeps && !check_number(agent))
            return false;
    }
    return proc_read_all(end_member, agents);
}

/* Reports those of whom nothing is left. True: others are still swept. */
static bool report_swept(struct agents *agents)
{
    struct hive_agent *agent, *next;
    char worker[NAME_SIZE];
    bool any_left = false;
    DL_FOREACH_SAFE(agents->list, agent, next)
    {
        agent->asks = false; /* once is enough */
        if (!agent->sweeps)
            continue;
        if (agent->members > 0) {
            any_left = true;
            continue;
        }
        memcpy(worker, agent->worker, sizeof worker);
        remove_agent(agent);
        agents->events->swept(agents->user, worker);
    }
    return any_left;
}

static void check(void *user)
{
    struct agents *agents = user;
    bool again = true;
    if (check_all(agents))
        again = report_swept(agents);
    else
        log_at(LOG_ERROR, "cannot read /proc: no worker is started while its leftovers may run", NULL);
    agents->pause = ms_min(ms_max(2 * agents->pause, PAUSE_FIRST), PAUSE_MAX);
    if (again)
        loop_timer_in(agents->check, agents->pause);
}

enum err agents_new(struct loop *loop, const struct agents_events *events, void *user, struct agents **ret,
                    struct errbuf *e)
{
    auto_free(agents) agents = calloc(1, sizeof *agents);
    enum err err;
    /* What this process was handed is not for its agents, which may outlive it. */
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    if (!agents || loop_timer_new(loop, check, agents, &agents->check) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    agents->loop = loop;
    agents->events = events;
    agents->user = user;
    agents->oom_kills = proc_read_oom_kills();
    if ((err = own_path_next_to(AGENT_PROGRAM, agents->program, e)) != OK)
        return err;
    *ret = HAND_OVER(agents);
    return OK;
}

static void sweep(struct hive_agent *agent, bool is_gentle)
{
    agent->sweeps = true;
    agent->is_gentle = agent->asks = is_gentle;
    agent->owner->pause = 0;
    loop_timer_in(agent->owner->check, 0);
}

void agents_abort(struct agents *agents, const char *worker)
{
    struct hive_agent *agent = find(agents, worker);
    if (!agent)
        return;
    send_signal(agent, SIGKILL); /* it waits at the gate */
    agent->worker[0] = '\0';
}

void agents_order(struct agents *agents, const char *worker, enum process_order order)
{
    struct hive_agent *agent = find(agents, worker);
    if (!agent)
        return;
    switch (order) {
    case PROCESS_TERM:
        send_signal(agent, SIGTERM);
        send_signal(agent, SIGCONT); /* a stopped process takes nothing but KILL */
        break;
    case PROCESS_KILL:
        send_signal(agent, SIGKILL);
        break;
    case PROCESS_REQUEST_STOP:
    case PROCESS_SWEEP:
        sweep(agent, order == PROCESS_REQUEST_STOP);
        break;
    case PROCESS_START:
        break;
    }
}
