/* What arrives on a real stderr: a pipe, a terminal, the journal's stream. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "log_loop.h"

static int saved_stderr = -1;

static void stderr_to(int fd)
{
    saved_stderr = dup(STDERR_FILENO);
    assert_true(saved_stderr >= 0);
    assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    close(fd);
}

static void stderr_back(void)
{
    log_detach();
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
}

/* What `fd` holds; its other end is closed. */
static char *take_all(int fd, char *ret, size_t size)
{
    size_t len = 0;
    ssize_t got;
    while ((got = read(fd, ret + len, size - 1 - len)) > 0)
        len += (size_t)got;
    close(fd);
    ret[len] = '\0';
    return ret;
}

static void speak(void)
{
    log_at(LOG_ERROR, "cannot bind", "address", "127.0.0.1:7833", NULL);
    log_at(LOG_WARNING, "odd", "why", (const char *)NULL, "n", "2", NULL);
    log_at(LOG_INFO, "connected", NULL);
    log_at(LOG_DEBUG, "packet", NULL);
}

/* What was written after log_setup on a pipe. */
static char *piped(void (*speak_up)(void), const char *format, const char *level, bool as_journal, char *ret,
                   size_t size)
{
    int ends[2];
    struct stat status;
    char stream[48];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fstat(ends[1], &status), 0);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino + !as_journal);
    setenv("JOURNAL_STREAM", stream, 1);
    stderr_to(ends[1]);
    log_setup("skep-queen", format, level);
    speak_up();
    stderr_back();
    return take_all(ends[0], ret, size);
}

/* The line at *text without its first `skip` bytes; *text moves behind it. */
static const char *line_behind(char **text, size_t skip)
{
    char *line = *text;
    char *end = strchr(line, '\n');
    assert_non_null(end);
    *end = '\0';
    *text = end + 1;
    assert_true(strlen(line) >= skip);
    return line + skip;
}

static void logfmt_on_a_pipe(void **state)
{
    char bytes[4096], *text = piped(speak, "auto", "info", false, bytes, sizeof bytes);
    size_t skip = strlen("time=2025-10-23T20:00:00.123Z ");
    (void)state;
    assert_memory_equal(text, "time=20", 7);
    assert_string_equal(line_behind(&text, skip),
                        "level=error component=skep-queen msg=\"cannot bind\" address=127.0.0.1:7833");
    assert_string_equal(line_behind(&text, skip), "level=warning component=skep-queen msg=odd n=2");
    assert_string_equal(line_behind(&text, skip), "level=info component=skep-queen msg=connected");
    assert_string_equal(text, "");
}

static void levels(void **state)
{
    static const struct {
        const char *level;
        int lines;
    } rows[] = { { "error", 1 }, { "warning", 2 }, { "info", 3 }, { "debug", 4 } };
    char bytes[4096];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int lines = 0;
        for (const char *c = piped(speak, "logfmt", rows[i].level, false, bytes, sizeof bytes); *c; c++)
            lines += *c == '\n';
        assert_int_equal(lines, rows[i].lines);
    }
}

static void json(void **state)
{
    char bytes[4096], *text = piped(speak, "json", "info", false, bytes, sizeof bytes);
    size_t skip = strlen("{\"time\":\"2025-10-23T20:00:00.123Z\"");
    (void)state;
    assert_memory_equal(text, "{\"time\":\"20", 11);
    assert_string_equal(line_behind(&text, skip), ",\"level\":\"error\",\"component\":\"skep-queen\","
                                                  "\"msg\":\"cannot bind\",\"address\":\"127.0.0.1:7833\"}");
}

static void journal_has_priority_and_no_time(void **state)
{
    char bytes[4096], *text = piped(speak, "auto", "debug", true, bytes, sizeof bytes);
    (void)state;
    assert_string_equal(line_behind(&text, 0),
                        "<3>level=error component=skep-queen msg=\"cannot bind\" address=127.0.0.1:7833");
    assert_string_equal(line_behind(&text, 0), "<4>level=warning component=skep-queen msg=odd n=2");
    assert_string_equal(line_behind(&text, 0), "<6>level=info component=skep-queen msg=connected");
    assert_string_equal(line_behind(&text, 0), "<7>level=debug component=skep-queen msg=packet");
}

