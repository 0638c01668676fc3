/* table.h - rows of cells -> aligned text. Cells are made printable here, so hostile text cannot leave a table. Pure.
 *
 * As in buf.h, a failed allocation is remembered and reported once, by table_print. */
#ifndef SKEP_CLI_TABLE_H
#define SKEP_CLI_TABLE_H

#include "buf.h"

struct table_column {
    const char *title;
    bool right; /* numbers stand at the right edge */
};

struct table;

/* `columns` is borrowed for the life of the table. NULL: no memory. */
struct table *table_new(const struct table_column *columns, size_t column_count);
void table_free(struct table *table);
DEFINE_AUTO_FREE(table)

/* The next cell of the current row; after `column_count` cells a new row begins. NULL or "" shows as "-". The text is
 * copied; `style`, the numbers of an SGR sequence ("31") or NULL, is borrowed. */
void table_put(struct table *table, const char *text, const char *style);

void table_hide(struct table *table, size_t column);
size_t table_row_count(const struct table *table); /* whole rows */

/* Orders the whole rows by one column, numbers in it by their value: gpu-2 before gpu-10. */
void table_sort(struct table *table, size_t column);

/* Titles and rows, two spaces between columns, none at the end of a line. ERR_NOMEM. */
enum err table_print(const struct table *table, bool colour, struct buf *ret);

#endif
