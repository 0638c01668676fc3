#include "worker_list.h"

#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "event_line.h"
#include "json_write.h"
#include "template.h"
#include "worker_table.h"

struct format {
    const char *name;
    bool table, wide;
    void (*add)(struct worker_list *list, const struct cJSON *worker);
    void (*add_change)(const struct cJSON *event, const struct display *display,
                       struct buf *ret); /* NULL: not watchable */
};

struct worker_list {
    const struct format *format;
    struct worker_table *table; /* of the formats that are one */
    struct buf lines;           /* of the others */
    size_t count;
};

static void add_row(struct worker_list *list, const struct cJSON *worker)
{
    worker_table_add(list->table, worker);
}

static void add_member(struct worker_list *list, const struct cJSON *worker)
{
    if (list->count > 0)
        buf_add_char(&list->lines, ',');
    document_add_json(&list->lines, worker);
}

static void add_json_line(struct worker_list *list, const struct cJSON *worker)
{
    document_add_line(&list->lines, worker);
}

static void add_name(struct worker_list *list, const struct cJSON *worker)
{
    template_add(&list->lines, "{:name}\n", worker, false);
}

static void change_line(const struct cJSON *event, const struct display *display, struct buf *ret)
{
    auto_clear(buf) line = BUF_INIT;
    event_line_add(&line, event, display->colour);
    printable_fold(ret, buf_text(&line), display->width, EVENT_INDENT);
    ret->failed |= line.failed;
}

static void change_json(const struct cJSON *event, const struct display *display, struct buf *ret)
{
    (void)display;
    document_add_line(ret, event);
}

static const struct format formats[] = {
    { "table", .table = true, .add = add_row, .add_change = change_line },
    { "wide", .table = true, .wide = true, .add = add_row, .add_change = change_line },
    { "json", .add = add_member },
    { "jsonl", .add = add_json_line, .add_change = change_json },
    { "name", .add = add_name },
};

static const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

struct worker_list *worker_list_new(const char *format)
{
    struct worker_list *list = calloc(1, sizeof *list);
    if (!list)
        return NULL;
    list->format = format_find(format);
    if (list->format && list->format->table)
        list->table = worker_table_new(list->format->wide);
    if (list->format && (!list->format->table || list->table))
        return list;
    worker_list_free(list);
    return NULL;
}

void worker_list_free(struct worker_list *list)
{
    if (!list)
        return;
    worker_table_free(list->table);
    buf_clear(&list->lines);
    free(list);
}

void worker_list_add(struct worker_list *list, const struct cJSON *worker)
{
    list->format->add(list, worker);
    list->count++;
}

size_t worker_list_count(const struct worker_list *list)
{
    return list->count;
}

static void print_document(const struct worker_list *list, const char *view, struct buf *ret)
{
    struct json_write w = json_write_to(ret);
    json_open(&w, '{');
    json_open_member(&w, "workers", '[');
    buf_add_text(ret, buf_text(&list->lines));
    json_close(&w, ']');
    json_add_int(&w, "total", (int64_t)list->count);
    json_add_null(&w, "next");
    json_add_str(&w, "view", view);
    json_close(&w, '}');
    buf_add_char(ret, '\n');
}

enum err worker_list_print(struct worker_list *list, const char *view, const struct display *display, struct buf *ret)
{
    if (list->table)
        return list->count > 0 ? worker_table_print(list->table, display, ret) : OK;
    ret->failed |= list->lines.failed;
    if (list->format->add == add_member)
        print_document(list, view, ret);
    else
        buf_add_text(ret, buf_text(&list->lines));
    return buf_ok(ret) ? OK : ERR_NOMEM;
}

void worker_list_add_hidden(const struct worker_list *list, struct buf *ret)
{
    if (list->table)
        worker_table_add_hidden(list->table, ret);
}

bool worker_list_is_watchable(const struct worker_list *list)
{
    return list->format->add_change != NULL;
}

void worker_list_add_change(const struct worker_list *list, const struct cJSON *event, const struct display *display,
                            struct buf *ret)
{
    if (list->format->add_change)
        list->format->add_change(event, display, ret);
}
