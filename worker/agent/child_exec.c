#include "child_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "text.h"

bool child_exec_is_meant(int argc, char **argv)
{
    return argc > CHILD_EXEC_COMMAND && strcmp(argv[CHILD_EXEC_MARK], CHILD_EXEC_WORD) == 0;
}

/* The agent may have died before the kernel was asked to tell. */
static void die_with_agent(pid_t agent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != agent)
        _exit(AGENT_FAILED);
}

static void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* fails for KILL, STOP and those of the C library, which cannot differ */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* For whom WATCHDOG_USEC is meant: a command that runs others need not hide it from them. */
static void name_watched(void)
{
    char pid[INT_TEXT_SIZE];
    if (getenv("WATCHDOG_USEC"))
        (void)setenv("WATCHDOG_PID", int_to_text(getpid(), pid), 1);
}

static int report_errno(int fd)
{
    int number = errno;
    ssize_t written = write(fd, &number, sizeof number);
    return written == sizeof number ? AGENT_CANNOT_EXECUTE : AGENT_FAILED;
}

int child_exec(char **argv)
{
    int fd = atoi(argv[CHILD_EXEC_REPORT_FD]);
    if (strcmp(argv[CHILD_EXEC_ON_DEATH], "kill") == 0)
        die_with_agent((pid_t)atoi(argv[CHILD_EXEC_AGENT_PID]));
    reset_signals();
    name_watched();
    if (setpgid(0, 0) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
        execvp(argv[CHILD_EXEC_COMMAND], argv + CHILD_EXEC_COMMAND);
    return report_errno(fd);
}
