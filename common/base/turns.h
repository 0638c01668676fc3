/* turns.h - what waits is taken in turns of those whose it is: one of the first, one of the next, and so on, however
 * much each of them has. Pure; nothing is allocated, so that nothing fails: items and parties are embedded. Where
 * parties are known by name only, and something must be given up, it is fair_queue.h. */
#ifndef SKEP_TURNS_H
#define SKEP_TURNS_H

#include "base.h"

struct turns_party;

/* Zero-initialised it waits nowhere. */
struct turns_item {
    struct turns_item *prev, *next;
    struct turns_party *party; /* NULL = it does not wait */
};

/* Zero-initialised it has nothing that waits. It may go when that is so. */
struct turns_party {
    struct turns_party *prev, *next; /* those who have something, in the order of their turns; utlist */
    struct turns_item *items;        /* utlist, oldest first */
    size_t count;
};

/* Zero-initialised nothing waits. */
struct turns {
    struct turns_party *first;
    size_t count; /* of items */
};

void turns_add(struct turns *turns, struct turns_party *party, struct turns_item *item);
void turns_remove(struct turns *turns, struct turns_item *item); /* the order stays */

/* Takes the party's oldest item; its next one comes behind all others'. */
struct turns_item *turns_take(struct turns *turns, struct turns_party *party);

/* Whose turn it is; NULL = nothing waits. */
static inline struct turns_item *turns_next(const struct turns *turns)
{
    return turns->first ? turns->first->items : NULL;
}

#endif
