#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "line_ring.h"
#include "log_line.h"
#include "nowait.h"
#include "timetext.h"

#define BURST 5
#define EVERY_MS 60000
#define WAITING_MAX (64 * 1024) /* bytes that wait for whoever reads the log */
#define LAST_MS 200             /* that a reader which is slow has at the end */

#define X(symbol, ...) { __VA_ARGS__ },
static const struct {
    const char *name;
    int journal_priority;
    const char *colour;
} levels[] = { LOG_LEVELS(X) };
#undef X

static struct {
    const char *component;
    enum log_level level;
    enum log_style style;
    bool colours, to_journal;
} settings = { .component = "skep", .level = LOG_INFO };

/* Where lines go, and those that it has not taken yet. */
static struct {
    struct nowait out;
    bool is_open, is_cut; /* a line is there in part */
    struct line_ring waiting;
    void (*on_waiting)(void); /* NULL: they are written with the next line */
} sink = { .out = { .own = -1 }, .waiting = { .bytes_max = WAITING_MAX } };

/* The service manager names the stream that it reads by device and inode. */
static bool is_journal(void)
{
    const char *name = getenv("JOURNAL_STREAM");
    char own[48];
    struct stat status;
    if (!name || fstat(STDERR_FILENO, &status) != 0)
        return false;
    snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
    return strcmp(name, own) == 0;
}

static bool wants_colours(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && (!no_color || !*no_color) && !(term && strcmp(term, "dumb") == 0);
}

static enum log_style style_of(const char *format)
{
    if (strcmp(format, "json") == 0)
        return LOG_STYLE_JSON;
    if (strcmp(format, "auto") == 0 && isatty(STDERR_FILENO))
        return LOG_STYLE_HUMAN;
    return LOG_STYLE_LOGFMT;
}

static void open_sink(void)
{
    nowait_close(&sink.out);
    nowait_open(&sink.out, STDERR_FILENO);
    sink.is_open = true;
}

void log_setup(const char *component, const char *format, const char *level)
{
    open_sink();
    settings.component = component;
    settings.style = style_of(format);
    settings.colours = settings.style == LOG_STYLE_HUMAN && wants_colours();
    settings.to_journal = is_journal();
    for (int i = 0; i < LOG_LEVEL_COUNT; i++)
        if (strcmp(level, levels[i].name) == 0)
            settings.level = (enum log_level)i;
}

static void format_line(enum log_level level, const char *message, struct log_line *ret)
{
    char time[TIMETEXT_SIZE];
    struct log_head head = {
        .journal_priority = settings.to_journal ? levels[level].journal_priority : -1,
        .time = settings.to_journal ? NULL : time,
        .level = levels[level].name,
        .colour = settings.colours ? levels[level].colour : NULL,
        .component = settings.component,
        .message = message,
    };
    time_to_text(clock_wall(), time);
    log_line_begin(ret, settings.style, &head);
}

/* False: it was not taken as a whole. What cannot be written at all counts as taken: there is nowhere to say so. */
static bool write_some(struct text line, size_t *ret_taken)
{
    ssize_t done = nowait_write(&sink.out, line.at, line.len);
    bool is_full = done < 0 && errno == EAGAIN;
    *ret_taken = done >= 0 ? (size_t)done : is_full ? 0 : line.len;
    return *ret_taken == line.len;
}

/* Where a line was left out, before the next one. */
static bool write_lost(void)
{
    struct log_line line;
    struct text text;
    size_t taken;
    if (sink.waiting.lost == 0)
        return true;
    format_line(LOG_WARNING, "lines of the log were dropped: the reader is too slow", &line);
    log_line_pair(&line, "count", INT_TEXT(sink.waiting.lost));
    log_line_end(&line);
    text = (struct text){ line.at, line.len };
    if (sink.is_cut && write_some(TEXT("\n"), &taken))
        sink.is_cut = false;
    if (sink.is_cut)
        return false;
    if (!write_some(text, &taken)) {
        sink.is_cut = taken > 0;
        return false;
    }
    sink.waiting.lost = 0;
    return true;
}

/* True: nothing waits any more. */
static bool write_waiting(void)
{
    struct text line;
    size_t taken = 0;
    if (!write_lost())
        return false;
    while ((line = line_ring_oldest(&sink.waiting)).at) {
        bool is_whole = write_some(line, &taken);
        line_ring_take(&sink.waiting, taken);
        sink.is_cut = !is_whole && (sink.is_cut || taken > 0);
        if (!is_whole)
            return false;
    }
    return true;
}

static void keep_waiting(void)
{
    if (sink.on_waiting)
        sink.on_waiting();
}

void log_flush(void)
{
    if (!write_waiting())
        keep_waiting();
}

void log_on_waiting(void (*fn)(void))
{
    sink.on_waiting = fn;
}

static void write_or_keep(struct text line)
{
    size_t taken = 0;
    if (!sink.is_open)
        open_sink();
    if (write_waiting() && write_some(line, &taken))
        return;
    sink.is_cut = sink.is_cut || taken > 0;
    line_ring_add(&sink.waiting, (struct text){ line.at + taken, line.len - taken - 1 });
    keep_waiting();
}

void log_close(void)
{
    static const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
    ms_t until = clock_mono() + LAST_MS;
    while (sink.is_open && !write_waiting() && clock_mono() < until)
        nanosleep(&pause, NULL);
    nowait_close(&sink.out);
    line_ring_clear(&sink.waiting);
}

static void write_line(enum log_level level, const char *message, va_list pairs, const char *not_shown)
{
    struct log_line line;
    const char *key, *value;
    if (level > settings.level)
        return;
    format_line(level, message, &line);
    while ((key = va_arg(pairs, const char *))) {
        value = va_arg(pairs, const char *);
        if (value)
            log_line_pair(&line, key, value);
    }
    if (not_shown)
        log_line_pair(&line, "not_shown", not_shown);
    log_line_end(&line);
    write_or_keep((struct text){ line.at, line.len });
}

void log_at(enum log_level level, const char *message, ...)
{
    va_list pairs;
    va_start(pairs, message);
    write_line(level, message, pairs, NULL);
    va_end(pairs);
}

bool log_allowed(struct log_limit *limit, unsigned *ret_skipped)
{
    ms_t now = clock_mono();
    if (now - limit->since >= (limit->every ? limit->every : EVERY_MS)) {
        limit->since = now;
        limit->used = 0;
    }
    if (limit->used >= (limit->burst ? limit->burst : BURST)) {
        limit->skipped++;
        return false;
    }
    limit->used++;
    *ret_skipped = limit->skipped;
    limit->skipped = 0;
    return true;
}

bool log_limited(struct log_limit *limit, enum log_level level, const char *message, ...)
{
    unsigned skipped;
    va_list pairs;
    if (!log_allowed(limit, &skipped))
        return false;
    va_start(pairs, message);
    write_line(level, message, pairs, skipped ? INT_TEXT(skipped) : NULL);
    va_end(pairs);
    return true;
}
