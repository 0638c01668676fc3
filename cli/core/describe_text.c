#include "describe_text.h"

#include <inttypes.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "age.h"
#include "document.h"
#include "event_line.h"
#include "json.h"
#include "printable.h"
#include "state_words.h"
#include "worker_table.h"

/* One row of the sheet: what stands behind the label; nothing appended leaves the row out. */
typedef void row_fn(struct buf *ret, const cJSON *worker, bool colour);

static void add_str(struct buf *ret, const char *text)
{
    printable_add(ret, text_of(text ? text : "-"));
}

static void add_age(struct buf *ret, const cJSON *document, const char *name)
{
    int64_t age;
    char text[AGE_SIZE];
    if (!document_int(document, name, &age))
        return;
    age_to_text(age, text);
    buf_add_str(ret, text);
}

static void row_state(struct buf *ret, const cJSON *worker, bool colour)
{
    state_add(ret, document_str(worker, "state"), colour);
    buf_add_str(ret, " (");
    add_str(ret, document_str(worker, "cause"));
    buf_add_str(ret, ") since ");
    add_str(ret, document_str(worker, "since"));
    if (!json_member(worker, "since_ms_ago"))
        return;
    buf_add_str(ret, "; ");
    add_age(ret, worker, "since_ms_ago");
    buf_add_str(ret, " ago");
}

static void row_why(struct buf *ret, const cJSON *worker, bool colour)
{
    const char *state = state_word_meaning(document_str(worker, "state"));
    const char *cause = cause_meaning(cause_of_name(document_str(worker, "cause")));
    (void)colour;
    if (cause)
        buf_add_str(ret, cause);
    if (state)
        buf_printf(ret, "%s%s", cause ? "; " : "", state);
}

static void row_evidence(struct buf *ret, const cJSON *worker, bool colour)
{
    const cJSON *evidence = json_member(worker, "evidence");
    (void)colour;
    if (!evidence)
        return;
    evidence_add(ret, evidence);
    buf_add_str(ret, " [");
    add_str(ret, document_str(evidence, "path"));
    buf_add_str(ret, ": ");
    add_str(ret, document_str(evidence, "result"));
    buf_add_char(ret, ']');
}

static void row_timing(struct buf *ret, const cJSON *worker, bool colour)
{
    const cJSON *evidence = json_member(worker, "evidence");
    (void)colour;
    if (!evidence)
        return;
    buf_add_str(ret, "seen ");
    add_str(ret, document_str(evidence, "seen_at"));
    if (json_member(evidence, "due_at")) {
        buf_add_str(ret, ", due ");
        add_str(ret, document_str(evidence, "due_at"));
    }
    if (json_member(evidence, "took_ms")) {
        buf_add_str(ret, ", took ");
        add_age(ret, evidence, "took_ms");
    }
    if (json_member(evidence, "last_seen_ms_ago")) {
        buf_add_str(ret, ", last seen ");
        add_age(ret, evidence, "last_seen_ms_ago");
        buf_add_str(ret, " before");
    }
}

static void row_last_seen(struct buf *ret, const cJSON *worker, bool colour)
{
    (void)colour;
    if (!json_member(worker, "last_seen_ms_ago")) {
        buf_add_str(ret, "never seen live");
        return;
    }
    add_age(ret, worker, "last_seen_ms_ago");
    buf_add_str(ret, " ago");
    if (json_member(json_member(worker, "heartbeat"), "interval_ms")) {
        buf_add_str(ret, ", one is due every ");
        add_age(ret, json_member(worker, "heartbeat"), "interval_ms");
    }
}

static void row_flags(struct buf *ret, const cJSON *worker, bool colour)
{
    const cJSON *flag;
    const char *separator = "";
    (void)colour;
    cJSON_ArrayForEach(flag, json_member(worker, "flags"))
    {
        buf_add_str(ret, separator);
        document_add_text(ret, flag);
        separator = ", ";
    }
}

static void row_incident(struct buf *ret, const cJSON *worker, bool colour)
{
    (void)colour;
    if (json_member(worker, "incident"))
        document_add_text(ret, json_member(worker, "incident"));
}

static void row_session(struct buf *ret, const cJSON *worker, bool colour)
{
    const char *session = document_str(worker, "session");
    int64_t connection;
    (void)colour;
    if (!session) {
        buf_add_str(ret, "none: its messages are not fenced");
        return;
    }
    add_str(ret, session);
    if (document_int(worker, "connection", &connection))
        buf_printf(ret, ", connection %" PRId64, connection);
}

static void row_skew(struct buf *ret, const cJSON *worker, bool colour)
{
    int64_t skew;
    char text[AGE_SIZE];
    (void)colour;
    if (!document_int(worker, "clock_skew_ms", &skew))
        return;
    age_difference_to_text(skew, text);
    buf_printf(ret, "%s (shown only, never judged by)", text);
}

static void row_verification(struct buf *ret, const cJSON *worker, bool colour)
{
    const cJSON *verification = json_member(worker, "verification");
    (void)colour;
    if (!verification)
        return;
    add_str(ret, document_str(verification, "result"));
    buf_add_str(ret, " by ");
    add_str(ret, document_str(verification, "path"));
    buf_add_str(ret, " in ");
    add_age(ret, verification, "took_ms");
    buf_add_str(ret, ", ");
    add_str(ret, document_str(verification, "at"));
}

static const struct row {
    const char *label;
    row_fn *add;
} rows[] = {
    { "State", row_state },         { "Why", row_why },
    { "Evidence", row_evidence },   { "Timing", row_timing },
    { "Last seen", row_last_seen }, { "Flags", row_flags },
    { "Incident", row_incident },   { "Session", row_session },
    { "Clock skew", row_skew },     { "Verified", row_verification },
};

#define LABEL_WIDTH 12

static void add_row(struct buf *ret, const struct row *row, const cJSON *worker, bool colour)
{
    struct buf text = BUF_INIT;
    row->add(&text, worker, colour);
    if (buf_text(&text).len > 0)
        buf_printf(ret, "%*s: %s\n", LABEL_WIDTH, row->label, buf_str(&text));
    ret->failed |= text.failed;
    buf_clear(&text);
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
        struct buf name = BUF_INIT;
        printable_add(&name, text_of(member->string));
        buf_printf(ret, "  %-*s  ", (int)(widest < 32 ? widest : 32), buf_str(&name));
        document_add_text(ret, member);
        buf_add_char(ret, '\n');
        buf_clear(&name);
    }
}

void describe_text_add(struct buf *ret, const cJSON *worker, bool colour)
{
    styled_add(ret, TEXT("●"), colour ? state_word_style(document_str(worker, "state")) : NULL);
    buf_add_char(ret, ' ');
    worker_name_add(ret, worker);
    buf_add_char(ret, '\n');
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        add_row(ret, &rows[i], worker, colour);
    add_members(ret, "Workers", json_member(worker, "workers"));
    add_members(ret, "Heartbeat, as received", json_member(worker, "heartbeat"));
    add_members(ret, "Witness of its hive", json_member(worker, "witness"));
}
