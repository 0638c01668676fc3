/* worker_table.h - worker documents of the queen as a table for people, by libsmartcols. Pure. Cells are made printable
 * here, so that received text cannot leave its cell. */
#ifndef SKEP_CLI_WORKER_TABLE_H
#define SKEP_CLI_WORKER_TABLE_H

#include "printable.h"

struct cJSON;
struct worker_table;

/* NULL: no memory. */
struct worker_table *worker_table_new(bool wide);
void worker_table_free(struct worker_table *workers);

/* One row; nothing of the document is kept. A failed allocation is reported by worker_table_print. */
void worker_table_add(struct worker_table *workers, const struct cJSON *worker);

size_t worker_table_size(const struct worker_table *workers); /* bytes of memory, about */

/* Once, ordered by name. Workers are shown as NAME when all are of one hive, else as HIVE/NAME. No line is wider than
 * the display: what is cut has an ellipsis, and the last columns are hidden before names are cut, except for names that
 * are longer than most and differ also when cut. ERR_NOMEM. */
enum err worker_table_print(struct worker_table *workers, const struct display *display, struct buf *ret);

/* Appends the titles of the columns that did not fit, "A, B". After worker_table_print. */
void worker_table_add_hidden(const struct worker_table *workers, struct buf *ret);

#endif