static void terminal(void **state)
{
    static const struct {
        const char *why, *no_color, *term, *format, *want;
    } rows[] = {
        { "colours", NULL, "xterm", "auto", " \033[31merror\033[0m cannot bind address=127.0.0.1:7833\r" },
        { "NO_COLOR is empty", "", "xterm", "auto", " \033[31merror\033[0m cannot bind address=127.0.0.1:7833\r" },
        { "NO_COLOR is set", "1", "xterm", "auto", " error cannot bind address=127.0.0.1:7833\r" },
        { "a dumb terminal", NULL, "dumb", "auto", " error cannot bind address=127.0.0.1:7833\r" },
        { "asked for logfmt", NULL, "xterm", "logfmt",
          " level=error component=skep-queen msg=\"cannot bind\" address=127.0.0.1:7833\r" },
    };

    (void)state;
    unsetenv("JOURNAL_STREAM");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char bytes[4096], *text;
        int master, slave;
        assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
        unsetenv("NO_COLOR");
        if (rows[i].no_color)
            setenv("NO_COLOR", rows[i].no_color, 1);
        setenv("TERM", rows[i].term, 1);
        stderr_to(slave);
        log_setup("skep-queen", rows[i].format, "error");
        speak();
        stderr_back();
        text = strchr(take_all(master, bytes, sizeof bytes), ' '); /* behind the time */
        if (!text || strncmp(text, rows[i].want, strlen(rows[i].want)) != 0)
            fail_msg("%s: %s", rows[i].why, bytes);
    }
}

static void limit(void **state)
{
    struct log_limit hourly = { .burst = 3, .every = 3600 * 1000 };
    unsigned skipped = 99;
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(log_allowed(&hourly, &skipped));
    assert_int_equal(skipped, 0);
    for (int i = 0; i < 5; i++)
        assert_false(log_allowed(&hourly, &skipped));
    hourly.since -= 3600 * 1000; /* an hour later */
    assert_true(log_allowed(&hourly, &skipped));
    assert_int_equal(skipped, 5);
    assert_true(log_allowed(&hourly, &skipped));
    assert_int_equal(skipped, 0);
}

static void speak_often(void)
{
    struct log_limit limit = { .burst = 1 };
    assert_true(log_limited(&limit, LOG_WARNING, "odd", "n", "1", NULL));
    for (int i = 0; i < 3; i++)
        assert_false(log_limited(&limit, LOG_WARNING, "odd", "n", "2", NULL));
    limit.since -= 60 * 1000; /* a minute later */
    assert_true(log_limited(&limit, LOG_WARNING, "odd", "n", "3", NULL));
}

static void limited_lines_show_how_many_were_left_out(void **state)
{
    char bytes[4096], *text = piped(speak_often, "auto", "info", true, bytes, sizeof bytes);
    (void)state;
    assert_string_equal(line_behind(&text, 0), "<4>level=warning component=skep-queen msg=odd n=1");
    assert_string_equal(line_behind(&text, 0), "<4>level=warning component=skep-queen msg=odd n=3 not_shown=3");
    assert_string_equal(text, "");
}

/* Whoever reads the log, and stands still. */
struct reader {
    const char *what;
    bool (*open)(int ends[2]); /* what is read, what becomes stderr */
    void (*stop)(int fd), (*go_on)(int fd);
};

static bool open_pipe(int ends[2])
{
    return pipe(ends) == 0;
}

static bool open_stream(int ends[2])
{
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0;
}

static bool open_terminal(int ends[2])
{
    struct termios raw;
    if (openpty(&ends[0], &ends[1], NULL, NULL, NULL) != 0)
        return false;
    tcgetattr(ends[1], &raw);
    cfmakeraw(&raw);
    return tcsetattr(ends[1], TCSANOW, &raw) == 0;
}

