#include "event_line.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "document.h"
#include "json.h"
#include "template.h"

#define EVENT_INDENT 4 /* of what goes on in a next line */

void evidence_add(struct buf *ret, const cJSON *evidence)
{
    const cJSON *exit = json_member(evidence, "exit");
    bool oom = false;
    template_add(ret, "<{text}|{path}: {result}>", evidence, false);
    if (!cJSON_IsObject(exit))
        return;
    buf_add_str(ret, buf_text(ret).len > 0 ? ", " : "");
    template_add(ret, "<exit code {code:int}|exit code unknown><, signal {signal}>", exit, false);
    if (json_bool(json_member(exit, "oom"), &oom) && oom)
        buf_add_str(ret, ", out of memory");
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

void event_line_add(struct buf *ret, const cJSON *event, bool colour)
{
    auto_clear(buf) words = BUF_INIT;
    template_add(ret, "<{evidence.seen_at}|{since}|{at}|-> ", event, colour); /* when it was seen, else since when */
    if (document_str(event, "fleet")) {
        add_fleet(ret, event);
    } else {
        template_add(ret, "{:name} {previous:state} -> {state:state} ({cause})", event, colour);
        evidence_add(&words, json_member(event, "evidence"));
        buf_add_str(ret, words.len > 0 ? " " : "");
        buf_add_text(ret, buf_text(&words));
        ret->failed |= words.failed;
    }
    buf_add_char(ret, '\n');
}

void event_add(struct buf *ret, const cJSON *event, bool json, const struct display *display)
{
    auto_clear(buf) line = BUF_INIT;
    if (json)
        document_add_line(&line, event);
    else
        event_line_add(&line, event, display->colour);
    printable_fold(ret, buf_text(&line), json ? 0 : display->width, EVENT_INDENT);
    ret->failed |= line.failed;
}
