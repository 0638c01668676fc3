/* selection.h - GET /v1/workers: which workers, in which order, which page. */
#ifndef SKEP_SELECTION_H
#define SKEP_SELECTION_H

#include "query.h"
#include "view.h"

#define SELECTION_LIMIT_DEFAULT 1000
#define SELECTION_LIMIT_MAX 100000
#define SELECTION_LABELS_MAX 16

struct selection {
    enum state state;                /* STATE_NONE = any */
    struct text status, hive, model; /* absent = any */
    struct parameter labels[SELECTION_LABELS_MAX];
    size_t label_count;
    const struct sort_key *sort; /* NULL = order of first sight */
    bool descending;
    bool verified; /* only those that a fresh verification confirmed */
    bool work;     /* ... and only where the work loop answered */
    size_t limit;
    uint64_t cursor; /* 0 = from the start */
};

/* ERR_UNKNOWN for a parameter or name that does not exist, ERR_RANGE, each with a sentence. */
enum err selection_parse(const struct query *query, struct selection *ret, struct errbuf *e);

/* With `verified`: begins the verifications that are still missing for a full page, of the first ones in order. True:
 * some asked for since monotonic time `since` are still out, so that it is worth waiting. ERR_NOMEM. */
enum err selection_verify(struct queen *queen, const struct selection *selection, ms_t since, bool *ret_pending);

/* {"workers":[...],"total":N,"next":cursor|null,"view":...}. ERR_NOMEM. Workers without a value for the sort key come
 * last, whatever the direction. */
enum err selection_write(struct queen *queen, const struct selection *selection, ms_t since, struct json_write *w);

#endif
