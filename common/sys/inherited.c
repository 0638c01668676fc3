#include "inherited.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "fd.h"

static bool is_ignored[NSIG];

/* Each one that is opened gets the lowest number that is free. */
static void open_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && fd_open_null() == fd)
            (void)fcntl(fd, F_SETFD, 0);
}

static void empty_mask(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void inherited_settle(void)
{
    struct sigaction action;
    open_standard_descriptors();
    for (int number = 1; number < NSIG; number++)
        is_ignored[number] = sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
    empty_mask();
}

bool inherited_ignores(int number)
{
    return number > 0 && number < NSIG && is_ignored[number];
}

void inherited_signals_restore(void)
{
    for (int number = 1; number < NSIG; number++) /* fails for KILL, STOP and those of the C library */
        (void)signal(number, is_ignored[number] && number != SIGCHLD ? SIG_IGN : SIG_DFL);
    empty_mask();
}
