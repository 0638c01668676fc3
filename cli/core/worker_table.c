#include "worker_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <libsmartcols.h>

#include "document.h"
#include "name.h"
#include "state_words.h"
#include "template.h"

enum { COLUMN_NAME, COLUMN_FULL_NAME, COLUMN_STATE, COLUMN_SINCE, COLUMN_LAST_BEAT, COLUMN_STATUS };

enum { NARROW = 1, RIGHT = 2, TRUNC = 4 }; /* in both tables; numbers; may be cut */

static const struct column {
    const char *title, *template;
    unsigned flags;
} columns[] = {
    [COLUMN_NAME] = { "WORKER", "{worker_id}", NARROW },
    [COLUMN_FULL_NAME] = { "WORKER", "{:name}", NARROW },
    [COLUMN_STATE] = { "STATE", "{state}", NARROW },
    [COLUMN_SINCE] = { "SINCE", "{since_ms_ago:age}", NARROW | RIGHT },
    [COLUMN_LAST_BEAT] = { "LAST BEAT", "{last_seen_ms_ago:age}", NARROW | RIGHT },
    [COLUMN_STATUS] = { "STATUS", "{heartbeat.status}", NARROW | TRUNC },
    { "QUEUE", "{heartbeat.queue_depth:int}", NARROW | RIGHT },
    { "MODEL", "{heartbeat.model_loaded}", NARROW | TRUNC },
    { "HIVE", "{hive_id}", TRUNC },
    { "CAUSE", "{cause}", 0 },
    { "GPU", "{heartbeat.gpu_utilization:share}", RIGHT },
    { "LATENCY", "{heartbeat.last_inference_ms:ms}", RIGHT },
    { "SKEW", "{clock_skew_ms:difference}", RIGHT },
    { "VERSION", "{heartbeat.version}", TRUNC },
    { "HOST", "{heartbeat.host}", TRUNC },
    { "FLAGS", "{flags:dense}", TRUNC },
};

#define SEPARATOR "  "
#define CELL_COST 96 /* bytes, besides its text: measured */

/* Columns that a text keeps before names that are longer than most are cut, that those keep before other columns are
 * hidden, and that every name keeps. */
#define TEXT_ENOUGH 12
#define NAME_ENOUGH 24
#define NAME_LEAST 8

struct worker_table {
    struct libscols_table *table;
    struct libscols_column *shown[ARRAY_LEN(columns)]; /* borrowed from the table; NULL: not a column of it */
    struct libscols_line **lines;                      /* likewise: the table finds one by walking along all */
    size_t count, room, size;
    char first_hive[NAME_SIZE];
    bool several_hives, failed;
};

