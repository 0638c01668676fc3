#include "agents_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "fd.h"
#include "log.h"
#include "loop_child.h"
#include "oom_watch.h"
#include "own_path.h"
#include "proc.h"

#define AGENT_PROGRAM "skep-worker"
#define LOOK_EVERY_MS 1000

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
    snprintf(agent->worker, sizeof agent->worker, "%s", worker);
    DL_APPEND(agents->list, agent);
    return agent;
}

static void unwatch(struct hive_agent *agent)
{
    loop_fd_free(agent->watch);
    agent->watch = NULL;
    loop_timer_free(agent->look);
    agent->look = NULL;
    agent->pidfd = fd_close(agent->pidfd);
}

void agents_remove(struct hive_agent *agent)
{
    DL_DELETE(agent->owner->list, agent);
    unwatch(agent);
    fd_close(agent->gate);
    loop_child_free(agent->child);
    free(agent);
}

void agents_free(struct agents *agents)
{
    if (!agents)
        return;
    while (agents->list)
        agents_remove(agents->list);
    loop_timer_free(agents->check);
    oom_watch_free(agents->oom);
    free(agents);
}

/* What the agent has said of its program; of an agent that was killed itself the kernel's count has to do. */
static void complete_exit(struct hive_agent *agent, struct exit_status *exit_status)
{
    struct agent_report report;
    bool has_reported = recv(agent->gate, &report, sizeof report, MSG_DONTWAIT) == (ssize_t)sizeof report;
    exit_status->never_ran = has_reported && report.never_ran;
    exit_status->oom = has_reported ? report.oom : oom_watch_judge(agent->owner->oom, exit_status);
}

static void child_exited(void *user, const struct exit_status *exit_status)
{
    struct hive_agent *agent = user;
    struct exit_status complete = *exit_status;
    if (!agent->worker[0]) {
        agents_remove(agent);
        return;
    }
    agent->runs = false;
    complete_exit(agent, &complete);
    agent->owner->events->exited(agent->owner->user, agent->worker, &complete);
}

/* Standard output is for data: what workers print joins the log. */
static enum err spawn_at_gate(struct hive_agent *agent, const struct launch *launch, const char *directory, int gate,
                              struct errbuf *e)
{
    const int streams[] = { -1, STDERR_FILENO, STDERR_FILENO, [LAUNCH_GATE_FD] = gate };
    struct loop_child_options options = { .file = agent->owner->program,
                                          .arguments = launch->words,
                                          .environment = launch->environment,
                                          .directory = directory,
                                          .streams = streams,
                                          .stream_count = ARRAY_LEN(streams),
                                          .leads_session = true,
                                          .ended = child_exited,
                                          .user = agent };
    return loop_child_new(agent->owner->loop, &options, &agent->child, e);
}

/* The gate is a socket whose other end the agent alone has. */
static enum err spawn(struct hive_agent *agent, const struct launch *launch, const char *directory, struct errbuf *e)
{
    enum err err;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return err_set(e, ERR_IO, "%s", strerror(errno));
    agent->gate = ends[1];
    err = spawn_at_gate(agent, launch, directory, ends[0], e);
    close(ends[0]);
    return err;
}

enum err agents_start(struct agents *agents, const char *worker, const struct launch *launch, const char *directory,
                      struct agent_key *ret, struct errbuf *e)
{
    struct proc_stat stat = { 0 };
    struct hive_agent *agent;
    enum err err;
    if (directory && access(directory, X_OK) != 0)
        return err_set(e, ERR_IO, "directory %s: %s", directory, strerror(errno));
    agent = add(agents, worker);
    if (!agent)
        return err_set(e, ERR_NOMEM, "out of memory");
    if ((err = spawn(agent, launch, directory, e)) != OK) {
        agents_remove(agent);
        return err_set(e, err, AGENT_PROGRAM ": %s", e->text);
    }
    agent->runs = true;
    agent->key.pid = loop_child_pid(agent->child);
    (void)proc_read_stat(agent->key.pid, &stat); /* it is there until it is waited for; 0 = cannot be read */
    agent->key.started = stat.started;
    *ret = agent->key;
    return OK;
}

