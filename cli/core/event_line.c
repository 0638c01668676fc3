#include "event_line.h"

#include <inttypes.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "document.h"
#include "json.h"
#include "printable.h"
#include "state_words.h"
#include "worker_table.h"

void state_add(struct buf *ret, const char *state, bool colour)
{
    styled_add(ret, text_of(state ? state : "unknown"), colour ? state_word_style(state) : NULL);
}

static void add_exit(struct buf *ret, const cJSON *exit)
{
    int64_t code;
    const char *signal = document_str(exit, "signal");
    bool oom = false;
    if (document_int(exit, "code", &code))
        buf_printf(ret, "exit code %" PRId64, code);
    else
        buf_add_str(ret, "exit code unknown");
    if (signal) {
        buf_add_str(ret, ", signal ");
        printable_add(ret, text_of(signal));
    }
    if (json_bool(json_member(exit, "oom"), &oom) && oom)
        buf_add_str(ret, ", out of memory");
}

void evidence_add(struct buf *ret, const cJSON *evidence)
{
    const char *text = document_str(evidence, "text");
    const char *path = document_str(evidence, "path");
    const char *result = document_str(evidence, "result");
    const cJSON *exit = json_member(evidence, "exit");
    if (text) {
        printable_add(ret, text_of(text));
    } else if (path && result) {
        printable_add(ret, text_of(path));
        buf_add_str(ret, ": ");
        printable_add(ret, text_of(result));
    }
    if (cJSON_IsObject(exit)) {
        buf_add_str(ret, buf_text(ret).len > 0 ? ", " : "");
        add_exit(ret, exit);
    }
}

/* When it was seen, else since when it holds. */
static const char *time_of(const cJSON *event)
{
    const char *seen = document_str(json_member(event, "evidence"), "seen_at");
    const char *since = document_str(event, "since");
    const char *at = document_str(event, "at");
    return seen ? seen : since ? since : at ? at : "-";
}

static bool is_shown_apart(const char *member)
{
    static const char *const names[] = { "fleet", "at", "since", "event_id", "queen_id" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], member) == 0)
            return true;
    return false;
}

static void add_fleet(struct buf *ret, const cJSON *event)
{
    buf_add_str(ret, "fleet ");
    printable_add(ret, text_of(document_str(event, "fleet")));
    for (const cJSON *member = event->child; member; member = member->next) {
        if (cJSON_IsNull(member) || is_shown_apart(member->string))
            continue;
        buf_add_char(ret, ' ');
        printable_add(ret, text_of(member->string));
        buf_add_char(ret, '=');
        document_add_text(ret, member);
    }
}

static void add_change(struct buf *ret, const cJSON *event, bool colour)
{
    const char *cause = document_str(event, "cause");
    struct buf words = BUF_INIT;
    evidence_add(&words, json_member(event, "evidence"));
    worker_name_add(ret, event);
    buf_add_char(ret, ' ');
    state_add(ret, document_str(event, "previous"), colour);
    buf_add_str(ret, " -> ");
    state_add(ret, document_str(event, "state"), colour);
    buf_add_str(ret, " (");
    printable_add(ret, text_of(cause ? cause : "-"));
    buf_add_char(ret, ')');
    if (buf_text(&words).len > 0) {
        buf_add_char(ret, ' ');
        buf_add_text(ret, buf_text(&words));
    }
    ret->failed |= words.failed;
    buf_clear(&words);
}

void event_line_add(struct buf *ret, const cJSON *event, bool colour)
{
    printable_add(ret, text_of(time_of(event)));
    buf_add_char(ret, ' ');
    if (document_str(event, "fleet"))
        add_fleet(ret, event);
    else
        add_change(ret, event, colour);
    buf_add_char(ret, '\n');
}
