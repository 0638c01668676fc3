#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <uv.h>

#include "child_exec.h"
#include "clock.h"
#include "read_file.h"
#include "word_list.h"

#define REPORT_FD 3 /* in the child */

struct child {
    uv_process_t process; /* first: its address is the one to free */
    struct child_options options;
    struct loop_timer *timeout;
    ms_t kill_at; /* monotonic, once it was told to stop */
    bool is_running, was_asked_for, was_hung_up;
};

extern char **environ;

/* Meant for the agent alone: what its hive calls it, its secrets, and its own service manager. */
static const char *const agents_own[] = { "SKEP_SESSION=",  "SKEP_PASSWORD_FILE=", "NOTIFY_SOCKET=",
                                          "WATCHDOG_USEC=", "WATCHDOG_PID=",       NULL };

static char **build_environment(const struct child_options *options, struct arena *arena)
{
    struct word_list list = { .arena = arena };
    for (char **variable = environ; *variable; variable++)
        if (!word_begins_with(*variable, agents_own))
            word_list_add(&list, *variable);
    word_list_add(&list, arena_printf(arena, "NOTIFY_SOCKET=%s", options->notify_socket));
    if (options->watchdog > 0)
        word_list_add(&list, arena_printf(arena, "WATCHDOG_USEC=%lld", (long long)options->watchdog * 1000));
    return list.failed ? NULL : list.at;
}

/* In the order of enum child_exec_word. */
static char **build_arguments(const struct child_options *options, struct arena *arena)
{
    struct word_list list = { .arena = arena };
    word_list_add(&list, arena_copy(arena, TEXT("skep-worker")));
    word_list_add(&list, arena_copy(arena, TEXT(CHILD_EXEC_WORD)));
    word_list_add(&list, arena_copy(arena, options->dies_with_agent ? TEXT("kill") : TEXT("leave")));
    word_list_add(&list, arena_printf(arena, "%d", REPORT_FD));
    word_list_add(&list, arena_printf(arena, "%d", (int)getpid()));
    word_list_add_all(&list, options->command);
    return list.failed ? NULL : list.at;
}

static void signal_group(const struct child *child, int number)
{
    if (child->is_running)
        kill(-child->process.pid, number);
}

static void process_ended(uv_process_t *process, int64_t status, int number)
{
    struct child *child = process->data;
    struct exit_status exit_status = {
        .status = (int)status,
        .signal = number,
        .was_asked_for = child->was_asked_for || (child->was_hung_up && number == SIGHUP),
    };
    child->is_running = false;
    child->options.ended(child->options.user, &exit_status);
}

static void timeout_ended(void *user)
{
    signal_group(user, SIGKILL);
}

static int spawn(struct loop *loop, struct child *child, int report_fd, struct arena *arena)
{
    uv_stdio_container_t streams[] = {
        { .flags = UV_INHERIT_FD, .data.fd = STDIN_FILENO },
        { .flags = UV_INHERIT_FD, .data.fd = STDOUT_FILENO },
        { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
        [REPORT_FD] = { .flags = UV_INHERIT_FD, .data.fd = report_fd },
    };
    uv_process_options_t options = {
        .file = "/proc/self/exe",
        .args = build_arguments(&child->options, arena),
        .env = build_environment(&child->options, arena),
        .stdio = streams,
        .stdio_count = ARRAY_LEN(streams),
        .exit_cb = process_ended,
    };
    if (!options.args || !options.env)
        return UV_ENOMEM;
    return loop_process_start(loop, &child->process, &options);
}

/* 0 when the command runs, else errno of its start. The pipe ends when the command has taken over, or failed to. */
static int await_exec(int fd)
{
    int number = 0;
    ssize_t len = read_up_to(fd, (char *)&number, sizeof number);
    return len == 0 || len == sizeof number ? number : EIO;
}

static enum err start(struct loop *loop, struct child *child, struct arena *arena, struct errbuf *e)
{
    int ends[2], fault, number;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(e, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    fault = spawn(loop, child, ends[1], arena);
    close(ends[1]);
    number = fault == 0 ? await_exec(ends[0]) : 0;
    close(ends[0]);
    if (fault < 0)
        return err_set(e, ERR_IO, "cannot start a process: %s", uv_strerror(fault));
    if (number != 0)
        return err_set(e, number == ENOENT ? ERR_NOT_FOUND : ERR_REFUSED, "cannot execute %s: %s",
                       child->options.command[0], strerror(number));
    child->is_running = true;
    return OK;
}

enum err child_new(struct loop *loop, const struct child_options *options, struct arena *arena, struct child **ret,
                   struct errbuf *e)
{
    struct child *child = calloc(1, sizeof *child);
    enum err err;
    if (!child || loop_timer_new(loop, timeout_ended, child, &child->timeout) != OK) {
        free(child);
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    child->options = *options;
    child->process.data = child;
    if ((err = start(loop, child, arena, e)) == OK)
        *ret = child;
    else
        child_free(child);
    return err;
}

void child_free(struct child *child)
{
    if (!child)
        return;
    loop_timer_free(child->timeout);
    if (child->options.dies_with_agent)
        signal_group(child, SIGKILL);
    loop_process_free(&child->process);
}

int child_pid(const struct child *child)
{
    return child->process.pid;
}

void child_stop(struct child *child)
{
    child->was_asked_for = true;
    signal_group(child, SIGTERM);
    signal_group(child, SIGCONT); /* a stopped process takes nothing but KILL */
    child->kill_at = clock_mono();
    child_extend(child, CHILD_TIMEOUT_MS);
}

void child_extend(struct child *child, ms_t more)
{
    ms_t now = clock_mono();
    if (!child->was_asked_for || now + more <= child->kill_at)
        return;
    child->kill_at = now + more;
    loop_timer_in(child->timeout, more);
}

void child_hang_up(struct child *child)
{
    child->was_hung_up = true;
    signal_group(child, SIGHUP);
}

int child_imitate(const struct exit_status *exit_status)
{
    struct rlimit none = { 0, 0 };
    sigset_t all;
    if (exit_status->signal) {
        setrlimit(RLIMIT_CORE, &none);
        prctl(PR_SET_DUMPABLE, 0); /* the limit does not hold for cores that are piped to a program */
        signal(exit_status->signal, SIG_DFL);
        sigfillset(&all);
        sigprocmask(SIG_UNBLOCK, &all, NULL);
        raise(exit_status->signal);
    }
    return exit_status_code(exit_status);
}
