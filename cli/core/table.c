#include "table.h"

#include <stdlib.h>

#include "printable.h"

#define COLUMNS_MAX 32

struct cell {
    char *text; /* owned, printable */
    const char *style;
    size_t width;
};

struct table {
    const struct table_column *columns;
    size_t column_count;
    struct cell *cells; /* row by row */
    size_t len, size;
    uint32_t hidden; /* one bit per column */
    bool failed;
};

struct table *table_new(const struct table_column *columns, size_t column_count)
{
    struct table *table = column_count <= COLUMNS_MAX ? calloc(1, sizeof(*table)) : NULL;

    if (!table)
        return NULL;
    table->columns = columns;
    table->column_count = column_count;
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->len; i++)
        free(table->cells[i].text);
    free(table->cells);
    free(table);
}

static bool has_room(struct table *table)
{
    if (table->len < table->size)
        return true;
    size_t size = table->size ? table->size * 2 : 64;
    struct cell *cells = reallocarray(table->cells, size, sizeof(*cells));
    if (!cells)
        return false;
    table->cells = cells;
    table->size = size;
    return true;
}

void table_put(struct table *table, const char *text, const char *style)
{
    struct buf shown = BUF_INIT;

    printable_add(&shown, text_of(text && *text ? text : "-"));
    char *copy = buf_detach(&shown, NULL);
    if (table->failed || !copy || !has_room(table)) {
        table->failed = true;
        free(copy);
        return;
    }
    table->cells[table->len++] = (struct cell){ copy, style, printable_width(copy) };
}

void table_hide(struct table *table, size_t column)
{
    table->hidden |= UINT32_C(1) << column;
}

static bool is_shown(const struct table *table, size_t column)
{
    return !(table->hidden >> column & 1);
}

size_t table_row_count(const struct table *table)
{
    return table->len / table->column_count;
}

static int compare_rows(const void *a, const void *b, void *column)
{
    const struct cell *cells_a = a, *cells_b = b;
    size_t c = *(const size_t *)column;

    return strverscmp(cells_a[c].text, cells_b[c].text);
}

void table_sort(struct table *table, size_t column)
{
    size_t rows = table_row_count(table);

    if (rows > 1)
        qsort_r(table->cells, rows, table->column_count * sizeof(*table->cells), compare_rows, &column);
}

static void measure(const struct table *table, size_t widths[COLUMNS_MAX])
{
    for (size_t c = 0; c < table->column_count; c++)
        widths[c] = printable_width(table->columns[c].title);
    for (size_t i = 0; i < table_row_count(table) * table->column_count; i++) {
        size_t *width = &widths[i % table->column_count];
        if (table->cells[i].width > *width)
            *width = table->cells[i].width;
    }
}

static void add_spaces(struct buf *ret, size_t count)
{
    for (; count > 0; count--)
        buf_add_char(ret, ' ');
}

/* Spaces are owed until something follows them, so that no line ends in blanks. */
static void add_cell(struct buf *ret, const struct cell *cell, size_t width, bool right, bool colour, size_t *owed)
{
    size_t padding = width - cell->width;

    add_spaces(ret, *owed + (right ? padding : 0));
    styled_add(ret, text_of(cell->text), colour ? cell->style : NULL);
    *owed = 2 + (right ? 0 : padding);
}

static void add_row(struct buf *ret, const struct table *table, const struct cell *cells, const size_t *widths,
                    bool colour)
{
    size_t owed = 0;

    for (size_t c = 0; c < table->column_count; c++)
        if (is_shown(table, c))
            add_cell(ret, &cells[c], widths[c], table->columns[c].right, colour, &owed);
    buf_add_char(ret, '\n');
}

static void add_titles(struct buf *ret, const struct table *table, const size_t *widths)
{
    struct cell titles[COLUMNS_MAX];

    for (size_t c = 0; c < table->column_count; c++) {
        titles[c] = (struct cell){ (char *)table->columns[c].title, NULL, 0 };
        titles[c].width = printable_width(titles[c].text);
    }
    add_row(ret, table, titles, widths, false);
}

enum err table_print(const struct table *table, bool colour, struct buf *ret)
{
    size_t widths[COLUMNS_MAX];

    if (table->failed)
        return ERR_NOMEM;
    measure(table, widths);
    add_titles(ret, table, widths);
    for (size_t row = 0; row < table_row_count(table); row++)
        add_row(ret, table, &table->cells[row * table->column_count], widths, colour);
    return buf_ok(ret) ? OK : ERR_NOMEM;
}
