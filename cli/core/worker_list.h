/* worker_list.h - a list of workers in one of the formats of `skep ps -o`. Pure. */
#ifndef SKEP_CLI_WORKER_LIST_H
#define SKEP_CLI_WORKER_LIST_H

#include "printable.h"

struct cJSON;
struct worker_list;

#define WORKER_LIST_FORMATS "table|wide|json|jsonl|name"

/* `format` is one of WORKER_LIST_FORMATS. NULL: no memory, or no such format. */
struct worker_list *worker_list_new(const char *format);
void worker_list_free(struct worker_list *list);
DEFINE_AUTO_FREE(worker_list)

/* Nothing of the document is kept. */
void worker_list_add(struct worker_list *list, const struct cJSON *worker);
size_t worker_list_count(const struct worker_list *list);
size_t worker_list_size(const struct worker_list *list); /* bytes of memory, about */

/* The whole list, once, into an empty buffer; `view` is the queen's, for the list document. An empty table is nothing.
 * ERR_NOMEM. */
enum err worker_list_print(struct worker_list *list, const char *view, const struct display *display, struct buf *ret);

/* Appends the titles of the columns that did not fit the display, "A, B". After worker_list_print. */
void worker_list_add_hidden(const struct worker_list *list, struct buf *ret);

/* Does the format go on after the list, one line per change? */
bool worker_list_is_watchable(const struct worker_list *list);

/* An event as that line: JSON for jsonl, else for people. */
void worker_list_add_change(const struct worker_list *list, const struct cJSON *event, const struct display *display,
                            struct buf *ret);

#endif
