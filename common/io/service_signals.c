#include "service_signals.h"

#include <signal.h>
#include <unistd.h>

#include "inherited.h"
#include "loop_child.h"
#include "notify.h"
#include "service.h"

/* One per process, as signals are. */
static struct {
    void (*stop)(void *user);
    void (*reload)(void *user);
    void *user;
    bool is_stopping;
    unsigned interrupts;
    struct loop_timer *watchdog;
} signals;

static void arrived(void *user, int number)
{
    (void)user;
    if (number == SIGHUP && signals.reload)
        signals.reload(signals.user);
    if (number == SIGINT && ++signals.interrupts > 1)
        _exit(EXIT_INTERRUPTED);
    if (number == SIGHUP || signals.is_stopping)
        return;
    signals.is_stopping = true;
    signals.stop(signals.user);
}

/* From the loop, so that a loop that hangs is seen. */
static void watchdog_feed(void *user)
{
    (void)user;
    (void)notify_send("WATCHDOG=1"); /* a loss is made good by the next one: the interval is half of the limit */
    loop_timer_in(signals.watchdog, notify_watchdog_interval());
}

enum err service_signals(struct loop *loop, void (*stop)(void *user), void (*reload)(void *user), void *user)
{
    enum err err;
    signals.stop = stop;
    signals.reload = reload;
    signals.user = user;
    (void)signal(SIGUSR1, SIG_IGN);
    (void)signal(SIGUSR2, SIG_IGN);
    if ((err = loop_reap(loop)) != OK || (err = loop_signal(loop, SIGTERM, arrived, NULL)) != OK ||
        (!inherited_ignores(SIGINT) && (err = loop_signal(loop, SIGINT, arrived, NULL)) != OK) ||
        (err = loop_signal(loop, SIGHUP, arrived, NULL)) != OK ||
        (err = loop_timer_new(loop, watchdog_feed, NULL, &signals.watchdog)) != OK)
        return err;
    loop_timer_in(signals.watchdog, notify_watchdog_interval());
    return OK;
}
