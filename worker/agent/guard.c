#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "proc.h"
#include "read_file.h"

#define LINK 3             /* its number in the guard, which keeps nothing else of the agent's */
#define PAUSE_NS 20000000L /* between two looks at who does not end */
#define LOOK_MS 1000       /* between two at a main process of which there is no descriptor */
#define PATIENT 50         /* looks; from then on one a second */

struct command {
    pid_t pid;
    bool has_ended; /* its pid may be somebody else's by now */
    pid_t main;     /* the process to follow; 0 = none */
    int main_fd;
};

static void send_message(int link, int32_t pid, int32_t status)
{
    const struct guard_message message = { pid, status };
    (void)send(link, &message, sizeof message, MSG_NOSIGNAL); /* nobody is left to read it: poll shows that */
}

static void report_main(struct command *command, int32_t status)
{
    send_message(LINK, command->main, status);
    command->main = 0;
    command->main_fd = fd_close(command->main_fd);
}

static void follow(struct command *command, pid_t pid)
{
    bool is_ours = proc_is_below(pid, getpid()) == OK;
    fd_close(command->main_fd);
    command->main = pid;
    command->main_fd = is_ours ? pidfd_open(pid, 0) : -1;
    if (!is_ours || (command->main_fd < 0 && errno == ESRCH))
        report_main(command, GUARD_UNKNOWN);
}

/* Without a descriptor of it, which old kernels and some containers do not give, it has to be looked at. */
static bool has_ended(const struct command *command, short events)
{
    struct proc_stat stat;
    if (!command->main || command->main_fd >= 0)
        return events != 0;
    return proc_is_below(command->main, getpid()) != OK || proc_read_stat(command->main, &stat) != OK ||
           proc_is_gone(&stat);
}

/* False: there are no more children, and thereby nothing at all. */
static bool reap(struct command *command)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == command->main)
            report_main(command, status);
        if (pid != command->pid || command->has_ended)
            continue;
        command->has_ended = true;
        send_message(LINK, pid, status);
    }
    return pid == 0;
}

static void end_one(void *user, const struct proc_stat *stat)
{
    bool *is_told = user;
    if (proc_is_gone(stat) || proc_signal(stat, SIGKILL) != ERR_REFUSED || *is_told)
        return;
    *is_told = true;
    dprintf(STDERR_FILENO, "skep-worker: cannot end process %lld: it is another user's\n", (long long)stat->pid);
}

static void pause_before_look(unsigned looks)
{
    const struct timespec pause = { looks < PATIENT ? 0 : 1, looks < PATIENT ? PAUSE_NS : 0 };
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    (void)sigtimedwait(&child, NULL, &pause);
}

/* A process that cannot be ended keeps the guard there: whoever looks sees that the worker is not gone. */
static void end_all(struct command *command)
{
    bool is_told = false;
    for (unsigned looks = 0; reap(command); looks++) {
        if (!proc_read_tree(getpid(), NULL, end_one, &is_told)) { /* what can be reached without /proc */
            (void)kill(-command->pid, SIGKILL);
            if (!command->has_ended)
                (void)kill(command->pid, SIGKILL);
        }
        pause_before_look(looks);
    }
}

/* Until nothing is left, the agent is gone, or it orders the end. True: the last. */
static bool watch(struct command *command, int children)
{
    struct signalfd_siginfo info;
    guard_order order;
    while (reap(command)) {
        struct pollfd fds[] = { { .fd = children, .events = POLLIN },
                                { .fd = LINK, .events = POLLIN },
                                { .fd = command->main_fd, .events = POLLIN } };
        if (poll(fds, 3, command->main && command->main_fd < 0 ? LOOK_MS : -1) < 0)
            continue;
        if (fds[0].revents != 0)
            (void)!read(children, &info, sizeof info);
        if (has_ended(command, fds[2].revents) && reap(command) && command->main)
            report_main(command, GUARD_UNKNOWN);
        if (fds[1].revents == 0)
            continue;
        if (recv(LINK, &order, sizeof order, MSG_DONTWAIT) != (ssize_t)sizeof order)
            return false;
        if (order == GUARD_END_ALL)
            return true;
        follow(command, order);
    }
    return false;
}

static int signals_of_children(void)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Returns 0 when the command runs, else errno. The pipe ends when the command has taken over, or failed to. */
static int start(struct guard *guard, pid_t *ret)
{
    int ends[2], fault = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    guard->exec.parent = getpid();
    guard->exec.report = ends[1];
    *ret = fork();
    if (*ret == 0)
        _exit(child_exec(&guard->exec));
    fault = *ret < 0 ? errno : 0;
    close(ends[1]);
    if (read_up_to(ends[0], (char *)&fault, sizeof fault) < 0)
        fault = errno;
    return fault;
}

/* The agent's own would keep the broker and the clients of its page from seeing that it is gone. */
static void keep_only(int link)
{
    if (link != LINK)
        (void)dup2(link, LINK);
    fd_close_above(LINK);
}

/* It has the agent's arguments, and must not look like a second agent of the same worker. */
static void show_as_guard(void)
{
    static const char name[] = "skep-guard";
    (void)prctl(PR_SET_NAME, name);
    if (strlen(program_invocation_short_name) >= sizeof name - 1) /* where argv[0] lies, in this process alone */
        memcpy(program_invocation_short_name, name, sizeof name);
}

int guard_run(void *user)
{
    struct guard *guard = user;
    struct command command = { .main_fd = -1 };
    int fault;
    show_as_guard();
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)prctl(PR_SET_PDEATHSIG, SIGCONT); /* should it be stopped when it has to end all */
    fault = start(guard, &command.pid);
    keep_only(guard->link);
    send_message(LINK, fault ? 0 : command.pid, fault);
    if (fault)
        return AGENT_FAILED;
    if (watch(&command, signals_of_children()) || guard->kills)
        end_all(&command);
    return 0;
}
