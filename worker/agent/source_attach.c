/* The sources --attach-pid and --attach-unit: a process that somebody else has started is looked at, and its end is the
 * worker's. How it ended is for its parent alone to know. */
#include <errno.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "proc.h"
#include "process_watch.h"
#include "source.h"

#define LOOK_EVERY_ALONE 1000 /* ms, where the kernel does not tell of the end */

struct attach_source {
    struct agent *agent;
    struct process_watch watch;
    struct proc_stat process; /* as it was found: its pid may be another's later */
    int pidfd;                /* -1: there is none */
    struct loop_fd *end;
};

static void ended(struct attach_source *source)
{
    const struct exit_status unknown = { .status = EXIT_FAILED, .is_unknown = true, .oom = -1 };
    log_at(LOG_WARNING, "the process has ended", "pid", INT_TEXT(source->process.pid), NULL);
    if (source->end)
        loop_fd_want(source->end, 0);
    agent_end(source->agent, &unknown);
}

static void readable(void *user, int events)
{
    (void)events;
    ended(user);
}

static bool is_there(const struct attach_source *source)
{
    struct proc_stat now;
    return proc_read_stat(source->process.pid, &now) == OK && now.started == source->process.started &&
           !proc_is_gone(&now);
}

static void look(void *user)
{
    struct attach_source *source = user;
    if (is_there(source))
        process_watch_look(&source->watch, source->process.pid, source->end ? PROCESS_LOOK_EVERY : LOOK_EVERY_ALONE);
    else
        ended(source);
}

struct search {
    const char *unit;
    struct proc_stat oldest; /* pid 0: none yet */
};

static void take_if_oldest(void *user, const struct proc_stat *stat)
{
    struct search *search = user;
    char bytes[PROC_FILE_SIZE];
    bool is_older = search->oldest.pid == 0 || stat->started < search->oldest.started;
    if (is_older && !proc_is_gone(stat) && cgroup_is_below(proc_read_cgroup(stat->pid, bytes), search->unit))
        search->oldest = *stat;
}

/* The main process of a unit is the one that it has had for the longest. */
static enum err find_unit(const char *unit, struct proc_stat *ret, struct errbuf *e)
{
    struct search search = { .unit = unit };
    bool all = proc_read_all(take_if_oldest, &search);
    *ret = search.oldest;
    if (search.oldest.pid)
        return OK;
    return err_set(e, ERR_NOT_FOUND, "--attach-unit %s: %s", unit,
                   all ? "no process of that unit runs" : "the processes of this machine cannot be read");
}

static enum err find(const struct agent_conf *conf, struct proc_stat *ret, struct errbuf *e)
{
    enum err err;
    if (conf->attach_unit)
        return find_unit(conf->attach_unit, ret, e);
    err = proc_read_stat(conf->attach_pid, ret);
    if (err == OK && proc_is_gone(ret))
        err = ERR_NOT_FOUND;
    if (err == OK)
        return OK;
    return err_set(e, err, "--attach-pid %lld: %s", (long long)conf->attach_pid,
                   err == ERR_NOT_FOUND ? "there is no such process" : "it cannot be read");
}

/* Old kernels and some containers give no descriptor. */
static void watch_end(struct attach_source *source)
{
    source->pidfd = pidfd_open((pid_t)source->process.pid, 0);
    if (source->pidfd < 0 || loop_fd_new(source->agent->loop, source->pidfd, readable, source, &source->end) != OK)
        return;
    loop_fd_want(source->end, LOOP_READABLE);
}

static enum err attach_prepare(struct agent *agent, struct errbuf *e)
{
    struct attach_source *source = arena_zalloc(&agent->arena, sizeof *source);
    enum err err;
    if (!source || process_watch_init(&source->watch, agent, look, source) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    source->agent = agent;
    source->pidfd = -1;
    agent->source_state = source;
    if ((err = find(agent->conf, &source->process, e)) != OK)
        return err;
    agent->pid = (uint32_t)source->process.pid;
    watch_end(source);
    return OK;
}

static enum skep_work attach_verify(void *state, bool is_first, uint32_t left_ms)
{
    struct attach_source *source = state;
    if (is_first)
        look(source);
    return process_watch_verify(&source->watch, is_first, left_ms);
}

static void attach_clear(void *state)
{
    struct attach_source *source = state;
    loop_fd_free(source->end);
    fd_close(source->pidfd);
}

const struct source source_attach = {
    .first_status = "idle",
    .prepare = attach_prepare,
    .start = look,
    .verify = attach_verify,
    .clear = attach_clear,
};
