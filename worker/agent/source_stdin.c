/* The source --stdin: lines of JSON from another program. Its end without a goodbye is a loss, as that of a command. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "feed_lines.h"
#include "log.h"
#include "source.h"

#define READ_SIZE (16 * 1024)

struct stdin_source {
    struct agent *agent;
    struct feed_lines *lines;
    struct loop_fd *watch;    /* for what can be waited for: pipes, terminals, sockets */
    struct loop_timer *timer; /* for what is always readable: files */
    int flags;                /* of the descriptor, which may be shared with others */
};

static void end_of_input(struct stdin_source *source, const char *fault)
{
    struct exit_status failed = { .status = EXIT_FAILED }, lost = { .status = EXIT_FAILED, .is_unknown = true };
    bool is_goodbye;
    feed_lines_end(source->lines);
    is_goodbye = !fault && feed_lines_is_leaving(source->lines);
    if (source->watch)
        loop_fd_want(source->watch, 0);
    if (fault)
        log_at(LOG_ERROR, "cannot read standard input", "why", fault, NULL);
    else if (is_goodbye)
        log_at(LOG_INFO, "end of input", NULL);
    else
        log_at(LOG_ERROR,
               "end of input without a goodbye: its writer is lost (a last line goodbye, or a status draining, is one)",
               NULL);
    agent_end(source->agent, is_goodbye ? NULL : fault ? &failed : &lost);
}

/* False at the end. */
static bool read_some(struct stdin_source *source)
{
    char bytes[READ_SIZE];
    ssize_t len = read(STDIN_FILENO, bytes, sizeof bytes);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (len <= 0) {
        end_of_input(source, len < 0 ? strerror(errno) : NULL);
        return false;
    }
    feed_lines_take(source->lines, (struct text){ bytes, (size_t)len });
    return true;
}

static void readable(void *user, int events)
{
    (void)events;
    read_some(user);
}

static void time_to_read(void *user)
{
    struct stdin_source *source = user;
    if (read_some(source))
        loop_timer_in(source->timer, 0);
}

static void stdin_clear(void *state)
{
    struct stdin_source *source = state;
    fcntl(STDIN_FILENO, F_SETFL, source->flags);
    feed_lines_free(source->lines);
}

static enum err stdin_prepare(struct agent *agent, struct errbuf *e)
{
    const struct feed_lines_options options = { .name = "standard input",
                                                .timeout = agent_feed_timeout(agent, agent->conf->stdin_timeout) };
    struct stdin_source *source = arena_zalloc(&agent->arena, sizeof *source);
    if (!source || loop_timer_new(agent->loop, time_to_read, source, &source->timer) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    source->agent = agent;
    source->flags = fcntl(STDIN_FILENO, F_GETFL);
    agent->source_state = source;
    return feed_lines_new(agent, &options, &source->lines, e);
}

static void stdin_start(void *state)
{
    struct stdin_source *source = state;
    feed_lines_begin(source->lines);
    if (loop_fd_new(source->agent->loop, STDIN_FILENO, readable, source, &source->watch) == OK)
        loop_fd_want(source->watch, LOOP_READABLE);
    else
        loop_timer_in(source->timer, 0);
}

static enum skep_work stdin_verify(void *state, bool is_first, uint32_t left_ms)
{
    (void)is_first;
    return feed_lines_verify(((const struct stdin_source *)state)->agent, left_ms);
}

const struct source source_stdin = {
    .first_status = "idle",
    .prepare = stdin_prepare,
    .start = stdin_start,
    .verify = stdin_verify,
    .clear = stdin_clear,
};