void agents_release(struct agents *agents, const char *worker)
{
    struct hive_agent *agent = find(agents, worker);
    if (!agent || !agent->child)
        return;
    if (send(agent->gate, "", 1, MSG_NOSIGNAL) != 1 && errno != EPIPE) /* one that is gone is told by its exit */
        log_at(LOG_ERROR, "cannot release an agent", "worker", worker, "why", strerror(errno), NULL);
}

static void adopted_exited(void *user, int events)
{
    struct hive_agent *agent = user;
    (void)events;
    unwatch(agent);
    agent->runs = false;
    agent->owner->events->exited(agent->owner->user, agent->worker, NULL);
}

/* The pid may have become somebody else's. */
static bool lives(struct agent_key key)
{
    struct proc_stat stat;
    enum err err = proc_read_stat(key.pid, &stat);
    return err == ERR_IO || (err == OK && stat.started == key.started && !proc_is_gone(&stat));
}

/* Where there is no descriptor of the process: old kernels and some containers give none. */
static void look(void *user)
{
    struct hive_agent *agent = user;
    if (lives(agent->key))
        loop_timer_in(agent->look, LOOK_EVERY_MS);
    else
        adopted_exited(agent, 0);
}

static enum err watch(struct hive_agent *agent)
{
    enum err err;
    agent->pidfd = pidfd_open((pid_t)agent->key.pid, 0);
    agent->runs = lives(agent->key); /* after it was opened */
    if (agent->pidfd < 0 || !agent->runs) {
        if ((err = loop_timer_new(agent->owner->loop, look, agent, &agent->look)) == OK)
            loop_timer_in(agent->look, 0);
        return err;
    }
    if ((err = loop_fd_new(agent->owner->loop, agent->pidfd, adopted_exited, agent, &agent->watch)) == OK)
        loop_fd_want(agent->watch, LOOP_READABLE);
    return err;
}

/* One that is gone is told as one that ends now. */
enum err agents_adopt(struct agents *agents, const char *worker, struct agent_key key, struct errbuf *e)
{
    struct hive_agent *agent = add(agents, worker);
    if (!agent)
        return err_set(e, ERR_NOMEM, "out of memory");
    agent->key = key;
    if (watch(agent) == OK)
        return OK;
    agents_remove(agent);
    return err_set(e, ERR_IO, "cannot watch process %lld: %s", (long long)key.pid, strerror(errno));
}

/* A child is not waited for before `exited`, so its pid is its own until then. */
static enum err signal_child(const struct hive_agent *agent, int number)
{
    return kill((pid_t)agent->key.pid, number) == 0 || errno == ESRCH ? OK : ERR_IO;
}

static enum err signal_adopted(const struct hive_agent *agent, int number)
{
    const struct proc_stat process = { .pid = agent->key.pid, .started = agent->key.started };
    return agent->pidfd >= 0 ? proc_signal_held(agent->pidfd, number) : proc_signal(&process, number);
}

static void send_signal(struct hive_agent *agent, int number)
{
    enum err err;
    if (!agent->runs)
        return;
    err = agent->child ? signal_child(agent, number) : signal_adopted(agent, number);
    if (err != OK && err != ERR_NOT_FOUND)
        log_at(LOG_ERROR, "cannot signal an agent", "worker", agent->worker, "why", err_name(err), NULL);
}

enum err agents_new(struct loop *loop, const struct agents_events *events, void *user, struct agents **ret,
                    struct errbuf *e)
{
    auto_free(agents) agents = calloc(1, sizeof *agents);
    enum err err;
    if (!agents)
        return err_set(e, ERR_NOMEM, "out of memory");
    agents->loop = loop;
    if ((err = agents_sweep_init(agents)) != OK || (err = oom_watch_new(loop, &agents->oom)) != OK)
        return err_set(e, err, "out of memory");
    agents->events = events;
    agents->user = user;
    if ((err = own_path_next_to(AGENT_PROGRAM, agents->program, e)) != OK)
        return err;
    *ret = HAND_OVER(agents);
    return OK;
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
    case PROCESS_SWEEP:
        agents_sweep(agent);
        break;
    case PROCESS_START:
        break;
    }
}
