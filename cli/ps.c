/* skep ps - the registry as a list, and its changes. */
#include <string.h>

#include <cjson/cJSON.h>

#include "clock.h"
#include "command.h"
#include "document.h"
#include "follow.h"
#include "json.h"
#include "output.h"
#include "url_query.h"
#include "vocabulary.h"
#include "worker_list.h"

/* For all pages: 200,000 workers take 20 s where everything is slow and 300 MB in the widest table, and the documents
 * of a queen have 512 MiB by default. */
#define LIST_TIMEOUT 300000 /* ms */
#define LIST_MAX ((size_t)1 << 30)
#define FOLLOW_TIMEOUT 60000 /* ms */

struct ps_conf {
    struct cli_conf common;
    const char *output, *state, *hive;
    bool all, watch;
};

static const struct conf_option options[] = {
    { "all", CONF_FLAG, offsetof(struct ps_conf, all), .short_name = 'a', .command_line_only = true,
      .help = "include offline workers (those that left); lost ones are always listed" },
    { "output", CONF_CHOICE, offsetof(struct ps_conf, output), .short_name = 'o', .command_line_only = true,
      .choices = WORKER_LIST_FORMATS, .fallback = "table", .arg = "FORMAT",
      .help =
          "table, wide (more columns), json (one list document), jsonl (one worker per line) or name (HIVE/NAME per "
          "line)" },
    { "state", CONF_CHOICE, offsetof(struct ps_conf, state), .command_line_only = true, .choices = STATE_CHOICES,
      .arg = "STATE", .help = "only workers in this state: " STATE_LIST },
    { "hive", CONF_ID, offsetof(struct ps_conf, hive), .command_line_only = true, .arg = "HIVE",
      .help = "only workers of this hive" },
    { "watch", CONF_FLAG, offsetof(struct ps_conf, watch), .command_line_only = true,
      .help = "print the list once, then one line per change of state; with jsonl the lines are events" },
    { 0 },
};

struct ps {
    struct cli *cli;
    const struct ps_conf *conf;
    struct worker_list *list;
    size_t hidden; /* offline ones that were left out */
    size_t read;   /* workers, in all pages */
    int64_t total; /* of them, at most, as the pages have it */
    struct buf changes;
    bool blind; /* the queen reported it, and it was passed on */
};

static bool is_str(const cJSON *document, const char *name, const char *value)
{
    const char *found = document_str(document, name);
    return found && strcmp(found, value) == 0;
}

/* A list of a blind queen looks as good as any other: say so before it is read. */
static void warn_blind(struct ps *ps, const cJSON *answer)
{
    bool blind = is_str(answer, "view", "blind");
    if (!json_member(answer, "view"))
        return;
    if (blind && !ps->blind)
        output_note("warning: the queen is blind (no broker connection, or still reading stored messages): states may "
                    "be outdated");
    else if (!blind && ps->blind)
        output_note("the queen is no longer blind");
    ps->blind = blind;
}

static void add_worker(void *user, const cJSON *worker)
{
    struct ps *ps = user;
    ps->read++;
    if (!ps->conf->all && !ps->conf->state && is_str(worker, "state", "offline"))
        ps->hidden++;
    else
        worker_list_add(ps->list, worker);
}

static enum err get_page(struct ps *ps, const char *cursor, cJSON **ret, struct errbuf *e)
{
    struct page page = { "workers", add_worker, ps };
    struct buf path = BUF_INIT;
    buf_add_str(&path, "/v1/workers");
    url_query_add(&path, "limit", INT_TEXT(PAGE_LIMIT));
    url_query_add(&path, "state", ps->conf->state);
    url_query_add(&path, "hive", ps->conf->hive);
    url_query_add(&path, "cursor", cursor);
    return api_get_page(ps->cli->api, &path, API_TIMEOUT, &page, ret, e);
}

static enum err fail_endless(const char *why, struct errbuf *e)
{
    return err_set(e, ERR_IO, "the queen's list does not end: %s", why);
}

/* The page's cursor, a string or a number, as text; empty behind the last page. A cursor that does not move would be
 * requested for ever. */
static enum err next_cursor(const cJSON *page, struct buf *cursor, struct errbuf *e)
{
    const cJSON *next = json_member(page, "next");
    struct buf text = BUF_INIT;
    if (cJSON_IsString(next))
        buf_add_str(&text, next->valuestring);
    else if (next)
        document_add_json(&text, next);
    bool moves = !next || !text_equal(buf_text(&text), buf_text(cursor));
    buf_clear(cursor);
    *cursor = text;
    if (!buf_ok(cursor))
        return err_set(e, ERR_NOMEM, "out of memory");
    return moves ? OK : fail_endless("the cursor does not advance", e);
}

