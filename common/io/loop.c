#include "loop.h"

#include <signal.h>
#include <stdlib.h>

#include <uv.h>

#include "clock.h"

/* Comes first in every watch, and `uv` first in it: the address of the uv handle is the one to free. */
struct handle {
    union {
        uv_handle_t any;
        uv_timer_t timer;
        uv_poll_t poll;
        uv_signal_t signal;
    } uv;
    struct handle *next, **link; /* in the loop's list; `link` is the pointer that points here */
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t turn;
    struct handle *handles;
    bool in_timer;
    void (*before_sleep)(void *user);
    void *user;
};

struct loop_timer {
    struct handle handle;
    struct loop *loop;
    void (*fn)(void *user);
    void *user;
};

struct loop_fd {
    struct handle handle;
    int wanted;
    void (*fn)(void *user, int events);
    void *user;
};

struct signal_watch {
    struct handle handle;
    void (*fn)(void *user, int number);
    void *user;
};

static void handle_link(struct loop *loop, struct handle *handle)
{
    handle->next = loop->handles;
    handle->link = &loop->handles;
    if (handle->next)
        handle->next->link = &handle->next;
    loop->handles = handle;
}

static void handle_closed(uv_handle_t *uv)
{
    free(uv);
}

/* Stops at once; libuv hands the memory back at the end of the turn. */
static void handle_close(struct handle *handle)
{
    *handle->link = handle->next;
    if (handle->next)
        handle->next->link = handle->link;
    uv_close(&handle->uv.any, handle_closed);
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
    loop->turn.data = loop;
    signal(SIGPIPE, SIG_IGN);
    *ret = loop;
    return OK;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    uv_close((uv_handle_t *)&loop->turn, NULL);
    do { /* what is called while handles close may make new ones */
        while (loop->handles)
            handle_close(loop->handles);
    } while (uv_run(&loop->uv, UV_RUN_ONCE) != 0 || loop->handles);
    (void)uv_loop_close(&loop->uv);
    free(loop);
}

/* libuv calls this after timers and all that the last poll brought, and looks for the next timer only afterwards: what
 * is armed here counts for the sleep that follows. */
static void turn_ended(uv_prepare_t *uv)
{
    struct loop *loop = uv->data;
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
    uv_prepare_stop(&loop->turn);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

static void timer_fired(uv_timer_t *uv)
{
    struct loop_timer *timer = uv->data;
    struct loop *loop = timer->loop;
    loop->in_timer = true;
    timer->fn(timer->user); /* may free the timer */
    loop->in_timer = false;
}

enum err loop_timer_new(struct loop *loop, void (*fn)(void *user), void *user, struct loop_timer **ret)
{
    struct loop_timer *timer = calloc(1, sizeof *timer);
    if (!timer)
        return ERR_NOMEM;
    timer->loop = loop;
    timer->fn = fn;
    timer->user = user;
    uv_timer_init(&loop->uv, &timer->handle.uv.timer);
    timer->handle.uv.any.data = timer;
    handle_link(loop, &timer->handle);
    *ret = timer;
    return OK;
}

/* libuv 1.44 runs timers until none is due. So that one which is armed again lets all else run, the loop's time stands
 * still while timers run, however long they take; what has passed meanwhile is added to the delay. */
void loop_timer_in(struct loop_timer *timer, ms_t delay)
{
    uv_loop_t *uv = &timer->loop->uv;
    if (delay == MS_NEVER) {
        uv_timer_stop(&timer->handle.uv.timer);
        return;
    }
    if (timer->loop->in_timer)
        delay = ms_max(delay, 1) + ms_max(clock_mono() - (ms_t)uv_now(uv), 0);
    else
        uv_update_time(uv); /* the loop's time is that of the start of the turn */
    uv_timer_start(&timer->handle.uv.timer, timer_fired, (uint64_t)ms_max(delay, 0), 0);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (timer)
        handle_close(&timer->handle);
}

static void fd_watch(struct loop_fd *watch);

static void fd_ready(uv_poll_t *uv, int fault, int events)
{
    struct loop_fd *watch = uv->data;
    int seen = (events & UV_READABLE ? LOOP_READABLE : 0) | (events & UV_WRITABLE ? LOOP_WRITABLE : 0);
    if (fault < 0) { /* libuv stopped watching; the owner meets the fault when it reads or writes */
        fd_watch(watch);
        seen = watch->wanted;
    }
    watch->fn(watch->user, seen);
}

static void fd_watch(struct loop_fd *watch)
{
    int events = (watch->wanted & LOOP_READABLE ? UV_READABLE : 0) | (watch->wanted & LOOP_WRITABLE ? UV_WRITABLE : 0);
    if (events)
        uv_poll_start(&watch->handle.uv.poll, events, fd_ready);
    else
        uv_poll_stop(&watch->handle.uv.poll);
}

enum err loop_fd_new(struct loop *loop, int fd, void (*fn)(void *user, int events), void *user, struct loop_fd **ret)
{
    struct loop_fd *watch = calloc(1, sizeof *watch);
    if (!watch)
        return ERR_NOMEM;
    if (uv_poll_init(&loop->uv, &watch->handle.uv.poll, fd) < 0) {
        free(watch);
        return ERR_IO;
    }
    watch->fn = fn;
    watch->user = user;
    watch->handle.uv.any.data = watch;
    handle_link(loop, &watch->handle);
    *ret = watch;
    return OK;
}

void loop_fd_want(struct loop_fd *watch, int events)
{
    if (watch->wanted == events)
        return; /* asked for after every packet: spare the system calls */
    watch->wanted = events;
    fd_watch(watch);
}

void loop_fd_free(struct loop_fd *watch)
{
    if (watch)
        handle_close(&watch->handle);
}

static void signal_arrived(uv_signal_t *uv, int number)
{
    struct signal_watch *watch = uv->data;
    watch->fn(watch->user, number);
}

enum err loop_signal(struct loop *loop, int number, void (*fn)(void *user, int number), void *user)
{
    struct signal_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return ERR_NOMEM;
    if (uv_signal_init(&loop->uv, &watch->handle.uv.signal) < 0) {
        free(watch);
        return ERR_IO;
    }
    watch->fn = fn;
    watch->user = user;
    watch->handle.uv.any.data = watch;
    handle_link(loop, &watch->handle);
    if (uv_signal_start(&watch->handle.uv.signal, signal_arrived, number) < 0) {
        handle_close(&watch->handle);
        return ERR_IO;
    }
    return OK;
}
