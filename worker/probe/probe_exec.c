#include "probe_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "inherited.h"
#include "json_scan.h"
#include "json_write.h"
#include "line_reader.h"
#include "log.h"
#include "loop_child.h"

#define LINE_LIMIT (16 * 1024) /* bytes, as for every message */
#define READ_SIZE (16 * 1024)
#define ARGUMENTS_MAX 1024
#define PIPE_SIZE (64 * 1024) /* bytes: no command can leave more behind */
#define DOCUMENT_MEMORY (1024 * 1024)

struct runner {
    const struct probe_conf *conf;
    struct lines *lines;
    struct loop *loop;
    struct loop_timer *timer; /* of the next look, or of the limit of this run */
    struct loop_child *child; /* NULL = none runs, and none is left */
    struct loop_fd *watch;    /* of its output; NULL: it has ended */
    int output;
    struct line_reader reader;
    struct arena arena;   /* of one line */
    struct buf good;      /* the last object */
    bool has_line, is_ok; /* of this run */
    ms_t began_at;
    const char *why; /* this run is a failure; of a child that is left: it was killed */
    int signal;      /* that ends it all; 0 = none */
    struct log_limit limit;
    struct errbuf fault; /* ends it all */
    enum err err;
};

static void fail_for_good(struct runner *runner, enum err err)
{
    runner->err = err;
    loop_stop(runner->loop);
}

static void print(struct runner *runner, struct text line)
{
    enum err err = lines_print(runner->lines, line, clock_mono(), &runner->fault);
    if (err != OK)
        fail_for_good(runner, err);
}

/* With what it lacks: the status `error` of a run before must not stay. */
static void keep_object(struct runner *runner, struct text object, bool lacks_status, bool lacks_stall)
{
    struct text members = text_trim((struct text){ object.at + 1, object.len - 1 });
    struct buf *good = &runner->good;
    buf_reset(good);
    buf_add_char(good, '{');
    if (lacks_status)
        buf_add_str(good, "\"status\":\"idle\"");
    if (lacks_stall)
        buf_printf(good, "%s\"stall_ms\":%" PRId64, lacks_status ? "," : "", runner->conf->stall);
    if ((lacks_status || lacks_stall) && members.at[0] != '}')
        buf_add_char(good, ',');
    buf_add_text(good, members);
}

static void take_line(struct runner *runner, const struct line *line)
{
    const struct json_value *object = NULL;
    struct errbuf e = { 0 };
    bool lacks_status, lacks_stall;
    if (line->is_too_long)
        (void)err_set(&e, ERR_TOO_LARGE, "it is longer than 16 KiB");
    else if (text_trim(line->text).len == 0)
        return;
    else if (json_scan(&runner->arena, line->text, &object, &e) == OK && object->type != JSON_OBJECT)
        (void)err_set(&e, ERR_TYPE, "it is no JSON object");
    lacks_status = !json_value_member(object, "status");
    lacks_stall = runner->conf->stall > 0 && !json_value_member(object, "stall_ms");
    arena_reset(&runner->arena);
    if (e.text[0]) {
        (void)log_limited(&runner->limit, LOG_WARNING, "line ignored", "why", e.text, NULL);
        return;
    }
    keep_object(runner, text_trim(line->text), lacks_status, lacks_stall);
    runner->has_line = true;
    print(runner, buf_text(&runner->good));
}

/* Of what the last object had nothing is known any more. */
static void print_error(struct runner *runner)
{
    auto_clear(buf) line = BUF_INIT;
    struct json_write w = json_write_to(&line);
    const struct json_value *object = NULL;
    json_open(&w, '{');
    json_add_str(&w, "status", "error");
    if (runner->good.len > 0 && json_scan(&runner->arena, buf_text(&runner->good), &object, NULL) == OK)
        JSON_EACH(member, object)
        {
            if (!text_is(member->key, "status"))
                json_add_null(&w, member->key.at);
        }
    json_close(&w, '}');
    arena_reset(&runner->arena);
    if (buf_ok(&line))
        print(runner, buf_text(&line));
}

static void close_output(struct runner *runner)
{
    loop_fd_free(runner->watch);
    runner->watch = NULL;
    runner->output = fd_close(runner->output);
}

static void wait_for_next(struct runner *runner)
{
    loop_timer_in(runner->timer, ms_max(0, runner->began_at + runner->conf->every - clock_mono()));
}

static void finish(struct runner *runner)
{
    struct line line;
    close_output(runner);
    if (line_reader_end(&runner->reader, &line))
        take_line(runner, &line);
    line_reader_clear(&runner->reader);
    if (!runner->why && !runner->has_line)
        runner->why = "it printed no JSON object";
    runner->is_ok = !runner->why;
    if (runner->why) {
        (void)log_limited(&runner->limit, LOG_WARNING, "the command failed", "why", runner->why, NULL);
        print_error(runner);
    }
    if (runner->conf->once)
        loop_stop(runner->loop);
    wait_for_next(runner);
}

