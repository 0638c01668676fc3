#include "event_ring.h"

#include <stddef.h>
#include <stdlib.h>
#include <utlist.h>

struct entry {
    struct event event; /* first: its address is the one to free */
    struct fair_item item;
    char text[];
};

static struct entry *entry_of(const struct fair_item *item)
{
    return CONTAINER_OF(item, struct entry, item);
}

static void drop(struct event_ring *ring, struct fair_item *item)
{
    fair_queue_remove(&ring->queue, item);
    free(entry_of(item));
}

void event_ring_clear(struct event_ring *ring)
{
    while (ring->queue.items)
        drop(ring, ring->queue.items);
    fair_queue_clear(&ring->queue);
}

static const char *put(char **to, struct text text)
{
    char *at = *to;
    memcpy(at, text.at, text.len);
    at[text.len] = '\0';
    *to = at + text.len + 1;
    return at;
}

static size_t size_of(const struct event *event)
{
    return sizeof(struct entry) + event->json.len + strlen(event->line) + strlen(event->hive) + 3;
}

static struct entry *entry_new(const struct event *event)
{
    struct entry *entry = calloc(1, size_of(event));
    char *to;
    if (!entry)
        return NULL;
    to = entry->text;
    entry->event.id = event->id;
    entry->event.json = (struct text){ put(&to, event->json), event->json.len };
    entry->event.line = put(&to, text_of(event->line));
    entry->event.hive = put(&to, text_of(event->hive));
    return entry;
}

enum err event_ring_add(struct event_ring *ring, const struct event *event)
{
    struct entry *entry = entry_new(event);
    if (!entry || fair_queue_add(&ring->queue, text_of(event->hive), &entry->item, size_of(event)) != OK) {
        free(entry);
        return ERR_NOMEM;
    }
    entry->event.previous = ring->last;
    ring->last = event->id;
    while (ring->queue.cost > ring->limit)
        drop(ring, fair_queue_yielding(&ring->queue));
    return OK;
}

/* From the newest back: asked after every step, mostly for none or for one. */
const struct event *event_ring_after(const struct event_ring *ring, uint64_t after)
{
    const struct fair_item *first = ring->queue.items, *item = first ? first->prev : NULL;
    if (!item || entry_of(item)->event.id <= after)
        return NULL;
    while (item != first && entry_of(item->prev)->event.id > after)
        item = item->prev;
    return &entry_of(item)->event;
}

const struct event *event_ring_next(const struct event *event)
{
    const struct fair_item *next = CONTAINER_OF(event, struct entry, event)->item.next;
    return next ? &entry_of(next)->event : NULL;
}
