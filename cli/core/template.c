#include "template.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "age.h"
#include "document.h"
#include "json.h"
#include "state_words.h"

#define NAME_MAX 32 /* bytes of what stands between two marks of a template */

/* Shows the member `name` of `document`, which may be NULL, not yet printable; nothing if it is absent or of another
 * type. What `how` is depends on the function. */
typedef void show_fn(struct buf *ret, const cJSON *document, const char *name, const char *how);

static void show_text(struct buf *ret, const cJSON *document, const char *name, const char *how)
{
    const char *value = document_str(document, name);
    (void)how;
    buf_add_str(ret, value ? value : "");
}

static void show_int(struct buf *ret, const cJSON *document, const char *name, const char *unit)
{
    int64_t value;
    if (document_int(document, name, &value))
        buf_printf(ret, "%" PRId64 "%s", value, unit);
}

static void show_duration(struct buf *ret, const cJSON *document, const char *name, const char *plus)
{
    int64_t value;
    if (document_int(document, name, &value))
        age_add(ret, value, plus);
}

static void show_share(struct buf *ret, const cJSON *document, const char *name, const char *unit)
{
    double share;
    if (json_number(json_member(document, name), &share) && isfinite(share))
        buf_printf(ret, "%.0f%s", share * 100, unit);
}

static void show_list(struct buf *ret, const cJSON *document, const char *name, const char *separator)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json_member(document, name))
    {
        if (cJSON_IsString(item))
            buf_printf(ret, "%s%s", ret->len > 0 ? separator : "", item->valuestring);
    }
}

static void show_name(struct buf *ret, const cJSON *document, const char *name, const char *absent)
{
    const char *hive = document_str(document, "hive_id");
    const char *worker = document_str(document, "worker_id");
    (void)name;
    if (hive && !worker)
        buf_printf(ret, "hive/%s", hive);
    else
        buf_printf(ret, "%s/%s", hive ? hive : absent, worker ? worker : absent);
}

static const struct kind {
    const char *name;
    show_fn *show;
    const char *how;
    bool is_state;
} kinds[] = {
    { "text", show_text, NULL, false },  { "int", show_int, "", false },
    { "ms", show_int, "ms", false },     { "age", show_duration, "", false },
    { "share", show_share, "%", false }, { "difference", show_duration, "+", false },
    { "list", show_list, ", ", false },  { "dense", show_list, ",", false },
    { "name", show_name, "?", false },   { "state", show_text, NULL, true },
};

/* What is filled in, and where in the template. */
struct filling {
    const char *at;
    const cJSON *document;
    bool colour;
};

/* Takes what stands before one of `marks`; the template is at that mark afterwards. */
static void take(struct filling *filling, const char *marks, char ret[NAME_MAX])
{
    size_t len = strcspn(filling->at, marks);
    memcpy(ret, filling->at, len < NAME_MAX ? len : NAME_MAX - 1);
    ret[len < NAME_MAX ? len : NAME_MAX - 1] = '\0';
    filling->at += len;
}

/* Text, where the template names none. */
static const struct kind *kind_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return kinds;
}

/* From `{` until behind `}`. False: the member is absent. */
static bool add_member(struct buf *ret, struct filling *filling)
{
    char name[NAME_MAX], kind_name[NAME_MAX] = "";
    const cJSON *object = filling->document;
    const struct kind *kind;
    auto_clear(buf) text = BUF_INIT;
    filling->at++;
    for (take(filling, ".:}", name); *filling->at == '.'; take(filling, ".:}", name)) {
        filling->at++;
        object = json_member(object, name);
    }
    if (*filling->at == ':') {
        filling->at++;
        take(filling, "}", kind_name);
    }
    filling->at++;
    kind = kind_find(kind_name);
    kind->show(&text, object, name, kind->how);
    ret->failed |= text.failed;
    styled_add(ret, text.len > 0 ? buf_text(&text) : text_of(kind->is_state ? "unknown" : "-"),
               kind->is_state && filling->colour ? state_word_style(buf_str(&text)) : NULL);
    return text.len > 0;
}

static void add_optional(struct buf *ret, struct filling *filling);

/* Until `|`, `>` or the end. False: a member is absent. */
static bool add_part(struct buf *ret, struct filling *filling)
{
    bool complete = true;
    while (*filling->at && !strchr("|>", *filling->at))
        if (*filling->at == '{')
            complete &= add_member(ret, filling);
        else if (*filling->at == '<')
            add_optional(ret, filling);
        else
            buf_add_char(ret, *filling->at++);
    return complete;
}

/* From `<` until behind `>`. */
static void add_optional(struct buf *ret, struct filling *filling)
{
    bool taken = false;
    do {
        auto_clear(buf) part = BUF_INIT;
        filling->at++;
        bool complete = add_part(&part, filling);
        if (complete && !taken)
            buf_add_text(ret, buf_text(&part));
        taken |= complete;
        ret->failed |= part.failed;
    } while (*filling->at == '|');
    filling->at++;
}

void template_add(struct buf *ret, const char *template, const cJSON *document, bool colour)
{
    struct filling filling = { template, document, colour };
    for (add_part(ret, &filling); *filling.at; add_part(ret, &filling))
        buf_add_char(ret, *filling.at++); /* outside of an optional part these marks mean themselves */
}
