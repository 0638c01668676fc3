#include "child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "guard.h"
#include "log.h"
#include "loop_child.h"
#include "proc.h"
#include "word_list.h"

#define KILL_LIMIT_MS 2000 /* after KILL, when the agent ends all the same */
#define FREE_LIMIT_MS 1000 /* for the guard to end what is left */

struct child {
    struct loop_child *guard; /* NULL when it has ended */
    int link;                 /* to the guard */
    struct loop_fd *watch;    /* of the link */
    struct child_options options;
    struct loop_timer *timeout;
    ms_t kill_at; /* monotonic, once it was told to stop */
    pid_t pid;    /* of the command */
    pid_t main;   /* another one that it named; 0 = none */
    struct exit_status exit_status;
    bool is_running; /* the command, not what else it started */
    bool was_asked_for, was_hung_up, is_killed, is_reported;
    bool keeps_group; /* it is in the agent's process group, since both share a terminal */
};

/* Meant for the agent alone: what its hive calls it, its secrets, and its own service manager. */
static const char *const agents_own[] = { "SKEP_SESSION=",  "SKEP_PASSWORD_FILE=", "NOTIFY_SOCKET=",
                                          "WATCHDOG_USEC=", "WATCHDOG_PID=",       NULL };

static char **build_environment(const struct child_options *options, struct arena *arena)
{
    struct word_list list = { .arena = arena };
    for (char **variable = environ; *variable; variable++)
        if (!word_begins_with(*variable, agents_own))
            word_list_add(&list, *variable);
    if (options->notify_socket)
        word_list_add(&list, arena_printf(arena, "NOTIFY_SOCKET=%s", options->notify_socket));
    if (options->watchdog > 0)
        word_list_add(&list, arena_printf(arena, "WATCHDOG_USEC=%lld", (long long)options->watchdog * 1000));
    return list.failed ? NULL : list.at;
}

/* With its group, unless that is the agent's, too. */
static void signal_command(const struct child *child, int number)
{
    if (child->is_running)
        (void)kill(child->keeps_group ? child->pid : -child->pid, number);
}

static void signal_one(void *user, const struct proc_stat *stat)
{
    const int *number = user;
    enum err err = proc_is_gone(stat) ? OK : proc_signal(stat, *number);
    if (err != OK && err != ERR_NOT_FOUND)
        log_at(LOG_ERROR, "a process cannot be signalled", "pid", INT_TEXT(stat->pid), "why",
               err == ERR_REFUSED ? "it is another user's" : err_name(err), NULL);
}

/* All that the command has started and that has not ended. */
static void signal_tree(const struct child *child, int number)
{
    if (child->guard && !proc_read_tree(loop_child_pid(child->guard), NULL, signal_one, &number))
        signal_command(child, number); /* the kernel does not show it */
}

void child_wake(const struct child *child)
{
    if (child->guard)
        (void)kill(loop_child_pid(child->guard), SIGCONT);
}

