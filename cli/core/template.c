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

void show_text(struct buf *ret, const cJSON *document, const char *name)
{
    const char *value = document_str(document, name);
    if (value)
        buf_add_str(ret, value);
}

void show_int(struct buf *ret, const cJSON *document, const char *name)
{
    int64_t value;
    if (document_int(document, name, &value))
        buf_printf(ret, "%" PRId64, value);
}

void show_ms(struct buf *ret, const cJSON *document, const char *name)
{
    int64_t value;
    if (document_int(document, name, &value))
        buf_printf(ret, "%" PRId64 "ms", value);
}

static void show_duration(struct buf *ret, const cJSON *document, const char *name,
                          void (*to_text)(ms_t duration, char ret[AGE_SIZE]))
{
    int64_t value;
    char text[AGE_SIZE];
    if (!document_int(document, name, &value))
        return;
    to_text(value, text);
    buf_add_str(ret, text);
}

void show_age(struct buf *ret, const cJSON *document, const char *name)
{
    show_duration(ret, document, name, age_to_text);
}

void show_difference(struct buf *ret, const cJSON *document, const char *name)
{
    show_duration(ret, document, name, age_difference_to_text);
}

void show_share(struct buf *ret, const cJSON *document, const char *name)
{
    double share;
    if (json_number(json_member(document, name), &share) && isfinite(share))
        buf_printf(ret, "%.0f%%", share * 100);
}

static void show_strings(struct buf *ret, const cJSON *list, const char *separator)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_IsString(item))
            buf_printf(ret, "%s%s", ret->len > 0 ? separator : "", item->valuestring);
    }
}

void show_list(struct buf *ret, const cJSON *document, const char *name)
{
    show_strings(ret, json_member(document, name), ",");
}

static void show_wide_list(struct buf *ret, const cJSON *document, const char *name)
{
    show_strings(ret, json_member(document, name), ", ");
}

void show_name(struct buf *ret, const cJSON *document, const char *name)
{
    const char *hive = document_str(document, "hive_id");
    const char *worker = document_str(document, "worker_id");
    (void)name;
    if (hive && !worker)
        buf_printf(ret, "hive/%s", hive);
    else
        buf_printf(ret, "%s/%s", hive ? hive : "?", worker ? worker : "?");
}

static const struct kind {
    const char *name;
    show_fn *show;
} kinds[] = {
    { "text", show_text },      { "int", show_int },   { "ms", show_ms },      { "age", show_age },
    { "list", show_wide_list }, { "name", show_name }, { "state", show_text }, { "difference", show_difference },
    { NULL, show_text },
};

static void add_state(struct buf *ret, const char *state, bool colour)
{
    styled_add(ret, text_of(state ? state : "unknown"), colour ? state_word_style(state) : NULL);
}

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

static const struct kind *kind_find(const char *name)
{
    const struct kind *kind = kinds;
    while (kind->name && strcmp(kind->name, name) != 0)
        kind++;
    return kind;
}

/* From `{` until behind `}`. False: the member is absent. */
static bool add_member(struct buf *ret, struct filling *filling)
{
    char name[NAME_MAX], kind_name[NAME_MAX] = "text";
    const cJSON *object = filling->document;
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
    kind_find(kind_name)->show(&text, object, name);
    ret->failed |= text.failed;
    if (strcmp(kind_name, "state") == 0)
        add_state(ret, text.len > 0 ? buf_str(&text) : NULL, filling->colour);
    else
        printable_add(ret, text.len > 0 ? buf_text(&text) : TEXT("-"));
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