static bool add_columns(struct worker_table *workers, bool wide)
{
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if (!wide && !(columns[i].flags & NARROW))
            continue;
        workers->shown[i] =
            scols_table_new_column(workers->table, columns[i].title, 0, columns[i].flags & RIGHT ? SCOLS_FL_RIGHT : 0);
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
    free(workers->lines);
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

static bool set_cell(struct libscols_line *line, struct libscols_column *column, const char *text, const char *colour)
{
    return scols_line_set_column_data(line, column, text) == 0 &&
           (!colour || scols_cell_set_color(scols_line_get_column_cell(line, column), colour) == 0);
}

static struct libscols_line *add_line(struct worker_table *workers)
{
    size_t room = workers->room * 2 + 64;
    if (workers->count == workers->room) {
        struct libscols_line **larger = realloc(workers->lines, room * sizeof(struct libscols_line *));
        if (!larger)
            return NULL;
        workers->lines = larger;
        workers->room = room;
    }
    workers->lines[workers->count] = scols_table_new_line(workers->table, NULL);
    return workers->lines[workers->count] ? workers->lines[workers->count++] : NULL;
}

void worker_table_add(struct worker_table *workers, const cJSON *worker)
{
    struct libscols_line *line = add_line(workers);
    auto_clear(buf) text = BUF_INIT;
    char colour[16] = "";
    note_hive(workers, document_str(worker, "hive_id"));
    for (size_t i = 0; line && i < ARRAY_LEN(columns); i++) {
        const char *style = i == COLUMN_STATE ? state_word_style(document_str(worker, "state")) : NULL;
        if (!workers->shown[i])
            continue;
        buf_reset(&text);
        if (style)
            snprintf(colour, sizeof colour, "\033[%sm", style);
        template_add(&text, columns[i].template, worker, false);
        workers->size += text.len + CELL_COST;
        if (!buf_ok(&text) || !set_cell(line, workers->shown[i], buf_str(&text), style ? colour : NULL))
            workers->failed = true;
    }
    workers->failed |= !line;
}

size_t worker_table_size(const struct worker_table *workers)
{
    return workers->size;
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

static size_t name_column(const struct worker_table *workers)
{
    return workers->several_hives ? COLUMN_FULL_NAME : COLUMN_NAME;
}

static struct text cell_text(const struct worker_table *workers, size_t row, size_t column)
{
    return text_of(scols_cell_get_data(scols_line_get_column_cell(workers->lines[row], workers->shown[column])));
}

struct widths {
    size_t whole[ARRAY_LEN(columns)], now[ARRAY_LEN(columns)]; /* 0: not printed */
    size_t excess;                                             /* over the display's width */
};

static void measure(const struct worker_table *workers, size_t limit, struct widths *ret)
{
    size_t total = 0;
    *ret = (struct widths){ 0 };
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if (!is_printed(workers, i))
            continue;
        ret->whole[i] = strlen(columns[i].title);
        for (size_t row = 0; row < workers->count; row++) {
            size_t width = printable_width(cell_text(workers, row, i));
            ret->whole[i] = width > ret->whole[i] ? width : ret->whole[i];
        }
        ret->now[i] = ret->whole[i];
        total += ret->now[i] + (total > 0 ? strlen(SEPARATOR) : 0);
    }
    ret->excess = total > limit ? total - limit : 0;
}

static void shrink(struct widths *widths, size_t column, size_t least)
{
    size_t spare = widths->now[column] > least ? widths->now[column] - least : 0;
    size_t taken = spare < widths->excess ? spare : widths->excess;
    widths->now[column] -= taken;
    widths->excess -= taken;
}

static void shrink_texts(struct widths *widths, size_t least)
{
    for (size_t i = ARRAY_LEN(columns) - 1; i > COLUMN_FULL_NAME; i--)
        if (columns[i].flags & TRUNC)
            shrink(widths, i, strlen(columns[i].title) > least ? strlen(columns[i].title) : least);
}

/* From the last column to `first`; what becomes free goes to the columns that were cut, the names before all. */
static bool hide(struct worker_table *workers, struct widths *widths, size_t first)
{
    size_t free_columns = 0;
    for (size_t i = ARRAY_LEN(columns) - 1; i >= first && widths->excess > 0; i--) {
        size_t width = widths->now[i] + strlen(SEPARATOR);
        if (widths->now[i] == 0)
            continue;
        if (!set_flag(workers->shown[i], SCOLS_FL_HIDDEN))
            return false;
        free_columns = width > widths->excess ? width - widths->excess : 0;
        widths->excess -= width - free_columns;
        widths->now[i] = widths->whole[i] = 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        size_t missing = widths->whole[i] - widths->now[i];
        size_t given = missing < free_columns ? missing : free_columns;
        widths->now[i] += given;
        free_columns -= given;
    }
    return true;
}

/* How much of the front remains of what is cut: the end of a name says more. Of 1 to 7 columns a name's front has one.
 */
static size_t head_of(size_t column, size_t width)
{
    if (column > COLUMN_FULL_NAME)
        return width - 1;
    return width >= 8 ? width / 8 : width > 1;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether at most half of the names need to be cut to `width`, and all can still be told from each other. No memory
 * counts as no. */
static bool are_distinct(const struct worker_table *workers, size_t width)
{
    size_t count = workers->count, made = 0, cut = 0;
    char **names = calloc(count, sizeof *names);
    bool distinct = names != NULL;
    for (; distinct && made < count; made++) {
        auto_clear(buf) name = BUF_INIT;
        struct text whole = cell_text(workers, made, name_column(workers));
        cut += printable_width(whole) > width;
        printable_add_cut(&name, whole, width, head_of(COLUMN_NAME, width));
        names[made] = strdup(buf_str(&name));
        distinct = names[made] && buf_ok(&name) && cut <= count / 2;
    }
    if (distinct)
        qsort(names, count, sizeof *names, compare_texts);
    for (size_t i = 1; i < count && distinct; i++)
        distinct = strcmp(names[i - 1], names[i]) != 0;
    for (size_t i = 0; i < made; i++)
        free(names[i]);
    free(names);
    return distinct;
}

/* How far the few names that are longer than the others may be cut before columns are hidden from all. */
static size_t name_enough(const struct worker_table *workers, size_t longest)
{
    size_t enough = NAME_ENOUGH;
    while (enough < longest && !are_distinct(workers, enough))
        enough += enough / 8; /* not 1: names of a server that is no queen may be long */
    return enough < longest ? enough : longest;
}

static bool cut_cells(const struct worker_table *workers, size_t column, size_t width)
{
    for (size_t row = 0; row < workers->count; row++) {
        auto_clear(buf) text = BUF_INIT;
        struct text whole = cell_text(workers, row, column);
        if (printable_width(whole) <= width)
            continue;
        printable_add_cut(&text, whole, width, head_of(column, width));
        if (!buf_ok(&text) ||
            scols_line_set_column_data(workers->lines[row], workers->shown[column], buf_str(&text)) != 0)
            return false;
    }
    return true;
}

/* Texts are cut first, then names that are longer than most, then columns are hidden, then all names are cut. */
static bool fit(struct worker_table *workers, size_t limit)
{
    size_t name = name_column(workers);
    struct widths widths;
    measure(workers, limit, &widths);
    shrink_texts(&widths, TEXT_ENOUGH);
    if (widths.excess > 0)
        shrink(&widths, name, name_enough(workers, widths.whole[name]));
    shrink_texts(&widths, 0);
    if (!hide(workers, &widths, COLUMN_SINCE))
        return false;
    shrink(&widths, name, NAME_LEAST);
    if (!hide(workers, &widths, COLUMN_STATE))
        return false;
    shrink(&widths, name, 1);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        if (widths.now[i] < widths.whole[i] && !cut_cells(workers, i, widths.now[i]))
            return false;
    return true;
}

void worker_table_add_hidden(const struct worker_table *workers, struct buf *ret)
{
    for (size_t i = COLUMN_STATE; i < ARRAY_LEN(columns); i++)
        if (workers->shown[i] && !is_printed(workers, i))
            buf_printf(ret, "%s%s", buf_text(ret).len > 0 ? ", " : "", columns[i].title);
}

enum err worker_table_print(struct worker_table *workers, const struct display *display, struct buf *ret)
{
    struct libscols_column *full_name = workers->shown[COLUMN_FULL_NAME];
    char *text = NULL;
    scols_table_enable_colors(workers->table, display->colour);
    scols_table_set_termforce(workers->table, SCOLS_TERMFORCE_NEVER);
    scols_column_set_cmpfunc(full_name, compare_names, NULL);
    if (workers->failed || scols_sort_table(workers->table, full_name) != 0 ||
        !set_flag(workers->shown[workers->several_hives ? COLUMN_NAME : COLUMN_FULL_NAME], SCOLS_FL_HIDDEN) ||
        (display->width > 0 && !fit(workers, display->width)) ||
        scols_print_table_to_string(workers->table, &text) != 0)
        return ERR_NOMEM;
    buf_add_str(ret, text);
    buf_add_char(ret, '\n');
    free(text);
    return buf_ok(ret) ? OK : ERR_NOMEM;
}
