#include "feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "argv_split.h"
#include "child.h"
#include "clock.h"
#include "fd.h"
#include "feed_lines.h"
#include "log.h"

#define READ_SIZE (16 * 1024)
#define DRAIN_MAX (64 * 1024) /* of what a command has printed before it ended */
#define CLOSED_MS 200         /* after the end of its output that of a command is on its way, unless it goes on */

struct feed {
    struct agent *agent;
    struct arena arena; /* of its words */
    char **words;
    struct feed_lines *lines;
    struct child *child;      /* the last one; NULL: none was started */
    struct loop_timer *again; /* when the next one is; or one that runs says no more */
    int output;               /* the reading end of its pipe; -1: none */
    struct loop_fd *watch;
    ms_t born, pause;
    bool is_running, is_stopped;
    struct log_limit limit;
};

static void come_again(struct feed *feed)
{
    if (feed->is_stopped)
        return;
    if (clock_mono() - feed->born >= FEED_LIVED_MS)
        feed->pause = FEED_PAUSE_FIRST;
    loop_timer_in(feed->again, feed->pause);
    feed->pause = ms_min(2 * feed->pause, FEED_PAUSE_MAX);
}

static void close_output(struct feed *feed)
{
    loop_fd_free(feed->watch);
    feed->watch = NULL;
    feed->output = fd_close(feed->output);
}

/* As read. */
static ssize_t read_some(struct feed *feed)
{
    char bytes[READ_SIZE];
    ssize_t len = read(feed->output, bytes, sizeof bytes);
    if (len > 0)
        feed_lines_take(feed->lines, (struct text){ bytes, (size_t)len });
    return len;
}

static void lose(struct feed *feed, const char *why)
{
    if (!feed->is_stopped)
        feed_lines_lose(feed->lines, why);
}

static void end_child(struct feed *feed)
{
    if (feed->is_running)
        child_stop(feed->child);
}

static void readable(void *user, int events)
{
    struct feed *feed = user;
    (void)events;
    if (read_some(feed) != 0)
        return;
    close_output(feed);
    feed_lines_end(feed->lines);
    loop_timer_in(feed->again, CLOSED_MS);
}

static void silent(void *user)
{
    end_child(user);
}

static void ending(void *user)
{
    (void)user;
}

static void ended(void *user, const struct exit_status *exit_status)
{
    struct feed *feed = user;
    char why[64];
    feed->is_running = false;
    for (size_t i = 0; feed->output >= 0 && i < DRAIN_MAX / READ_SIZE && read_some(feed) > 0; i++)
        ;
    close_output(feed);
    feed_lines_end(feed->lines);
    if (exit_status->signal)
        snprintf(why, sizeof why, "it was ended by %s", SIGNAL_NAME(exit_status->signal));
    else
        snprintf(why, sizeof why, "it has ended with exit code %d", exit_status_code(exit_status));
    lose(feed, why);
    come_again(feed);
}

static enum err open_output(struct feed *feed, int *ret, struct errbuf *e)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(e, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    feed->output = ends[0];
    *ret = ends[1];
    if (loop_fd_new(feed->agent->loop, feed->output, readable, feed, &feed->watch) != OK)
        return err_set(e, ERR_IO, "cannot watch a pipe");
    loop_fd_want(feed->watch, LOOP_READABLE);
    return OK;
}

static enum err run(struct feed *feed, struct errbuf *e)
{
    struct arena arena = { 0 };
    int null = fd_open_null(), output = -1;
    struct child_options options = { .command = feed->words,
                                     .input = null,
                                     .errors = STDERR_FILENO,
                                     .dies_with_agent = true,
                                     .is_companion = true,
                                     .ending = ending,
                                     .main_changed = ending,
                                     .ended = ended,
                                     .user = feed };
    enum err err =
        null < 0 ? err_set(e, ERR_IO, "cannot open /dev/null: %s", strerror(errno)) : open_output(feed, &output, e);
    options.output = output;
    if (err == OK)
        err = child_new(feed->agent->loop, &options, &arena, &feed->child, e);
    fd_close(output);
    fd_close(null);
    arena_clear(&arena);
    return err;
}

static void start(struct feed *feed)
{
    struct errbuf e = { 0 };
    child_free(feed->child);
    feed->child = NULL;
    feed->born = clock_mono();
    if (run(feed, &e) == OK) {
        feed->is_running = true;
        feed_lines_begin(feed->lines);
        return;
    }
    close_output(feed);
    (void)log_limited(&feed->limit, LOG_ERROR, "the feed cannot be started", "why", e.text, NULL);
    lose(feed, "it cannot be started");
    come_again(feed);
}

static void due(void *user)
{
    struct feed *feed = user;
    if (feed->is_stopped)
        return;
    if (!feed->is_running) {
        start(feed);
        return;
    }
    lose(feed, "it has closed its standard output");
    end_child(feed);
}

enum err feed_new(struct agent *agent, struct feed **ret, struct errbuf *e)
{
    struct feed *feed = calloc(1, sizeof *feed);
    struct feed_lines_options options = { .name = "--feed",
                                          .timeout = agent_feed_timeout(agent, agent->conf->settings.feed_timeout),
                                          .silent = silent,
                                          .user = feed };
    size_t count;
    enum err err;
    if (!feed || loop_timer_new(agent->loop, due, feed, &feed->again) != OK) {
        free(feed);
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    feed->agent = agent;
    feed->output = -1;
    feed->pause = FEED_PAUSE_FIRST;
    if ((err = argv_split(&feed->arena, text_of(agent->conf->feed), &feed->words, &count, e)) == OK &&
        (err = feed_lines_new(agent, &options, &feed->lines, e)) == OK)
        *ret = feed;
    else
        feed_free(feed);
    return err;
}

void feed_start(struct feed *feed)
{
    if (feed)
        start(feed);
}

void feed_stop(struct feed *feed)
{
    if (!feed || feed->is_stopped)
        return;
    feed->is_stopped = true;
    loop_timer_in(feed->again, MS_NEVER);
    end_child(feed);
}

void feed_free(struct feed *feed)
{
    if (!feed)
        return;
    child_free(feed->child);
    close_output(feed);
    loop_timer_free(feed->again);
    feed_lines_free(feed->lines);
    arena_clear(&feed->arena);
    free(feed);
}
