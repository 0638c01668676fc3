#include "oom_watch.h"

#include <stdlib.h>

#include "clock.h"
#include "fd.h"
#include "proc.h"

struct oom_watch {
    int fd;                /* of memory.events; -1 = none */
    struct loop_fd *watch; /* NULL: the kernel does not tell */
    struct oom_count count;
};

void oom_watch_see(struct oom_watch *watch)
{
    oom_count_see(&watch->count, proc_read_oom_kills(watch->fd), clock_mono(), watch->watch);
}

static void rose(void *user, int events)
{
    (void)events;
    oom_watch_see(user);
}

enum err oom_watch_new(struct loop *loop, struct oom_watch **ret)
{
    struct oom_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return ERR_NOMEM;
    watch->fd = proc_open_oom_kills();
    watch->count.kills = -1;
    oom_watch_see(watch);
    if (watch->fd >= 0 && loop_fd_new(loop, watch->fd, rose, watch, &watch->watch) == OK)
        loop_fd_want(watch->watch, LOOP_URGENT);
    *ret = watch;
    return OK;
}

void oom_watch_free(struct oom_watch *watch)
{
    if (!watch)
        return;
    loop_fd_free(watch->watch);
    fd_close(watch->fd);
    free(watch);
}

int oom_watch_judge(struct oom_watch *watch, const struct exit_status *exit_status)
{
    oom_watch_see(watch);
    return oom_count_judge(&watch->count, exit_status->signal, clock_mono());
}
