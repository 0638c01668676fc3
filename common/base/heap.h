/* heap.h - an intrusive binary heap of deadlines: the earliest on top.
 *
 * O(log n) to add, move and remove; O(1) to look at the top. The heap owns only its array of pointers. */
#ifndef SKEP_HEAP_H
#define SKEP_HEAP_H

#include "err.h"

/* Embed it; zero-initialised it is in no heap. */
struct heap_item {
    ms_t at;
    size_t position; /* 1-based; 0 = in no heap */
};

/* Zero-initialise it. */
struct heap {
    struct heap_item **items;
    size_t len, size;
};

void heap_clear(struct heap *heap); /* forgets the items (without touching them), frees the array */

/* Makes room for `count` items in all, so that adding up to that many cannot fail. ERR_NOMEM. */
enum err heap_reserve(struct heap *heap, size_t count);

/* Adds the item, or moves it if it is in this heap already. ERR_NOMEM only when the item is new and there is no room.
 */
enum err heap_put(struct heap *heap, struct heap_item *item, ms_t at);
void heap_remove(struct heap *heap, struct heap_item *item); /* not in the heap: nothing happens */

/* NULL when empty. */
static inline struct heap_item *heap_top(const struct heap *heap)
{
    return heap->len > 0 ? heap->items[0] : NULL;
}

#endif
