#include "child_exec.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "fd.h"
#include "inherited.h"
#include "text.h"

/* The parent may have died before the kernel was asked to tell. */
static void die_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(AGENT_FAILED);
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

int child_exec(const struct child_exec *exec)
{
    if (exec->dies_with_parent)
        die_with(exec->parent);
    if (dup2(exec->input, STDIN_FILENO) < 0 || dup2(exec->output, STDOUT_FILENO) < 0 ||
        dup2(exec->errors, STDERR_FILENO) < 0)
        return report_errno(exec->report);
    fd_close_all_on_exec();
    inherited_signals_restore();
    environ = exec->environment;
    name_watched();
    if (exec->keeps_group || setpgid(0, 0) == 0)
        execvp(exec->command[0], exec->command);
    return report_errno(exec->report);
}
