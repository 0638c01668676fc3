#include "worker_list.h"

#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "event_line.h"
#include "json_write.h"
#include "template.h"
#include "worker_table.h"

enum format { TABLE, WIDE, JSON, JSONL, NAME, FORMAT_COUNT };

static const char *const formats[FORMAT_COUNT] = { "table", "wide", "json", "jsonl", "name" };

struct worker_list {
    enum format format;
    struct worker_table *table; /* of the formats that are one */
    struct buf lines;           /* of the others */
    size_t count;
};

struct worker_list *worker_list_new(const char *format)
{
    struct worker_list *list = calloc(1, sizeof *list);
    if (!list)
        return NULL;
    while (list->format < FORMAT_COUNT && strcmp(formats[list->format], format) != 0)
        list->format++;
    if (list->format <= WIDE)
        list->table = worker_table_new(list->format == WIDE);
    if (list->format <= WIDE ? list->table != NULL : list->format < FORMAT_COUNT)
        return list;
    free(list);
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

static void add_line(struct worker_list *list, const struct cJSON *worker)
{
    if (list->format == JSON && list->count > 0)
        buf_add_char(&list->lines, ',');
    if (list->format == NAME)
        template_add(&list->lines, "{:name}", worker, false);
    else
        document_add_json(&list->lines, worker);
    if (list->format != JSON)
        buf_add_char(&list->lines, '\n');
}

void worker_list_add(struct worker_list *list, const struct cJSON *worker)
{
    if (list->table)
        worker_table_add(list->table, worker);
    else
        add_line(list, worker);
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
    if (list->format == JSON)
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
    return list->table || list->format == JSONL;
}

void worker_list_add_change(const struct worker_list *list, const struct cJSON *event, const struct display *display,
                            struct buf *ret)
{
    if (worker_list_is_watchable(list))
        event_add(ret, event, !list->table, display);
}
