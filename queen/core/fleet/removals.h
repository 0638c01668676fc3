/* removals.h - the names of what was stored once and is no more, oldest first, until the store has them. */
#ifndef SKEP_REMOVALS_H
#define SKEP_REMOVALS_H

#include "store_row.h"

#define REMOVALS_MAX 100000 /* beyond it, and without memory, the rows stay: they are restored, and judged anew */

struct removal {
    struct removal *next;
    enum store_kind kind;
    struct text hive, worker; /* of itself */
    char names[];
};

/* Zero-initialised it is empty and notes nothing. */
struct removals {
    struct removal *first, **end;
    size_t count;
    bool wanted; /* there is a store */
};

void removals_clear(struct removals *removals);
void removals_note(struct removals *removals, enum store_kind kind, struct text hive, struct text worker);

/* The oldest, which the caller frees; NULL: none. */
struct removal *removals_take(struct removals *removals);

#endif
