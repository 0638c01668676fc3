#include "loop_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utlist.h>

#include "fd.h"
#include "inherited.h"
#include "loop_private.h"

struct loop_child {
    struct loop *loop;
    pid_t pid;
    void (*ended)(void *user, const struct exit_status *exit_status);
    void *user;
    struct loop_child *prev, *next;
};

static struct loop_child *find(struct loop *loop, pid_t pid)
{
    struct loop_child *child;
    DL_SEARCH_SCALAR(loop->children, child, pid, pid);
    return child;
}

static void end(struct loop *loop, struct loop_child *child, int status)
{
    struct exit_status exit_status = exit_status_of_wait(status);
    DL_DELETE(loop->children, child);
    child->loop = NULL;
    child->ended(child->user, &exit_status);
}

static void reap(void *user, int number)
{
    struct loop *loop = user;
    struct loop_child *child;
    int status;
    pid_t pid;
    (void)number;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if ((child = find(loop, pid)) != NULL)
            end(loop, child, status);
}

enum err loop_reap(struct loop *loop)
{
    enum err err;
    if (loop->reaps)
        return OK;
    if ((err = loop_signal(loop, SIGCHLD, reap, loop)) != OK)
        return err;
    loop->reaps = true;
    reap(loop, SIGCHLD); /* one that ended before has sent its signal already */
    return OK;
}

/* In the child from here to `start`: only what is safe after a fork of a process with threads. */

/* First out of each other's way. */
static bool place_streams(const struct loop_child_options *options)
{
    int moved[LOOP_CHILD_STREAMS_MAX], count = (int)options->stream_count;
    int null = fd_open_null();
    for (int i = 0; i < count; i++)
        if ((moved[i] = fcntl(options->streams[i] < 0 ? null : options->streams[i], F_DUPFD_CLOEXEC, count)) < 0)
            return false;
    fd_close_all_on_exec();
    for (int i = 0; i < count; i++)
        if (dup2(moved[i], i) < 0)
            return false;
    return true;
}

static bool settle(const struct loop_child_options *options)
{
    if (options->leads_session && setsid() < 0)
        return false;
    return (!options->directory || chdir(options->directory) == 0) && place_streams(options);
}

static int become(const struct loop_child_options *options)
{
    if (settle(options)) {
        inherited_signals_restore();
        execve(options->file, options->arguments, options->environment);
    }
    return errno == ENOENT ? AGENT_NOT_FOUND : AGENT_CANNOT_EXECUTE;
}

/* A signal that came before the child has its own would be handled there as if it were this process. */
static pid_t start(const struct loop_child_options *options)
{
    sigset_t all, before;
    pid_t pid;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0)
        _exit(options->run ? options->run(options->run_user) : become(options));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

enum err loop_child_new(struct loop *loop, const struct loop_child_options *options, struct loop_child **ret,
                        struct errbuf *e)
{
    struct loop_child *child = calloc(1, sizeof *child);
    enum err err;
    if (!child)
        return err_set(e, ERR_NOMEM, "out of memory");
    if ((err = loop_reap(loop)) != OK) {
        free(child);
        return err_set(e, err, "cannot watch for the end of processes");
    }
    *child = (struct loop_child){ .loop = loop, .ended = options->ended, .user = options->user };
    child->pid = start(options);
    if (child->pid < 0) {
        free(child);
        return err_set(e, ERR_IO, "cannot start a process: %s", strerror(errno));
    }
    DL_APPEND(loop->children, child);
    *ret = child;
    return OK;
}

int loop_child_pid(const struct loop_child *child)
{
    return child->pid;
}

void loop_child_kill(struct loop_child *child)
{
    if (kill(-child->pid, SIGKILL) != 0) /* it does not lead one yet */
        (void)kill(child->pid, SIGKILL);
}

void loop_child_free(struct loop_child *child)
{
    if (child && child->loop)
        DL_DELETE(child->loop->children, child);
    free(child);
}
