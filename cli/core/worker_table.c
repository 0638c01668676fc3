#include "worker_table.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <libsmartcols.h>

#include "document.h"
#include "json.h"
#include "name.h"
#include "state_words.h"
#include "template.h"

enum { COLUMN_NAME, COLUMN_FULL_NAME, COLUMN_STATE, COLUMN_SINCE, COLUMN_LAST_BEAT, COLUMN_STATUS };

enum { NARROW = 1, BEAT = 2, RIGHT = 4, TRUNC = 8 }; /* in both tables; member of the heartbeat; see libsmartcols */

static const struct column {
    const char *title;
    show_fn *show;
    const char *member;
    unsigned flags;
} columns[] = {
    [COLUMN_NAME] = { "WORKER", show_text, "worker_id", NARROW },
    [COLUMN_FULL_NAME] = { "WORKER", show_name, NULL, NARROW },
    [COLUMN_STATE] = { "STATE", show_text, "state", NARROW },
    [COLUMN_SINCE] = { "SINCE", show_age, "since_ms_ago", NARROW | RIGHT },
    [COLUMN_LAST_BEAT] = { "LAST BEAT", show_age, "last_seen_ms_ago", NARROW | RIGHT },
    [COLUMN_STATUS] = { "STATUS", show_text, "status", NARROW | BEAT },
    { "QUEUE", show_int, "queue_depth", NARROW | BEAT | RIGHT },
    { "MODEL", show_text, "model_loaded", NARROW | BEAT | TRUNC },
    { "HIVE", show_text, "hive_id", TRUNC },
    { "CAUSE", show_text, "cause", 0 },
    { "GPU", show_share, "gpu_utilization", BEAT | RIGHT },
    { "LATENCY", show_ms, "last_inference_ms", BEAT | RIGHT },
    { "SKEW", show_difference, "clock_skew_ms", RIGHT },
    { "VERSION", show_text, "version", BEAT | TRUNC },
    { "HOST", show_text, "host", BEAT | TRUNC },
    { "FLAGS", show_list, "flags", TRUNC },
};

#define SEPARATOR "  "

struct worker_table {
    struct libscols_table *table;
    struct libscols_column *shown[ARRAY_LEN(columns)]; /* borrowed from the table; NULL: not a column of it */
    char first_hive[NAME_SIZE];
    bool several_hives, failed;
};

static bool add_columns(struct worker_table *workers, bool wide)
{
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        int flags = (columns[i].flags & RIGHT ? SCOLS_FL_RIGHT : 0) | (columns[i].flags & TRUNC ? SCOLS_FL_TRUNC : 0);
        if (!wide && !(columns[i].flags & NARROW))
            continue;
        workers->shown[i] = scols_table_new_column(workers->table, columns[i].title, 0, flags);
        if (!workers->shown[i])
            return false;
    }
    return true;
}

struct worker_table *worker_table_new(bool wide)
{
    struct worker_table *workers = calloc(1, sizeof *workers);
    if (!workers)
        return NULL;
    workers->table = scols_new_table();
    if (workers->table && scols_table_set_column_separator(workers->table, SEPARATOR) == 0 &&
        add_columns(workers, wide))
        return workers;
    worker_table_free(workers);
    return NULL;
}