/* As Ctrl-S and Ctrl-Q do. */
static void stop_terminal(int fd)
{
    assert_int_equal(tcflow(fd, TCOOFF), 0);
}

static void start_terminal(int fd)
{
    assert_int_equal(tcflow(fd, TCOON), 0);
}

static const struct reader readers[] = {
    { "a pipe", open_pipe, NULL, NULL },
    { "a stream, as the journal's", open_stream, NULL, NULL },
    { "a terminal", open_terminal, stop_terminal, start_terminal },
};

#define FLOOD 20000

/* What has come so far: whole lines, each number above the one before; `dropped` is what the log itself counted. */
struct seen {
    int fd;
    char part[8192];
    size_t len;
    long last, lines, dropped;
};

static void see_line(struct seen *seen, const char *line)
{
    const char *number = strstr(line, "msg=flood n="), *count = strstr(line, "count=");
    if (number) {
        assert_true(strtol(number + strlen("msg=flood n="), NULL, 10) > seen->last);
        seen->last = strtol(number + strlen("msg=flood n="), NULL, 10);
        seen->lines++;
    } else {
        assert_non_null(count);
        seen->dropped += strtol(count + strlen("count="), NULL, 10);
    }
}

static bool sees_the_last(void *user)
{
    struct seen *seen = user;
    ssize_t got = recv(seen->fd, seen->part + seen->len, sizeof seen->part - 1 - seen->len, MSG_DONTWAIT);
    char *line = seen->part, *end;
    if (got < 0 && errno == ENOTSOCK)
        got = read(seen->fd, seen->part + seen->len, sizeof seen->part - 1 - seen->len);
    if (got <= 0)
        return false;
    seen->len += (size_t)got;
    seen->part[seen->len] = '\0';
    for (; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (*line)
            see_line(seen, line);
    }
    seen->len = strlen(line);
    memmove(seen->part, line, seen->len + 1);
    return seen->last == FLOOD;
}

/* It returns from each call, which a write that waits would not, and nothing is lost without being counted. */
static void a_reader_that_stands_still_stops_nobody(void **state)
{
    (void)state;
    unsetenv("JOURNAL_STREAM");
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        struct seen seen = { 0 };
        struct loop *loop;
        int ends[2], writer, flags;
        assert_true(readers[i].open(ends));
        writer = dup(ends[1]);
        flags = fcntl(writer, F_GETFL);
        assert_int_equal(loop_new(&loop, NULL), OK);
        stderr_to(ends[1]);
        log_setup("skep-queen", "logfmt", "info");
        assert_int_equal(log_attach(loop), OK);
        if (readers[i].stop)
            readers[i].stop(writer);
        for (int n = 1; n <= FLOOD; n++)
            log_at(LOG_INFO, "flood", "n", INT_TEXT(n), NULL);
        assert_int_equal(fcntl(writer, F_GETFL), flags); /* others write there, too */
        if (readers[i].go_on)
            readers[i].go_on(writer);
        seen.fd = ends[0];
        fcntl(seen.fd, F_SETFL, O_NONBLOCK);
        if (!await_loop(loop, sees_the_last, &seen, AWAIT_LIMIT)) { /* by the timer: no line comes after it */
            stderr_back();
            fail_msg("%s: line %ld came last", readers[i].what, seen.last);
        }
        stderr_back();
        loop_free(loop);
        close(writer);
        close(seen.fd);
        print_message("%s: %ld lines, %ld dropped\n", readers[i].what, seen.lines, seen.dropped);
        assert_true(seen.dropped > 0);
        assert_int_equal(seen.lines + seen.dropped, FLOOD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_on_a_pipe),
        cmocka_unit_test(levels),
        cmocka_unit_test(json),
        cmocka_unit_test(journal_has_priority_and_no_time),
        cmocka_unit_test(terminal),
        cmocka_unit_test(limit),
        cmocka_unit_test(limited_lines_show_how_many_were_left_out),
        cmocka_unit_test(a_reader_that_stands_still_stops_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
