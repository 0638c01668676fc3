/* loop.h - the one event loop of a daemon, over libuv: timers, signals, file descriptors.
 *
 * All calls from the loop's thread. Handles are heap objects; x_free stops and closes one (also from its own callback),
 * NULL is fine. */
#ifndef SKEP_LOOP_H
#define SKEP_LOOP_H

#include "err.h"

struct loop;
struct loop_timer;
struct loop_fd;

enum err loop_new(struct loop **ret, struct errbuf *e);
/* Closes what was not freed (signals, timers, watches). Handles made on loop_uv must be closed before. */
void loop_free(struct loop *loop);

/* Runs until loop_stop. `before_sleep` (may be NULL) is called once per turn after all events were handled, before the
 * loop sleeps: the place to tick cores and re-arm timers. A timer armed there counts for the sleep that follows. */
void loop_run(struct loop *loop, void (*before_sleep)(void *user), void *user);
void loop_stop(struct loop *loop);

enum err loop_timer_new(struct loop *loop, void (*fn)(void *user), void *user, struct loop_timer **ret);
/* Fires once, `delay` from now (in the past: in the next turn); replaces what was armed; MS_NEVER disarms. */
void loop_timer_in(struct loop_timer *timer, ms_t delay);
void loop_timer_free(struct loop_timer *timer);

enum loop_events { LOOP_READABLE = 1, LOOP_WRITABLE = 2, LOOP_URGENT = 8 /* POLLPRI */ };
/* Watches a descriptor that stays the caller's and becomes non-blocking; free the watch before closing it. Wants
 * nothing yet. A descriptor in error shows as all that is wanted: reading or writing tells what it is. ERR_NOMEM;
 * ERR_IO for one that is watched already or cannot be polled. */
enum err loop_fd_new(struct loop *loop, int fd, void (*fn)(void *user, int events), void *user, struct loop_fd **ret);
void loop_fd_want(struct loop_fd *watch, int events); /* 0 pauses */
void loop_fd_free(struct loop_fd *watch);

/* `fn` on the loop's thread for each arrival (equal ones may be merged). SIGPIPE is ignored by loop_new. ERR_NOMEM,
 * ERR_IO. */
enum err loop_signal(struct loop *loop, int number, void (*fn)(void *user, int number), void *user);

#endif