void worker_table_free(struct worker_table *workers)
{
    if (!workers)
        return;
    scols_unref_table(workers->table);
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

/* The cell as text that cannot leave its row. */
static void add_printable(struct buf *ret, const struct column *column, const cJSON *worker)
{
    auto_clear(buf) text = BUF_INIT;
    column->show(&text, column->flags & BEAT ? json_member(worker, "heartbeat") : worker, column->member);
    printable_add(ret, buf_text(&text).len > 0 ? buf_text(&text) : TEXT("-"));
    ret->failed |= text.failed;
}

static bool set_cell(struct libscols_line *line, struct libscols_column *column, const char *text, const char *colour)
{
    return scols_line_set_column_data(line, column, text) == 0 &&
           (!colour || scols_cell_set_color(scols_line_get_column_cell(line, column), colour) == 0);
}

void worker_table_add(struct worker_table *workers, const cJSON *worker)
{
    struct libscols_line *line = scols_table_new_line(workers->table, NULL);
    auto_clear(buf) text = BUF_INIT;
    char colour[STYLE_SIZE];
    note_hive(workers, document_str(worker, "hive_id"));
    for (size_t i = 0; line && i < ARRAY_LEN(columns); i++) {
        bool styled = i == COLUMN_STATE && style_sequence(state_word_style(document_str(worker, "state")), colour);
        if (!workers->shown[i])
            continue;
        buf_reset(&text);
        add_printable(&text, &columns[i], worker);
        if (!buf_ok(&text) || !set_cell(line, workers->shown[i], buf_str(&text), styled ? colour : NULL))
            workers->failed = true;
    }
    workers->failed |= !line;
}

/* Numbers in names by their value: gpu-2 before gpu-10. */
static int compare_names(struct libscols_cell *a, struct libscols_cell *b, void *user)
{
    (void)user;
    return strverscmp(scols_cell_get_data(a), scols_cell_get_data(b));
}

static bool set_flag(struct libscols_column *column, int flag)
{
    return scols_column_set_flags(column, scols_column_get_flags(column) | flag) == 0;
}

static bool is_printed(const struct worker_table *workers, size_t column)
{
    return workers->shown[column] && !scols_column_is_hidden(workers->shown[column]);
}

/* The widths are those of the whole table, also when one line is printed. */
static bool measure(const struct worker_table *workers, size_t *ret)
{
    struct libscols_line *first = scols_table_get_line(workers->table, 0);
    char *text = NULL;
    bool printed = scols_table_print_range_to_string(workers->table, first, first, &text) == 0;
    free(text);
    *ret = 0;
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        if (is_printed(workers, i))
            *ret += (*ret > 0 ? strlen(SEPARATOR) : 0) + scols_column_get_width(workers->shown[i]);
    return printed;
}

/* libsmartcols does not go below the titles and what may not be truncated: what is too wide even so loses the ends of
 * its names, then of what the workers call their status, then its last columns. */
static enum err fit(struct worker_table *workers, size_t width)
{
    struct libscols_column *next[] = { workers->shown[workers->several_hives ? COLUMN_FULL_NAME : COLUMN_NAME],
                                       workers->shown[COLUMN_STATUS] };
    size_t printed;
    if (!measure(workers, &printed))
        return ERR_NOMEM;
    for (size_t i = 0; i < ARRAY_LEN(next) && printed > width; i++)
        if (!set_flag(next[i], SCOLS_FL_TRUNC) || !measure(workers, &printed))
            return ERR_NOMEM;
    for (size_t i = ARRAY_LEN(columns) - 1; i > COLUMN_FULL_NAME && printed > width; i--) {
        if (!is_printed(workers, i))
            continue;
        printed -= strlen(SEPARATOR) + scols_column_get_width(workers->shown[i]);
        (void)set_flag(workers->shown[i], SCOLS_FL_HIDDEN);
    }
    return OK;
}

enum err worker_table_print(struct worker_table *workers, const struct display *display, struct buf *ret)
{
    struct libscols_column *full_name = workers->shown[COLUMN_FULL_NAME];
    char *text = NULL;
    scols_table_enable_colors(workers->table, display->colour);
    scols_table_set_termforce(workers->table, display->width > 0 ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
    scols_table_set_termwidth(workers->table, display->width);
    scols_column_set_cmpfunc(full_name, compare_names, NULL);
    if (workers->failed || scols_sort_table(workers->table, full_name) != 0 ||
        !set_flag(workers->shown[workers->several_hives ? COLUMN_NAME : COLUMN_FULL_NAME], SCOLS_FL_HIDDEN) ||
        (display->width > 0 && fit(workers, display->width) != OK) ||
        scols_print_table_to_string(workers->table, &text) != 0)
        return ERR_NOMEM;
    buf_add_str(ret, text);
    buf_add_char(ret, '\n');
    free(text);
    return buf_ok(ret) ? OK : ERR_NOMEM;
}
