#include "feed_lines.h"

#include <stdlib.h>

#include "feed_fields.h"
#include "line_reader.h"
#include "log.h"

#define LINE_LIMIT (16 * 1024) /* bytes, as for every message */
#define VERIFY_MARGIN 1500     /* ms: an agent that gets to run late must not be taken for work that stands still */

struct feed_lines {
    struct agent *agent;
    struct feed_lines_options options;
    struct line_reader reader;
    struct feed_fields fields;
    struct loop_timer *silence;
    struct log_limit refused, changed;
    bool is_lost, said_goodbye;
};

static void set_lost(struct feed_lines *lines, bool is_lost)
{
    struct agent *agent = lines->agent;
    lines->is_lost = is_lost;
    agent->lost_feeds += is_lost ? 1 : -1;
    skep_worker_set_feed_lost(agent->worker, agent->lost_feeds > 0);
}

static void silence_is_over(struct feed_lines *lines)
{
    loop_timer_in(lines->silence, lines->options.timeout);
    if (!lines->is_lost)
        return;
    set_lost(lines, false);
    (void)log_limited(&lines->changed, LOG_INFO, "the feed is back", "feed", lines->options.name, NULL);
}

static void refuse_line(struct feed_lines *lines, uint64_t number, const char *why)
{
    (void)log_limited(&lines->refused, LOG_WARNING, "line ignored", "feed", lines->options.name, "line",
                      INT_TEXT(number), "why", why, NULL);
}

static enum err merge(struct feed_lines *lines, struct text text, struct errbuf *e)
{
    struct feed_fields fields = lines->fields;
    enum err err = feed_fields_note(&fields, text, e);
    if (err != OK)
        return err;
    if (skep_worker_merge(lines->agent->worker, text.at, text.len, e->text, sizeof e->text) != SKEP_OK)
        return ERR_REFUSED;
    lines->fields = fields;
    return OK;
}

static void take_line(struct feed_lines *lines, const struct line *line)
{
    struct text text = text_trim(line->text);
    struct errbuf e = { 0 };
    if (line->is_too_long) {
        refuse_line(lines, line->number, "it is longer than 16 KiB");
        return;
    }
    if (text.len == 0)
        return;
    lines->said_goodbye = text_is(text, "goodbye");
    if (!lines->said_goodbye && merge(lines, text, &e) != OK)
        refuse_line(lines, line->number, e.text);
    else
        silence_is_over(lines);
}

static void time_is_up(void *user)
{
    struct feed_lines *lines = user;
    feed_lines_lose(lines, "it is silent");
    if (lines->options.silent)
        lines->options.silent(lines->options.user);
}

enum err feed_lines_new(struct agent *agent, const struct feed_lines_options *options, struct feed_lines **ret,
                        struct errbuf *e)
{
    struct feed_lines *lines = calloc(1, sizeof *lines);
    if (!lines || loop_timer_new(agent->loop, time_is_up, lines, &lines->silence) != OK) {
        free(lines);
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    lines->agent = agent;
    lines->options = *options;
    line_reader_init(&lines->reader, LINE_LIMIT);
    *ret = lines;
    return OK;
}

void feed_lines_free(struct feed_lines *lines)
{
    if (!lines)
        return;
    loop_timer_free(lines->silence);
    line_reader_clear(&lines->reader);
    free(lines);
}

void feed_lines_begin(struct feed_lines *lines)
{
    loop_timer_in(lines->silence, lines->options.timeout);
}

void feed_lines_take(struct feed_lines *lines, struct text bytes)
{
    struct line line;
    while (line_reader_next(&lines->reader, &bytes, &line))
        take_line(lines, &line);
}

void feed_lines_end(struct feed_lines *lines)
{
    struct line line;
    if (line_reader_end(&lines->reader, &line))
        take_line(lines, &line);
    loop_timer_in(lines->silence, MS_NEVER);
}

void feed_lines_lose(struct feed_lines *lines, const char *why)
{
    auto_clear(buf) json = BUF_INIT;
    struct errbuf e = { .text = "out of memory" };
    if (lines->is_lost)
        return;
    feed_fields_withdraw(&lines->fields, &json);
    if (!buf_ok(&json) ||
        skep_worker_merge(lines->agent->worker, buf_str(&json), json.len, e.text, sizeof e.text) != SKEP_OK)
        log_at(LOG_ERROR, "what a feed reported cannot be withdrawn", "why", e.text, NULL);
    set_lost(lines, true);
    (void)log_limited(&lines->changed, LOG_WARNING, "the feed is lost", "feed", lines->options.name, "why", why, NULL);
}

bool feed_lines_is_leaving(const struct feed_lines *lines)
{
    return lines->said_goodbye || lines->fields.is_draining;
}

enum skep_work feed_lines_verify(const struct agent *agent, uint32_t left_ms)
{
    enum skep_work work = skep_worker_reported_work(agent->worker);
    if (work != SKEP_WORK_UNKNOWN && left_ms > VERIFY_MARGIN)
        return SKEP_WORK_LATER;
    return work == SKEP_WORK_LATER ? SKEP_WORK_UNKNOWN : work;
}
