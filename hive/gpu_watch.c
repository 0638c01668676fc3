#include "gpu_watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exit_status.h"
#include "fd.h"
#include "log.h"
#include "loop_child.h"

#define WAITS_MAX 3          /* intervals without an answer: it hangs */
#define PAUSE_FIRST 10000    /* after a failure */
#define PAUSE_MAX 600000     /* ... and after each further one twice as long, up to this */
#define PAUSE_WITHOUT 300000 /* there is no GPU */
#define DECODE_MAX (1 << 20) /* memory for a report */

struct gpu_watch {
    struct loop *loop;
    struct gpu_watch_options options;
    struct loop_timer *timer;
    struct loop_child *child; /* NULL = none runs, and none is left */
    struct loop_fd *watch;    /* of `fd`, where requests go and reports come from; NULL = none */
    int fd;
    bool is_requested;
    bool is_killed;  /* the child; in the kernel it may go on for as long as its driver wants */
    bool has_report; /* which was handed out */
    bool is_failing; /* which was logged */
    unsigned waits;  /* since the request */
    ms_t pause;      /* after the next failure */
    struct arena arena;
    struct gpu_report report;
    char bytes[GPU_REPORT_BYTES_MAX + 1];
};

static void close_socket(struct gpu_watch *watch)
{
    loop_fd_free(watch->watch);
    watch->watch = NULL;
    watch->fd = fd_close(watch->fd);
    watch->is_requested = false;
}

static void forget_report(struct gpu_watch *watch)
{
    if (watch->has_report)
        watch->options.report(watch->options.user, NULL);
    watch->has_report = false;
}

/* Once, until a report comes again. */
static void note_failure(struct gpu_watch *watch, const char *why)
{
    if (!watch->is_failing)
        log_at(LOG_WARNING, "cannot read the GPUs; retrying", "why", why, NULL);
    watch->is_failing = true;
    forget_report(watch);
}

/* A further one is started when it has ended. */
static void give_up(struct gpu_watch *watch, const char *why)
{
    note_failure(watch, why);
    watch->is_killed = true;
    close_socket(watch);
    loop_child_kill(watch->child);
}

static void pause_after_failure(struct gpu_watch *watch)
{
    loop_timer_in(watch->timer, watch->pause);
    watch->pause = ms_min(2 * watch->pause, PAUSE_MAX);
}

static void ended(void *user, const struct exit_status *exit_status)
{
    struct gpu_watch *watch = user;
    bool is_without = exit_status_code(exit_status) == 0 && !watch->is_killed;
    char why[64];
    snprintf(why, sizeof why, "the process that reads them ended with %s",
             exit_status->signal ? SIGNAL_NAME(exit_status->signal) : INT_TEXT(exit_status->status));
    loop_child_free(watch->child);
    watch->child = NULL;
    close_socket(watch);
    if (is_without) {
        log_at(LOG_DEBUG, "no GPU found", NULL);
        forget_report(watch);
        loop_timer_in(watch->timer, PAUSE_WITHOUT);
        return;
    }
    note_failure(watch, why);
    pause_after_failure(watch);
}

static void take_report(struct gpu_watch *watch, struct text json)
{
    struct errbuf e = { 0 };
    enum err err = gpu_report_decode(&watch->arena, json, &watch->report, &e);
    watch->is_requested = false;
    if (err == OK) {
        if (watch->is_failing)
            log_at(LOG_INFO, "GPUs are read again", NULL);
        watch->is_failing = false;
        watch->has_report = true;
        watch->pause = PAUSE_FIRST;
        watch->options.report(watch->options.user, &watch->report);
    } else {
        give_up(watch, e.text);
    }
    arena_reset(&watch->arena);
}

static void readable(void *user, int events)
{
    struct gpu_watch *watch = user;
    ssize_t len = recv(watch->fd, watch->bytes, sizeof watch->bytes, MSG_DONTWAIT);
    (void)events;
    if (len > 0)
        take_report(watch, (struct text){ watch->bytes, (size_t)len });
    else if (len == 0 || (errno != EAGAIN && errno != EINTR))
        close_socket(watch); /* `ended` follows */
}

static void request(struct gpu_watch *watch)
{
    watch->is_requested = true;
    watch->waits = 0;
    (void)send(watch->fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT); /* one that is gone is seen ending */
}

/* Its output would be in the log as it comes from a driver. */
static enum err start_at(struct gpu_watch *watch, int end, struct errbuf *e)
{
    const int streams[] = { end, -1, -1 };
    struct loop_child_options options = { .file = watch->options.file,
                                          .arguments = watch->options.arguments,
                                          .environment = environ,
                                          .streams = streams,
                                          .stream_count = ARRAY_LEN(streams),
                                          .leads_session = true,
                                          .ended = ended,
                                          .user = watch };
    enum err err = loop_fd_new(watch->loop, watch->fd, readable, watch, &watch->watch);
    if (err != OK)
        return err_set(e, err, "out of descriptors or memory");
    loop_fd_want(watch->watch, LOOP_READABLE);
    return loop_child_new(watch->loop, &options, &watch->child, e);
}

static void start(struct gpu_watch *watch)
{
    struct errbuf e = { 0 };
    enum err err;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        note_failure(watch, strerror(errno));
        pause_after_failure(watch);
        return;
    }
    watch->fd = ends[0];
    watch->is_killed = false;
    err = start_at(watch, ends[1], &e);
    close(ends[1]);
    if (err == OK) {
        request(watch);
        loop_timer_in(watch->timer, watch->options.interval);
        return;
    }
    close_socket(watch);
    note_failure(watch, e.text);
    pause_after_failure(watch);
}

static void due(void *user)
{
    struct gpu_watch *watch = user;
    if (!watch->child) {
        start(watch);
        return;
    }
    loop_timer_in(watch->timer, watch->options.interval);
    if (watch->fd >= 0 && !watch->is_requested)
        request(watch);
    else if (!watch->is_killed && ++watch->waits >= WAITS_MAX) /* it answers not, or ends not */
        give_up(watch, "a driver does not respond in time");
}

enum err gpu_watch_new(struct loop *loop, const struct gpu_watch_options *options, struct gpu_watch **ret)
{
    struct gpu_watch *watch = calloc(1, sizeof *watch);
    enum err err = watch ? loop_timer_new(loop, due, watch, &watch->timer) : ERR_NOMEM;
    if (err != OK) {
        free(watch);
        return err;
    }
    watch->loop = loop;
    watch->options = *options;
    watch->fd = -1;
    watch->pause = PAUSE_FIRST;
    watch->arena.limit = DECODE_MAX;
    loop_timer_in(watch->timer, 0);
    *ret = watch;
    return OK;
}

void gpu_watch_free(struct gpu_watch *watch)
{
    if (!watch)
        return;
    close_socket(watch);
    if (watch->child)
        loop_child_kill(watch->child);
    loop_child_free(watch->child);
    loop_timer_free(watch->timer);
    arena_clear(&watch->arena);
    free(watch);
}
