#include "output_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "log.h"
#include "nowait.h"
#include "output_lines.h"

#define READ_SIZE (16 * 1024) /* of a turn of the loop */
#define DRAIN_MAX (1024 * 1024)
#define PIECES 4      /* written in a turn of the loop: agents that share a log take turns */
#define AGAIN_FIRST 2 /* ms */
#define AGAIN_MAX 100
#define LAST_MS 200 /* that a reader which is slow has at the end */

struct output_relay {
    int ends[2];
    bool takes_output; /* also standard output */
    struct loop_fd *watch;
    struct loop_timer *timer;
    ms_t again; /* the next pause before it is tried again */
    struct nowait out;
    struct output_lines lines;
    struct log_limit limit;
};

static bool is_relayed(const struct stat *status)
{
    return S_ISFIFO(status->st_mode) || S_ISSOCK(status->st_mode) || S_ISREG(status->st_mode);
}

/* Several pieces at most; true: nothing waits any more. */
static bool write_some(struct output_relay *relay)
{
    struct text head;
    for (int i = 0; i < PIECES && (head = line_ring_head(&relay->lines.waiting, NOWAIT_MAX)).at; i++) {
        ssize_t done = nowait_write(&relay->out, head.at, head.len);
        if (done < 0 && errno == EAGAIN)
            break;
        output_lines_passed(&relay->lines, done < 0 ? head.len : (size_t)done); /* it cannot be written at all */
        relay->again = AGAIN_FIRST;
    }
    return relay->lines.waiting.lines == 0;
}

static void report_lost(struct output_relay *relay)
{
    uint64_t lost = relay->lines.waiting.lost;
    if (lost > 0 && relay->lines.waiting.lines == 0 &&
        log_limited(&relay->limit, LOG_WARNING, "lines that the command printed were dropped: the reader is too slow",
                    "count", INT_TEXT(lost), NULL))
        relay->lines.waiting.lost = 0;
}

static void go_on(struct output_relay *relay)
{
    ms_t now = clock_mono(), pause;
    bool is_done = write_some(relay);
    report_lost(relay);
    pause = output_lines_pause(&relay->lines, now);
    if (relay->watch)
        loop_fd_want(relay->watch, pause == 0 ? LOOP_READABLE : 0);
    if (is_done)
        return;
    loop_timer_in(relay->timer, pause > 0 ? ms_min(pause, relay->again) : relay->again);
    relay->again = ms_min(2 * relay->again, AGAIN_MAX);
}

static void time_is_over(void *user)
{
    go_on(user);
}

/* As read. */
static ssize_t read_some(struct output_relay *relay)
{
    char bytes[READ_SIZE];
    ssize_t len = read(relay->ends[0], bytes, sizeof bytes);
    if (len > 0)
        output_lines_take(&relay->lines, (struct text){ bytes, (size_t)len }, clock_mono());
    return len;
}

static void readable(void *user, int events)
{
    struct output_relay *relay = user;
    (void)events;
    if (read_some(relay) == 0) { /* all that could print has ended */
        output_lines_end(&relay->lines, clock_mono());
        loop_fd_free(relay->watch);
        relay->watch = NULL;
    }
    go_on(relay);
}

static enum err open_pipe(struct loop *loop, struct output_relay *relay, struct errbuf *e)
{
    if (pipe2(relay->ends, O_CLOEXEC) != 0)
        return err_set(e, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    if (loop_timer_new(loop, time_is_over, relay, &relay->timer) != OK ||
        loop_fd_new(loop, relay->ends[0], readable, relay, &relay->watch) != OK)
        return err_set(e, ERR_IO, "cannot watch a pipe");
    loop_fd_want(relay->watch, LOOP_READABLE);
    return OK;
}

enum err output_relay_new(struct loop *loop, struct output_relay **ret, struct errbuf *e)
{
    struct output_relay *relay;
    struct stat output, errors;
    enum err err;
    *ret = NULL;
    if (fstat(STDERR_FILENO, &errors) != 0 || !is_relayed(&errors))
        return OK;
    relay = calloc(1, sizeof *relay);
    if (!relay)
        return err_set(e, ERR_NOMEM, "out of memory");
    relay->ends[0] = relay->ends[1] = -1;
    relay->takes_output =
        fstat(STDOUT_FILENO, &output) == 0 && output.st_dev == errors.st_dev && output.st_ino == errors.st_ino;
    relay->again = AGAIN_FIRST;
    output_lines_init(&relay->lines);
    nowait_open(&relay->out, STDERR_FILENO);
    if ((err = open_pipe(loop, relay, e)) == OK)
        *ret = relay;
    else
        output_relay_free(relay);
    return err;
}

int output_relay_stream(const struct output_relay *relay, int fd)
{
    return relay && (fd == STDERR_FILENO || relay->takes_output) ? relay->ends[1] : fd;
}

void output_relay_begin(struct output_relay *relay)
{
    if (relay)
        relay->ends[1] = fd_close(relay->ends[1]);
}

void output_relay_drain(struct output_relay *relay)
{
    if (!relay)
        return;
    for (size_t i = 0; i < DRAIN_MAX / READ_SIZE && read_some(relay) > 0; i++)
        (void)write_some(relay);
    output_lines_end(&relay->lines, clock_mono());
    (void)write_some(relay);
}

struct text output_relay_last(const struct output_relay *relay)
{
    return relay ? line_ring_all(&relay->lines.last) : (struct text){ NULL, 0 };
}

void output_relay_free(struct output_relay *relay)
{
    static const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
    ms_t until = clock_mono() + LAST_MS;
    if (!relay)
        return;
    while (!write_some(relay) && clock_mono() < until)
        nanosleep(&pause, NULL);
    report_lost(relay);
    loop_fd_free(relay->watch);
    loop_timer_free(relay->timer);
    fd_close(relay->ends[0]);
    fd_close(relay->ends[1]);
    nowait_close(&relay->out);
    output_lines_clear(&relay->lines);
    free(relay);
}