static void send_order(const struct child *child, guard_order order)
{
    child_wake(child);
    (void)send(child->link, &order, sizeof order, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void kill_tree(struct child *child)
{
    child->is_killed = true;
    send_order(child, GUARD_END_ALL);
}

static void report_end(struct child *child)
{
    loop_timer_in(child->timeout, MS_NEVER);
    child->is_reported = true;
    child->options.ended(child->options.user, &child->exit_status);
}

static const struct exit_status unknown_end = { .status = 1, .is_unknown = true, .oom = -1 };

/* In the end what is left is left to its fate: the agent must not hang on what cannot be ended. */
static void timeout_ended(void *user)
{
    struct child *child = user;
    if (child->is_killed) {
        log_at(LOG_ERROR, "what the command has started does not end", NULL);
        if (child->is_running || child->main) {
            child->exit_status = unknown_end;
            child->exit_status.was_asked_for = true;
        }
        report_end(child);
        return;
    }
    kill_tree(child);
    loop_timer_in(child->timeout, KILL_LIMIT_MS);
}

/* It was requested here, or with the keys of a terminal by who sits there. */
static bool is_asked_for(const struct child *child, int number)
{
    return child->was_asked_for || (number == SIGHUP && (child->was_hung_up || child->keeps_group)) ||
           (number == SIGINT && child->keeps_group);
}

/* One that was asked to end is over when all that it started is. One that ends by itself is over at once; what it
 * leaves behind ends with the agent. */
static void finish(struct child *child, int status)
{
    child->exit_status = status == GUARD_UNKNOWN ? unknown_end : exit_status_of_wait(status);
    child->exit_status.was_asked_for = is_asked_for(child, child->exit_status.signal);
    if (!child->was_asked_for)
        report_end(child);
}

static void command_ended(struct child *child, int status)
{
    child->is_running = false;
    child->options.ending(child->options.user);
    if (child->main)
        log_at(LOG_INFO, "the command exited; its main process goes on", "pid", INT_TEXT(child->main), NULL);
    else
        finish(child, status);
}

static void main_ended(struct child *child, int status)
{
    child->main = 0;
    if (status == GUARD_UNKNOWN && child->is_running)
        child->options.main_changed(child->options.user);
    else
        finish(child, status);
}

/* False: there is none, yet or any more. */
static bool read_message(int link, int flags, struct guard_message *ret)
{
    return recv(link, ret, sizeof *ret, flags) == (ssize_t)sizeof *ret;
}

static void read_link(struct child *child)
{
    struct guard_message message;
    errno = 0;
    while (read_message(child->link, MSG_DONTWAIT, &message)) {
        if (message.pid == child->main)
            main_ended(child, message.status);
        else if (message.pid == child->pid && child->is_running)
            command_ended(child, message.status);
        errno = 0;
    }
    if (errno != EAGAIN)
        loop_fd_want(child->watch, 0); /* the end: that of the guard is on the way */
}

static void readable(void *user, int events)
{
    (void)events;
    read_link(user);
}

/* The guard was killed: what it had becomes this process's own. */
static void guard_lost(struct child *child)
{
    int number = SIGKILL;
    log_at(LOG_ERROR, "the guard of the command was killed", NULL);
    child->exit_status = (struct exit_status){ .signal = number, .was_asked_for = child->was_asked_for, .oom = -1 };
    child->is_running = false;
    child->main = 0;
    if (!child->options.dies_with_agent)
        return;
    if (child->options.is_companion || !proc_read_tree(getpid(), NULL, signal_one, &number))
        (void)kill(-child->pid, number);
}

/* Nothing is left. Its pid is not its own any more, and what the link still holds may make an order. */
static void guard_ended(void *user, const struct exit_status *exit_status)
{
    struct child *child = user;
    (void)exit_status;
    loop_child_free(child->guard);
    child->guard = NULL;
    read_link(child);
    if (child->is_running || child->main)
        guard_lost(child);
    if (!child->is_reported)
        report_end(child);
}

static enum err spawn(struct loop *loop, struct child *child, int link, struct arena *arena, struct errbuf *e)
{
    struct guard guard = { .exec = { .command = child->options.command,
                                     .environment = build_environment(&child->options, arena),
                                     .dies_with_parent = child->options.dies_with_agent,
                                     .keeps_group = child->keeps_group,
                                     .input = child->options.input,
                                     .output = child->options.output,
                                     .errors = child->options.errors },
                           .link = link,
                           .kills = child->options.dies_with_agent };
    struct loop_child_options options = { .run = guard_run, .run_user = &guard, .ended = guard_ended, .user = child };
    if (!guard.exec.environment)
        return err_set(e, ERR_NOMEM, "out of memory");
    return loop_child_new(loop, &options, &child->guard, e);
}

/* What this machine lacks, for any command, is no fault of this one. */
static enum err err_of_start(int fault)
{
    bool lacks_means = fault == EAGAIN || fault == ENOMEM || fault == EMFILE || fault == ENFILE;
    return fault == ENOENT ? ERR_NOT_FOUND : lacks_means ? ERR_IO : ERR_REFUSED;
}

static enum err start(struct loop *loop, struct child *child, struct arena *arena, struct errbuf *e)
{
    struct guard_message first = { .status = EIO };
    enum err err;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return err_set(e, ERR_IO, "cannot make a socket: %s", strerror(errno));
    child->link = ends[0];
    err = spawn(loop, child, ends[1], arena, e);
    close(ends[1]);
    if (err != OK)
        return err;
    (void)read_message(child->link, 0, &first);
    if (first.pid == 0)
        return err_set(e, err_of_start(first.status), "cannot execute %s: %s", child->options.command[0],
                       strerror(first.status));
    child->pid = first.pid;
    child->is_running = true;
    if (loop_fd_new(loop, child->link, readable, child, &child->watch) != OK)
        return err_set(e, ERR_IO, "cannot watch the guard");
    loop_fd_want(child->watch, LOOP_READABLE);
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
    child->link = -1;
    child->keeps_group = isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) >= 0;
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* should the guard be killed */
    if ((err = start(loop, child, arena, e)) == OK)
        *ret = child;
    else
        child_free(child);
    return err;
}

/* It ends what is left when the link closes, and its own side of that with itself. */
static void await_guard(struct child *child)
{
    struct pollfd end = { .fd = child->link }; /* POLLHUP */
    child_wake(child);
    (void)shutdown(child->link, SHUT_WR);
    (void)poll(&end, 1, FREE_LIMIT_MS);
}

void child_free(struct child *child)
{
    if (!child)
        return;
    loop_timer_free(child->timeout);
    loop_fd_free(child->watch);
    if (child->guard)
        await_guard(child);
    fd_close(child->link);
    loop_child_free(child->guard);
    free(child);
}

int child_pid(const struct child *child)
{
    return child->main ? child->main : child->pid;
}

void child_follow(struct child *child, int pid)
{
    child->main = pid == child->pid ? 0 : pid;
    if (child->main)
        send_order(child, child->main);
    child->options.main_changed(child->options.user);
}

int child_guard(const struct child *child)
{
    return child->guard ? loop_child_pid(child->guard) : 0;
}

void child_stop(struct child *child)
{
    child->was_asked_for = true;
    child_wake(child);
    signal_tree(child, SIGTERM);
    signal_tree(child, SIGCONT); /* a stopped process takes nothing but KILL */
    child->kill_at = clock_mono();
    child_extend(child, CHILD_TIMEOUT_MS);
}

void child_extend(struct child *child, ms_t more)
{
    ms_t now = clock_mono();
    if (!child->was_asked_for || child->is_killed || now + more <= child->kill_at)
        return;
    child->kill_at = now + more;
    loop_timer_in(child->timeout, more);
}

void child_signal(struct child *child, int number, bool is_sent)
{
    if ((child->is_running || child->main) && (is_sent || !child->keeps_group))
        (void)kill(child_pid(child), number);
}

void child_hang_up(struct child *child)
{
    child->was_hung_up = true;
    signal_command(child, SIGHUP);
    if (child->main && (!child->is_running || getpgid(child->main) != child->pid))
        (void)kill(child->main, SIGHUP);
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