/* Whoever else holds its output is not waited for. */
static void child_ended(void *user, const struct exit_status *exit_status)
{
    struct runner *runner = user;
    char bytes[READ_SIZE];
    struct line line;
    ssize_t len;
    loop_child_free(runner->child);
    runner->child = NULL;
    if (runner->why) { /* its time was up, and its run is over */
        wait_for_next(runner);
        return;
    }
    if (exit_status->signal || exit_status->status)
        runner->why = exit_status->signal ? "it was killed" : "its exit code is not 0";
    for (size_t left = PIPE_SIZE; runner->watch && left > 0; left -= (size_t)len) {
        if ((len = read(runner->output, bytes, left < sizeof bytes ? left : sizeof bytes)) <= 0)
            break;
        for (struct text rest = { bytes, (size_t)len }; line_reader_next(&runner->reader, &rest, &line);)
            take_line(runner, &line);
    }
    finish(runner);
}

static void readable(void *user, int events)
{
    struct runner *runner = user;
    char bytes[READ_SIZE];
    struct text rest = { bytes, 0 };
    struct line line;
    ssize_t len = read(runner->output, bytes, sizeof bytes);
    (void)events;
    rest.len = len > 0 ? (size_t)len : 0;
    while (line_reader_next(&runner->reader, &rest, &line))
        take_line(runner, &line);
    if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
        close_output(runner);
}

static enum err start_child(struct runner *runner, int output)
{
    static const char file[] = "/usr/bin/env";
    char *const *command = runner->conf->source.command;
    const char *arguments[ARGUMENTS_MAX] = { "env", "--" };
    int streams[] = { -1, output, STDERR_FILENO };
    struct loop_child_options options = { .file = file,
                                          .environment = environ,
                                          .streams = streams,
                                          .stream_count = ARRAY_LEN(streams),
                                          .leads_session = true,
                                          .ended = child_ended,
                                          .user = runner };
    for (size_t i = 0; command[i]; i++) {
        if (i + 3 >= ARRAY_LEN(arguments))
            return err_set(&runner->fault, ERR_FULL, "more than %d arguments", ARGUMENTS_MAX - 3);
        arguments[i + 2] = command[i];
    }
    options.arguments = (char *const *)arguments;
    return loop_child_new(runner->loop, &options, &runner->child, &runner->fault);
}

static enum err run_command(struct runner *runner)
{
    int ends[2];
    enum err err;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(&runner->fault, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    line_reader_init(&runner->reader, LINE_LIMIT);
    runner->output = ends[0];
    runner->has_line = false;
    runner->why = NULL;
    runner->began_at = clock_mono();
    err = loop_fd_new(runner->loop, ends[0], readable, runner, &runner->watch);
    if (err != OK)
        err = err_set(&runner->fault, err, "cannot read from a pipe");
    else
        err = start_child(runner, ends[1]);
    fd_close(ends[1]);
    if (err != OK)
        return err;
    loop_fd_want(runner->watch, LOOP_READABLE);
    loop_timer_in(runner->timer, runner->conf->timeout);
    return OK;
}

/* One in the kernel, at a disk that does not answer, is left for as long as that takes; and one is enough. */
static void look_at_killed(struct runner *runner)
{
    print_error(runner);
    loop_timer_in(runner->timer, runner->conf->every);
}

static void time_is_up(void *user)
{
    struct runner *runner = user;
    enum err err;
    if (runner->child && runner->why) {
        look_at_killed(runner);
    } else if (runner->child) {
        runner->why = "it took longer than --timeout";
        loop_child_kill(runner->child);
        finish(runner);
    } else if ((err = run_command(runner)) != OK) {
        fail_for_good(runner, err);
    }
}

static void on_signal(void *user, int number)
{
    struct runner *runner = user;
    runner->signal = number;
    loop_stop(runner->loop);
}

/* The command leads a session: what ends this program does not reach it. */
static enum err catch_signals(struct runner *runner)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
    enum err err = OK;
    for (size_t i = 0; err == OK && i < ARRAY_LEN(numbers); i++)
        if (!inherited_ignores(numbers[i]))
            err = loop_signal(runner->loop, numbers[i], on_signal, runner);
    return err;
}

int probe_exec_run(const struct probe_conf *conf, struct lines *lines, struct errbuf *e)
{
    struct runner runner = { .conf = conf, .lines = lines, .output = -1, .arena.limit = DOCUMENT_MEMORY };
    if ((runner.err = loop_new(&runner.loop, &runner.fault)) == OK &&
        (runner.err = loop_timer_new(runner.loop, time_is_up, &runner, &runner.timer)) == OK &&
        (runner.err = catch_signals(&runner)) == OK) {
        loop_timer_in(runner.timer, 0);
        loop_run(runner.loop, NULL, NULL);
    }
    close_output(&runner);
    line_reader_clear(&runner.reader);
    if (runner.child)
        loop_child_kill(runner.child);
    loop_child_free(runner.child);
    loop_free(runner.loop);
    buf_clear(&runner.good);
    arena_clear(&runner.arena);
    if (runner.signal && signal(runner.signal, SIG_DFL) != SIG_ERR)
        (void)raise(runner.signal);
    if (runner.err != OK) {
        (void)err_set(e, runner.err, "%s", runner.fault.text[0] ? runner.fault.text : "out of memory");
        return EXIT_FAILED;
    }
    return runner.is_ok ? EXIT_OK : EXIT_UNHEALTHY;
}
