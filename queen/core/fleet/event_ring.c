#include "event_ring.h"

#include <stdlib.h>

void event_ring_clear(struct event_ring *ring)
{
    for (size_t i = 0; i < EVENT_RING_SIZE; i++)
        free((char *)ring->events[i].json.at);
    *ring = (struct event_ring){ 0 };
}

enum err event_ring_add(struct event_ring *ring, uint64_t id, struct text json, const char *line)
{
    struct event *slot = &ring->events[(ring->first + ring->count) % EVENT_RING_SIZE];
    size_t line_size = strlen(line) + 1;
    char *copy = malloc(json.len + 1 + line_size); /* one allocation for both */
    if (!copy)
        return ERR_NOMEM;
    memcpy(copy, json.at, json.len);
    copy[json.len] = '\0';
    memcpy(copy + json.len + 1, line, line_size);
    if (ring->count == EVENT_RING_SIZE)
        ring->first = (ring->first + 1) % EVENT_RING_SIZE;
    else
        ring->count++;
    free((char *)slot->json.at);
    *slot = (struct event){ id, { copy, json.len }, copy + json.len + 1 };
    return OK;
}

/* Ids ascend along the ring: a binary search for the first above `after`. Asked after every step, mostly for none. */
const struct event *event_ring_after(const struct event_ring *ring, uint64_t after)
{
    size_t low = 0, high = ring->count;
    if (high == 0 || ring->events[(ring->first + high - 1) % EVENT_RING_SIZE].id <= after)
        return NULL;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ring->events[(ring->first + middle) % EVENT_RING_SIZE].id <= after)
            low = middle + 1;
        else
            high = middle;
    }
    return &ring->events[(ring->first + low) % EVENT_RING_SIZE];
}
