/* removals.h - the names of what was stored once and is no more, oldest first, until the store has them. */
#ifndef SKEP_REMOVALS_H
#define SKEP_REMOVALS_H

#include "fair_queue.h"
#include "store_row.h"

/* Beyond it, of the hive that has most, and without memory, the rows stay: they are restored, and judged anew. */
#define REMOVALS_MAX 100000

struct removal {
    struct fair_item item; /* its hive's */
    enum store_kind kind;
    struct text hive, worker; /* of itself */
    char names[];
};

/* Zero-initialised it is empty and notes nothing. */
struct removals {
    struct fair_queue names;
    bool wanted; /* there is a store */
};

void removals_clear(struct removals *removals);
void removals_note(struct removals *removals, enum store_kind kind, struct text hive, struct text worker);

/* The oldest, which the caller frees; NULL: none. */
struct removal *removals_take(struct removals *removals);

#endif
