#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "line_reader.h"
#include "log.h"
#include "source.h"

#define LINE_LIMIT (16 * 1024) /* bytes, as for every message */
#define READ_SIZE (16 * 1024)
#define VERIFY_MARGIN 1500 /* ms: an agent that gets to run late must not be taken for work that stands still */

struct stdin_source {
    struct agent *agent;
    struct line_reader reader;
    struct loop_fd *watch;    /* for what can be waited for: pipes, terminals, sockets */
    struct loop_timer *timer; /* for what is always readable: files */
    struct log_limit limit;
    int flags; /* of the descriptor, which may be shared with others */
};

static void refuse_line(struct stdin_source *source, uint64_t number, const char *why)
{
    (void)log_limited(&source->limit, LOG_WARNING, "line ignored", "line", INT_TEXT(number), "why", why, NULL);
}

static void take_line(struct stdin_source *source, const struct line *line)
{
    struct errbuf e = { 0 };
    if (line->is_too_long)
        refuse_line(source, line->number, "it is longer than 16 KiB");
    else if (text_trim(line->text).len > 0 &&
             skep_worker_merge(source->agent->worker, line->text.at, line->text.len, e.text, sizeof e.text) != SKEP_OK)
        refuse_line(source, line->number, e.text);
}

static void end_of_input(struct stdin_source *source, const char *fault)
{
    struct exit_status failed = { .status = EXIT_FAILED };
    struct line line;
    if (line_reader_end(&source->reader, &line))
        take_line(source, &line);
    if (source->watch)
        loop_fd_want(source->watch, 0);
    log_at(fault ? LOG_ERROR : LOG_INFO, fault ? "cannot read standard input" : "end of input", "why", fault, NULL);
    agent_end(source->agent, fault ? &failed : NULL);
}

/* False at the end. */
static bool read_some(struct stdin_source *source)
{
    char bytes[READ_SIZE];
    ssize_t len = read(STDIN_FILENO, bytes, sizeof bytes);
    struct text rest = { bytes, len > 0 ? (size_t)len : 0 };
    struct line line;
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (len <= 0) {
        end_of_input(source, len < 0 ? strerror(errno) : NULL);
        return false;
    }
    while (line_reader_next(&source->reader, &rest, &line))
        take_line(source, &line);
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
    line_reader_clear(&source->reader);
}

static enum err stdin_prepare(struct agent *agent, struct errbuf *e)
{
    struct stdin_source *source = arena_zalloc(&agent->arena, sizeof *source);
    if (!source || loop_timer_new(agent->loop, time_to_read, source, &source->timer) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    source->agent = agent;
    source->flags = fcntl(STDIN_FILENO, F_GETFL);
    line_reader_init(&source->reader, LINE_LIMIT);
    agent->source_state = source;
    return OK;
}

static void stdin_start(void *state)
{
    struct stdin_source *source = state;
    if (loop_fd_new(source->agent->loop, STDIN_FILENO, readable, source, &source->watch) == OK)
        loop_fd_want(source->watch, LOOP_READABLE);
    else
        loop_timer_in(source->timer, 0);
}

/* Who writes the lines cannot be asked: a line that comes before the answer must be given may show a step. */
static enum skep_work stdin_verify(void *state, bool is_first, uint32_t left_ms)
{
    const struct stdin_source *source = state;
    enum skep_work work = skep_worker_reported_work(source->agent->worker);
    (void)is_first;
    if (work != SKEP_WORK_UNKNOWN && left_ms > VERIFY_MARGIN)
        return SKEP_WORK_LATER;
    return work == SKEP_WORK_LATER ? SKEP_WORK_UNKNOWN : work;
}

const struct source source_stdin = {
    .first_status = "idle",
    .prepare = stdin_prepare,
    .start = stdin_start,
    .verify = stdin_verify,
    .clear = stdin_clear,
};