/* Workers come and go while pages are read. */
static enum err check_progress(struct ps *ps, const cJSON *page, size_t read_before, struct errbuf *e)
{
    int64_t total;
    if (document_int(page, "total", &total) && total > ps->total)
        ps->total = total;
    if (json_member(page, "next") && ps->read == read_before)
        return fail_endless("a page is empty", e);
    if (json_member(page, "total") && (int64_t)ps->read > 2 * ps->total + PAGE_LIMIT)
        return fail_endless("it has more workers than its total", e);
    if (worker_list_size(ps->list) > LIST_MAX)
        return err_set(e, ERR_TOO_LARGE, "the list is larger than %zu MiB: narrow it with --hive or --state",
                       LIST_MAX >> 20);
    if (clock_mono() >= ps->cli->api->deadline)
        return err_set(e, ERR_TIMEOUT, "the list takes longer than %d s: narrow it with --hive or --state",
                       LIST_TIMEOUT / 1000);
    return OK;
}

static enum err read_list(struct ps *ps, struct errbuf *e)
{
    auto_clear(buf) cursor = BUF_INIT;
    enum err err;
    ps->cli->api->deadline = clock_mono() + LIST_TIMEOUT;
    do {
        auto_free(cJSON) page = NULL;
        size_t before = ps->read;
        err = get_page(ps, buf_text(&cursor).len > 0 ? buf_str(&cursor) : NULL, &page, e);
        if (err == OK)
            err = check_progress(ps, page, before, e);
        if (err == OK) {
            warn_blind(ps, page);
            err = next_cursor(page, &cursor, e);
        }
    } while (err == OK && buf_text(&cursor).len > 0);
    ps->cli->api->deadline = MS_NEVER;
    return err;
}

static void note_empty(const struct ps *ps)
{
    if (worker_list_count(ps->list) > 0)
        return;
    if (ps->hidden > 0)
        output_note("no workers but %zu offline (skep ps -a lists them)", ps->hidden);
    else
        output_note("no workers");
}

static void note_hidden_columns(const struct ps *ps)
{
    auto_clear(buf) titles = BUF_INIT;
    worker_list_add_hidden(ps->list, &titles);
    if (buf_ok(&titles) && buf_text(&titles).len > 0)
        output_note("not shown in %zu columns: %s", ps->cli->display.width, buf_str(&titles));
}

static enum err print_list(struct ps *ps, struct errbuf *e)
{
    auto_clear(buf) out = BUF_INIT;
    enum err err = read_list(ps, e);
    if (err != OK)
        return err;
    if (worker_list_print(ps->list, ps->blind ? "blind" : "live", &ps->cli->display, &out) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    note_empty(ps);
    err = output_write(&out, e);
    if (err == OK)
        note_hidden_columns(ps);
    return err;
}

static bool is_watched(const struct ps *ps, const cJSON *event)
{
    const struct ps_conf *conf = ps->conf;
    if (!document_str(event, "worker_id") || (conf->hive && !is_str(event, "hive_id", conf->hive)))
        return false;
    return !conf->state || is_str(event, "state", conf->state) || is_str(event, "previous", conf->state);
}

static void add_change(void *user, const cJSON *event)
{
    struct ps *ps = user;
    if (is_watched(ps, event))
        worker_list_add_change(ps->list, event, &ps->cli->display, &ps->changes);
}

/* The events are counted from before the list was requested: what changes in between is shown twice, not lost. */
static enum err watch(struct ps *ps, struct errbuf *e)
{
    struct follow follow = { ps->cli->api, add_change, ps };
    if (!worker_list_is_watchable(ps->list))
        return err_set(e, ERR_SYNTAX, "--watch: requires -o table, wide or jsonl, not %s", ps->conf->output);
    enum err err = follow_skip(&follow, e);
    if (err == OK)
        err = print_list(ps, e);
    while (err == OK) {
        auto_free(cJSON) answer = NULL;
        err = follow_next(&follow, FOLLOW_TIMEOUT, &answer, e);
        if (err != OK)
            break;
        warn_blind(ps, answer);
        err = output_write(&ps->changes, e);
    }
    buf_clear(&ps->changes);
    return err;
}

static enum err run(struct cli *cli, const void *conf, struct errbuf *e)
{
    struct ps ps = { .cli = cli, .conf = conf };
    auto_free(worker_list) list = ps.list = worker_list_new(ps.conf->output);
    if (!list)
        return err_set(e, ERR_NOMEM, "out of memory");
    return ps.conf->watch ? watch(&ps, e) : print_list(&ps, e);
}

const struct command command_ps = {
    .name = "ps",
    .summary = "list the workers",
    .examples = "  skep ps                          # all but those that left\n"
                "  skep ps -a -o wide               # all, with every column\n"
                "  skep ps --state stale -o name    # for scripts: HIVE/NAME of lost workers\n"
                "  skep ps --watch                  # the table, then changes\n",
    .usage = "skep ps [-a] [-o FORMAT] [--state STATE] [--hive HIVE] [--watch]",
    .notes = "With exit code 0 the list is complete. A blind queen is reported on stderr.\n"
             "A list of more than 1 GiB, or that takes more than 5 min, is refused: narrow it\n"
             "with --hive or --state.\n",
    .options = options,
    .conf_size = sizeof(struct ps_conf),
    .run = run,
};
