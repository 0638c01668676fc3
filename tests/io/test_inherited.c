/* What a program has from whoever started it; each scene in a process of its own, as signals belong to a process. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "inherited.h"

static bool is_null(int fd)
{
    struct stat got, null;
    return fstat(fd, &got) == 0 && stat("/dev/null", &null) == 0 && got.st_rdev == null.st_rdev &&
           fcntl(fd, F_GETFD) == 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
}

/* The standard descriptors of `closed`, a bit each, are opened; none beside them. */
static bool opens(unsigned closed)
{
    int next, fresh;
    for (int fd = 0; fd <= 2; fd++)
        if (closed & 1u << fd)
            close(fd);
    inherited_settle();
    for (int fd = 0; fd <= 2; fd++)
        if (closed & 1u << fd && !is_null(fd))
            return false;
    next = dup(0);
    close(next);
    fresh = dup(0);
    return next > 2 && fresh == next;
}

static void nothing(int number)
{
    (void)number;
}

static struct sigaction action_of(int number)
{
    struct sigaction action;
    (void)sigaction(number, NULL, &action);
    return action;
}

static bool is_masked(int number)
{
    sigset_t mask;
    (void)sigprocmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, number);
}

static bool signals_are_settled(unsigned unused)
{
    sigset_t all;
    (void)unused;
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGCHLD, SIG_IGN);
    (void)signal(SIGRTMIN + 1, SIG_IGN);
    inherited_settle();
    return inherited_ignores(SIGHUP) && inherited_ignores(SIGCHLD) && inherited_ignores(SIGRTMIN + 1) &&
           !inherited_ignores(SIGTERM) && !inherited_ignores(-1) && !inherited_ignores(NSIG) && !is_masked(SIGCHLD) &&
           !is_masked(SIGTERM) && action_of(SIGHUP).sa_handler == SIG_IGN;
}

/* As a program that is started next gets them. */
static bool signals_are_restored(unsigned unused)
{
    sigset_t all;
    (void)unused;
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGCHLD, SIG_IGN);
    inherited_settle();
    (void)signal(SIGHUP, nothing);
    (void)signal(SIGUSR1, nothing);
    (void)signal(SIGPIPE, SIG_IGN);
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    inherited_signals_restore();
    return action_of(SIGHUP).sa_handler == SIG_IGN && action_of(SIGUSR1).sa_handler == SIG_DFL &&
           action_of(SIGPIPE).sa_handler == SIG_DFL && action_of(SIGCHLD).sa_handler == SIG_DFL && !is_masked(SIGUSR1);
}

static void scenes(void **state)
{
    static const struct {
        const char *why;
        bool (*holds)(unsigned closed);
        unsigned closed;
    } rows[] = {
        { "all of them are open", opens, 0 },
        { "no input", opens, 1 },
        { "no output", opens, 2 },
        { "no errors", opens, 4 },
        { "input and errors are closed", opens, 5 },
        { "all are closed", opens, 7 },
        { "no signal stays blocked, and those that are ignored are known", signals_are_settled, 0 },
        { "what is started has the signals as they were, but for SIGCHLD", signals_are_restored, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        pid_t child = fork();
        int status;
        assert_true(child >= 0);
        if (child == 0)
            _exit(rows[i].holds(rows[i].closed) ? 0 : 1);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0)
            fail_msg("%s", rows[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(scenes) };
    return cmocka_run_group_tests_name("inherited", tests, NULL, NULL);
}
