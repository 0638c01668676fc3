#include "signal_relay.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "fd.h"
#include "inherited.h"

struct signal_relay {
    int fd;
    struct loop_fd *watch;
    void (*fn)(void *user, int number, bool is_sent);
    void *user;
};

/* SIGXFSZ is of a log that may not grow. */
static const int agents_own[] = { SIGTERM, SIGINT,  SIGHUP,  SIGCHLD, SIGPIPE, SIGSEGV, SIGBUS,
                                  SIGFPE,  SIGILL,  SIGTRAP, SIGABRT, SIGSYS,  SIGXFSZ, SIGKILL,
                                  SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT };

static sigset_t relayed(void)
{
    sigset_t set;
    sigfillset(&set); /* but for those of the C library */
    for (size_t i = 0; i < ARRAY_LEN(agents_own); i++)
        sigdelset(&set, agents_own[i]);
    for (int number = 1; number < NSIG; number++)
        if (inherited_ignores(number))
            sigdelset(&set, number);
    return set;
}

static void readable(void *user, int events)
{
    struct signal_relay *relay = user;
    struct signalfd_siginfo info;
    (void)events;
    while (read(relay->fd, &info, sizeof info) == sizeof info)
        if (info.ssi_signo != SIGXCPU || info.ssi_code != SI_KERNEL) /* of the agent's own time */
            relay->fn(relay->user, (int)info.ssi_signo, info.ssi_code != SI_KERNEL);
}

enum err signal_relay_new(struct loop *loop, void (*fn)(void *user, int number, bool is_sent), void *user,
                          struct signal_relay **ret, struct errbuf *e)
{
    struct signal_relay *relay = calloc(1, sizeof *relay);
    sigset_t set = relayed();
    if (!relay)
        return err_set(e, ERR_NOMEM, "out of memory");
    *relay = (struct signal_relay){ .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .fn = fn, .user = user };
    if (relay->fd < 0 || loop_fd_new(loop, relay->fd, readable, relay, &relay->watch) != OK ||
        sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        signal_relay_free(relay);
        return err_set(e, ERR_IO, "cannot receive signals: %s", strerror(errno));
    }
    loop_fd_want(relay->watch, LOOP_READABLE);
    *ret = relay;
    return OK;
}

void signal_relay_free(struct signal_relay *relay)
{
    if (!relay)
        return;
    loop_fd_free(relay->watch);
    fd_close(relay->fd);
    free(relay);
}
