#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log_line.h"
#include "timetext.h"

#define BURST 5
#define EVERY_MS 60000

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

void log_setup(const char *component, const char *format, const char *level)
{
    settings.component = component;
    settings.style = style_of(format);
    settings.colours = settings.style == LOG_STYLE_HUMAN && wants_colours();
    settings.to_journal = is_journal();
    for (int i = 0; i < LOG_LEVEL_COUNT; i++)
        if (strcmp(level, levels[i].name) == 0)
            settings.level = (enum log_level)i;
}

static void write_line(enum log_level level, const char *message, va_list pairs, const char *not_shown)
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
    struct log_line line;
    const char *key, *value;
    if (level > settings.level)
        return;
    time_to_text(clock_wall(), time);
    log_line_begin(&line, settings.style, &head);
    while ((key = va_arg(pairs, const char *))) {
        value = va_arg(pairs, const char *);
        if (value)
            log_line_pair(&line, key, value);
    }
    if (not_shown)
        log_line_pair(&line, "not_shown", not_shown);
    log_line_end(&line);
    if (write(STDERR_FILENO, line.at, line.len) < 0)
        return; /* there is nowhere left to say so */
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
