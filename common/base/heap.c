#include "heap.h"

#include <stdlib.h>

#define FIRST_SIZE ((size_t)16)

void heap_clear(struct heap *heap)
{
    free(heap->items);
    *heap = (struct heap){ 0 };
}

enum err heap_reserve(struct heap *heap, size_t count)
{
    if (count <= heap->size)
        return OK;
    size_t size = FIRST_SIZE + heap->size + heap->size / 4; /* whoever needs one more each time moves seldom */
    size = size < count ? count : size;
    struct heap_item **items = reallocarray(heap->items, size, sizeof *items);
    if (!items)
        return ERR_NOMEM;
    heap->items = items;
    heap->size = size;
    return OK;
}

/* Positions are 1-based, so that the parent of p is p / 2 and its children are 2p and 2p + 1. */
static struct heap_item *item_at(const struct heap *heap, size_t position)
{
    return heap->items[position - 1];
}

static void place(struct heap *heap, struct heap_item *item, size_t position)
{
    heap->items[position - 1] = item;
    item->position = position;
}

static bool holds(const struct heap *heap, const struct heap_item *item)
{
    return item->position > 0 && item->position <= heap->len && item_at(heap, item->position) == item;
}

/* Moves the hole at `position` to where `item` belongs, and puts it there. */
static void sift_up(struct heap *heap, struct heap_item *item, size_t position)
{
    while (position > 1 && item->at < item_at(heap, position / 2)->at) {
        place(heap, item_at(heap, position / 2), position);
        position /= 2;
    }
    place(heap, item, position);
}

static void sift_down(struct heap *heap, struct heap_item *item, size_t position)
{
    for (size_t child = 2 * position; child <= heap->len; child = 2 * position) {
        if (child < heap->len && item_at(heap, child + 1)->at < item_at(heap, child)->at)
            child++;
        if (item->at <= item_at(heap, child)->at)
            break;
        place(heap, item_at(heap, child), position);
        position = child;
    }
    place(heap, item, position);
}

static void sift(struct heap *heap, struct heap_item *item, size_t position)
{
    sift_up(heap, item, position);
    sift_down(heap, item, item->position);
}

enum err heap_put(struct heap *heap, struct heap_item *item, ms_t at)
{
    if (holds(heap, item)) {
        item->at = at;
        sift(heap, item, item->position);
        return OK;
    }
    if (heap_reserve(heap, heap->len + 1) != OK)
        return ERR_NOMEM;
    item->at = at;
    sift_up(heap, item, ++heap->len);
    return OK;
}

void heap_remove(struct heap *heap, struct heap_item *item)
{
    if (!holds(heap, item))
        return;
    size_t hole = item->position;
    struct heap_item *last = item_at(heap, heap->len--);
    item->position = 0;
    if (last != item)
        sift(heap, last, hole);
}
