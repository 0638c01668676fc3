#include "describe_text.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "document.h"
#include "event_line.h"
#include "json.h"
#include "state_words.h"
#include "template.h"

static void row_why(struct buf *ret, const cJSON *worker)
{
    const char *state = state_word_meaning(document_str(worker, "state"));
    const char *cause = cause_meaning(cause_of_name(document_str(worker, "cause")));
    if (cause)
        buf_add_str(ret, cause);
    if (state && !str_equal(state, cause))
        buf_printf(ret, "%s%s", cause ? "; " : "", state);
}

static void row_evidence(struct buf *ret, const cJSON *worker)
{
    const cJSON *evidence = json_member(worker, "evidence");
    if (!evidence)
        return;
    evidence_add(ret, evidence);
    template_add(ret, " [{path}: {result}]", evidence, false);
}

/* One row of the sheet: what stands behind the label, as a template or by a function; nothing appended leaves it out.
 */
static const struct row {
    const char *label, *template;
    void (*add)(struct buf *ret, const cJSON *worker);
} rows[] = {
    { "State", "{state:state} ({cause}<; it was {was}>) since {since}<; {since_ms_ago:age} ago>" },
    { "Why", NULL, row_why },
    { "Evidence", NULL, row_evidence },
    { "Timing", "<seen {evidence.seen_at}<, due {evidence.due_at}><, took {evidence.took_ms:age}>"
                "<, last seen {evidence.last_seen_ms_ago:age} before>>" },
    { "Last seen", "<{last_seen_ms_ago:age} ago<, one is due every {heartbeat.interval_ms:age}>|never seen live>" },
    { "Flags", "<{flags:list}>" },
    { "Incident", "<{open_incident.class} since {open_incident.opened_at}>" },
    { "Part of", "<{incident}>" },
    { "Session", "<{session}<, connection {connection:int}>|none: its messages are not fenced>" },
    { "Clock skew", "<{clock_skew_ms:difference} (shown only, never judged by)>" },
    { "Verified", "<{verification.result} by {verification.path} in {verification.took_ms:age}, {verification.at}>" },
};

#define LABEL_WIDTH 12

static void add_row(struct buf *ret, const struct row *row, const cJSON *worker, bool colour)
{
    auto_clear(buf) text = BUF_INIT;
    if (row->template)
        template_add(&text, row->template, worker, colour);
    else
        row->add(&text, worker);
    if (buf_text(&text).len > 0)
        buf_printf(ret, "%*s: %s\n", LABEL_WIDTH, row->label, buf_str(&text));
    ret->failed |= text.failed;
}

/* All members of a document as it was received, also those that this program does not know. */
static void add_members(struct buf *ret, const char *title, const cJSON *document)
{
    size_t widest = 0;
    if (!cJSON_IsObject(document))
        return;
    for (const cJSON *member = document->child; member; member = member->next)
        if (strlen(member->string) > widest)
            widest = strlen(member->string);
    buf_printf(ret, "\n%s\n", title);
    for (const cJSON *member = document->child; member; member = member->next) {
        auto_clear(buf) name = BUF_INIT;
        printable_add(&name, text_of(member->string));
        buf_printf(ret, "  %-*s  ", (int)(widest < 32 ? widest : 32), buf_str(&name));
        document_add_text(ret, member);
        buf_add_char(ret, '\n');
    }
}

void describe_text_add(struct buf *ret, const cJSON *worker, bool colour)
{
    styled_add(ret, TEXT("●"), colour ? state_word_style(document_str(worker, "state")) : NULL);
    template_add(ret, " {:name}\n", worker, colour);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        add_row(ret, &rows[i], worker, colour);
    add_members(ret, "Workers", json_member(worker, "workers"));
    add_members(ret, "Heartbeat, as received", json_member(worker, "heartbeat"));
    add_members(ret, "Witness of its hive", json_member(worker, "witness"));
}
