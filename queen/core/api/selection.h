/* selection.h - GET /v1/workers and worker.list: which workers, in which order, which page; and which hives. */
#ifndef SKEP_SELECTION_H
#define SKEP_SELECTION_H

#include "queen_state.h"
#include "query.h"

#define SELECTION_LIMIT_DEFAULT 1000
#define SELECTION_LIMIT_MAX 100000
#define SELECTION_LABELS_MAX 16

struct selection {
    bool hives;                      /* hives, else workers */
    enum state state;                /* STATE_NONE = any */
    struct text status, hive, model; /* absent = any; texts are borrowed from the query */
    struct parameter labels[SELECTION_LABELS_MAX];
    size_t label_count;
    const struct sort_key *sort; /* NULL = order of first sight */
    bool descending;
    bool verified; /* only those that a fresh verification confirmed */
    bool work;     /* ... and only where the work loop answered */
    size_t limit;
    uint64_t cursor; /* 0 = from the start; else the number of the last one seen, in a sorted list its position */
};

/* ERR_UNKNOWN for a parameter or name that does not exist, ERR_RANGE, each with a sentence. */
enum err selection_parse(const struct query *query, struct selection *ret, struct errbuf *e);

/* The same for the list of hives, which knows limit and cursor only. */
enum err selection_parse_hives(const struct query *query, struct selection *ret, struct errbuf *e);

/* Its texts are copied into the arena. ERR_NOMEM. */
enum err selection_copy(struct arena *arena, const struct selection *selection, struct selection *ret);

/* Reads the entry; the record only for its hive, and its document only for labels and for a word that the registry had
 * no room for: then *read_document is set. */
bool selection_matches(struct queen *queen, const struct selection *selection, const struct roll_entry *entry,
                       bool *read_document);

/* What a sorted list is sorted by: the least comes first, NAN last. */
double selection_value(const struct queen *queen, const struct selection *selection, const struct roll_entry *entry);

#endif
