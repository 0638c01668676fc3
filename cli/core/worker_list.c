#include "worker_list.h"

#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "event_line.h"
#include "template.h"
#include "worker_table.h"

enum format { TABLE, WIDE, JSON, JSONL, NAME, FORMAT_COUNT };

static const char *const formats[FORMAT_COUNT] = { "table", "wide", "json", "jsonl", "name" };

#define DOCUMENT_HEAD "{\"workers\":["

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
    if (list->format == JSON)
        buf_add_str(&list->lines, list->count > 0 ? "," : DOCUMENT_HEAD);
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

size_t worker_list_size(const struct worker_list *list)
{
    return list->table ? worker_table_size(list->table) : list->lines.len;
}

enum err worker_list_print(struct worker_list *list, const char *view, const struct display *display, struct buf *ret)
{
    if (list->table)
        return list->count > 0 ? worker_table_print(list->table, display, ret) : OK;
    if (list->format == JSON)
        buf_printf(&list->lines, "%s],\"total\":%zu,\"next\":null,\"view\":\"%s\"}\n",
                   list->count > 0 ? "" : DOCUMENT_HEAD, list->count, view);
    *ret = list->lines; /* it may be large: no copy */
    list->lines = BUF_INIT;
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
