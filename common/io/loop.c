#include "loop.h"

#include <signal.h>
#include <stdlib.h>

#include "clock.h"
#include "loop_private.h"

_Static_assert((int)LOOP_READABLE == UV_READABLE && (int)LOOP_WRITABLE == UV_WRITABLE &&
                   (int)LOOP_URGENT == UV_PRIORITIZED,
               "events are libuv's");

struct loop_timer {
    uv_timer_t uv;
    void (*fn)(void *user);
    void *user;
};

struct loop_fd {
    uv_poll_t uv;
    int wanted;
    void (*fn)(void *user, int events);
    void *user;
};

struct signal_watch {
    uv_signal_t uv;
    void (*fn)(void *user, int number);
    void *user;
};

static void handle_closed(uv_handle_t *uv)
{
    free(uv);
}

/* Stops at once; libuv hands the memory back at the end of the turn. */
static void handle_close(void *handle)
{
    if (handle)
        uv_close(handle, handle_closed);
}

enum err loop_new(struct loop **ret, struct errbuf *e)
{
    struct loop *loop = calloc(1, sizeof *loop);
    int fault;
    if (!loop)
        return err_set(e, ERR_NOMEM, "event loop: out of memory");
    fault = uv_loop_init(&loop->uv);
    if (fault < 0) {
        free(loop);
        return err_set(e, fault == UV_ENOMEM ? ERR_NOMEM : ERR_IO, "event loop: %s", uv_strerror(fault));
    }
    uv_prepare_init(&loop->uv, &loop->turn);
    signal(SIGPIPE, SIG_IGN); /* what cannot be written is the fault of the write alone: nobody reads it, or, below, */
    signal(SIGXFSZ, SIG_IGN); /* the file has the size that `ulimit -f` allows */
    *ret = loop;
    return OK;
}

static void close_left(uv_handle_t *uv, void *turn)
{
    if (!uv_is_closing(uv))
        uv_close(uv, uv == turn ? NULL : handle_closed);
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    do { /* what is called while handles close may make new ones */
        uv_walk(&loop->uv, close_left, &loop->turn);
        (void)uv_run(&loop->uv, UV_RUN_ONCE);
    } while (uv_loop_close(&loop->uv) != 0);
    free(loop);
}

/* libuv calls this after timers and all that the last poll brought, and looks for the next timer only afterwards: what
 * is armed here counts for the sleep that follows. */
static void turn_ended(uv_prepare_t *uv)
{
    struct loop *loop = (struct loop *)uv->loop;
    if (loop->before_sleep)
        loop->before_sleep(loop->user);
    uv_update_time(uv->loop); /* by which the sleep is measured */
}

void loop_run(struct loop *loop, void (*before_sleep)(void *user), void *user)
{
    loop->before_sleep = before_sleep;
    loop->user = user;
    uv_prepare_start(&loop->turn, turn_ended); /* also keeps a loop without anything else running */
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

static void timer_fired(uv_timer_t *uv)
{
    struct loop_timer *timer = (struct loop_timer *)uv;
    struct loop *loop = (struct loop *)uv->loop;
    loop->in_timer = true;
    timer->fn(timer->user); /* may free the timer */
    loop->in_timer = false;
}

enum err loop_timer_new(struct loop *loop, void (*fn)(void *user), void *user, struct loop_timer **ret)
{
    struct loop_timer *timer = calloc(1, sizeof *timer);
    if (!timer)
        return ERR_NOMEM;
    timer->fn = fn;
    timer->user = user;
    uv_timer_init(&loop->uv, &timer->uv);
    *ret = timer;
    return OK;
}

/* libuv 1.44 runs timers until none is due. So that one which is armed again lets all else run, the loop's time stands
 * still while timers run, however long they take; what has passed meanwhile is added to the delay. */
void loop_timer_in(struct loop_timer *timer, ms_t delay)
{
    uv_loop_t *uv = timer->uv.loop;
    if (delay == MS_NEVER) {
        uv_timer_stop(&timer->uv);
        return;
    }
    if (((struct loop *)uv)->in_timer)
        delay = ms_max(delay, 1) + ms_max(clock_mono() - (ms_t)uv_now(uv), 0);
    else
        uv_update_time(uv); /* the loop's time is that of the start of the turn */
    uv_timer_start(&timer->uv, timer_fired, (uint64_t)ms_max(delay, 0), 0);
}

void loop_timer_free(struct loop_timer *timer)
{
    handle_close(timer);
}

static void fd_watch(struct loop_fd *watch);

static void fd_ready(uv_poll_t *uv, int fault, int events)
{
    struct loop_fd *watch = (struct loop_fd *)uv;
    if (fault < 0) /* libuv stopped watching; the owner meets the fault when it reads or writes */
        fd_watch(watch);
    watch->fn(watch->user, fault < 0 ? watch->wanted : events);
}

static void fd_watch(struct loop_fd *watch)
{
    if (watch->wanted)
        uv_poll_start(&watch->uv, watch->wanted, fd_ready);
    else
        uv_poll_stop(&watch->uv);
}

enum err loop_fd_new(struct loop *loop, int fd, void (*fn)(void *user, int events), void *user, struct loop_fd **ret)
{
    struct loop_fd *watch = calloc(1, sizeof *watch);
    if (!watch)
        return ERR_NOMEM;
    watch->fn = fn;
    watch->user = user;
    if (uv_poll_init(&loop->uv, &watch->uv, fd) < 0) {
        free(watch);
        return ERR_IO;
    }
    *ret = watch;
    return OK;
}

void loop_fd_want(struct loop_fd *watch, int events)
{
    if (watch->wanted == events)
        return; /* requested after every packet: spare the system calls */
    watch->wanted = events;
    fd_watch(watch);
}

void loop_fd_free(struct loop_fd *watch)
{
    handle_close(watch);
}

static void signal_arrived(uv_signal_t *uv, int number)
{
    struct signal_watch *watch = (struct signal_watch *)uv;
    watch->fn(watch->user, number);
}

enum err loop_signal(struct loop *loop, int number, void (*fn)(void *user, int number), void *user)
{
    struct signal_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return ERR_NOMEM;
    watch->fn = fn;
    watch->user = user;
    if (uv_signal_init(&loop->uv, &watch->uv) < 0) {
        free(watch);
        return ERR_IO;
    }
    if (uv_signal_start(&watch->uv, signal_arrived, number) < 0) {
        handle_close(watch);
        return ERR_IO;
    }
    return OK;
}
