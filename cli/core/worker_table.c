#include "worker_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "age.h"
#include "document.h"
#include "json.h"
#include "name.h"
#include "printable.h"
#include "state_words.h"
#include "table.h"

/* Appends the member `name` of `document` as a cell; nothing appended shows as "-". */
typedef void cell_fn(struct buf *ret, const cJSON *document, const char *name);

static void cell_text(struct buf *ret, const cJSON *document, const char *name)
{
    const char *value = document_str(document, name);

    if (value)
        buf_add_str(ret, value);
}

static void cell_full_name(struct buf *ret, const cJSON *document, const char *name)
{
    (void)name;
    worker_name_add(ret, document);
}

static void cell_int(struct buf *ret, const cJSON *document, const char *name)
{
    int64_t value;

    if (document_int(document, name, &value))
        buf_printf(ret, "%" PRId64, value);
}

static void cell_ms(struct buf *ret, const cJSON *document, const char *name)
{
    int64_t value;

    if (document_int(document, name, &value))
        buf_printf(ret, "%" PRId64 "ms", value);
}

static void cell_age(struct buf *ret, const cJSON *document, const char *name)
{
    int64_t value;
    char text[AGE_SIZE];

    if (!document_int(document, name, &value))
        return;
    age_to_text(value, text);
    buf_add_str(ret, text);
}

static void cell_difference(struct buf *ret, const cJSON *document, const char *name)
{
    int64_t value;
    char text[AGE_SIZE];

    if (!document_int(document, name, &value))
        return;
    age_difference_to_text(value, text);
    buf_add_str(ret, text);
}

static void cell_share(struct buf *ret, const cJSON *document, const char *name)
{
    double share;

    if (json_number(json_member(document, name), &share) && isfinite(share))
        buf_printf(ret, "%.0f%%", share * 100);
}

static void cell_list(struct buf *ret, const cJSON *document, const char *name)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json_member(document, name))
    {
        if (!cJSON_IsString(item))
            continue;
        if (buf_text(ret).len > 0)
            buf_add_char(ret, ',');
        buf_add_str(ret, item->valuestring);
    }
}

enum { COLUMN_NAME, COLUMN_FULL_NAME, COLUMN_STATE };

enum { NARROW = 1, BEAT = 2, RIGHT = 4 }; /* in both tables; member of the heartbeat; at the right edge */

static const struct column {
    const char *title;
    cell_fn *cell;
    const char *member;
    unsigned flags;
} columns[] = {
    [COLUMN_NAME] = { "WORKER", cell_text, "worker_id", NARROW },
    [COLUMN_FULL_NAME] = { "WORKER", cell_full_name, NULL, NARROW },
    [COLUMN_STATE] = { "STATE", cell_text, "state", NARROW },
    { "SINCE", cell_age, "since_ms_ago", NARROW | RIGHT },
    { "LAST BEAT", cell_age, "last_seen_ms_ago", NARROW | RIGHT },
    { "STATUS", cell_text, "status", NARROW | BEAT },
    { "QUEUE", cell_int, "queue_depth", NARROW | BEAT | RIGHT },
    { "MODEL", cell_text, "model_loaded", NARROW | BEAT },
    { "HIVE", cell_text, "hive_id", 0 },
    { "CAUSE", cell_text, "cause", 0 },
    { "GPU", cell_share, "gpu_utilization", BEAT | RIGHT },
    { "LATENCY", cell_ms, "last_inference_ms", BEAT | RIGHT },
    { "SKEW", cell_difference, "clock_skew_ms", RIGHT },
    { "VERSION", cell_text, "version", BEAT },
    { "HOST", cell_text, "host", BEAT },
    { "FLAGS", cell_list, "flags", 0 },
};

struct worker_table {
    struct table *table;
    struct table_column titles[ARRAY_LEN(columns)];
    char first_hive[NAME_SIZE];
    bool several_hives;
};

struct worker_table *worker_table_new(bool wide)
{
    struct worker_table *workers = calloc(1, sizeof(*workers));

    if (!workers)
        return NULL;
    workers->table = table_new(workers->titles, ARRAY_LEN(columns));
    if (!workers->table) {
        free(workers);
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        workers->titles[i] = (struct table_column){ columns[i].title, (columns[i].flags & RIGHT) != 0 };
        if (!wide && !(columns[i].flags & NARROW))
            table_hide(workers->table, i);
    }
    return workers;
}

void worker_table_free(struct worker_table *workers)
{
    if (!workers)
        return;
    table_free(workers->table);
    free(workers);
}

static void note_hive(struct worker_table *workers, const char *hive)
{
    if (!hive)
        return;
    if (!workers->first_hive[0])
        strncat(workers->first_hive, hive, NAME_MAX_LEN);
    else if (strcmp(workers->first_hive, hive) != 0)
        workers->several_hives = true;
}

void worker_table_add(struct worker_table *workers, const cJSON *worker)
{
    struct buf text = BUF_INIT;

    note_hive(workers, document_str(worker, "hive_id"));
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        const struct column *column = &columns[i];
        buf_reset(&text);
        column->cell(&text, column->flags & BEAT ? json_member(worker, "heartbeat") : worker, column->member);
        table_put(workers->table, buf_str(&text), i == COLUMN_STATE ? state_style(buf_str(&text)) : NULL);
    }
    buf_clear(&text);
}

enum err worker_table_print(struct worker_table *workers, bool colour, struct buf *ret)
{
    table_sort(workers->table, COLUMN_FULL_NAME);
    table_hide(workers->table, workers->several_hives ? COLUMN_NAME : COLUMN_FULL_NAME);
    return table_print(workers->table, colour, ret);
}

void worker_name_add(struct buf *ret, const cJSON *document)
{
    const char *hive = document_str(document, "hive_id");
    const char *worker = document_str(document, "worker_id");

    bool is_hive = hive && !worker;

    printable_add(ret, text_of(is_hive ? "hive" : hive ? hive : "?"));
    buf_add_char(ret, '/');
    printable_add(ret, text_of(is_hive ? hive : worker ? worker : "?"));
}
