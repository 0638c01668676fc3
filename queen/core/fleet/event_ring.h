/* event_ring.h - the last EVENT_RING_SIZE events, oldest first: readers keep the id of the last one they took. */
#ifndef SKEP_EVENT_RING_H
#define SKEP_EVENT_RING_H

#include "event.h"

#define EVENT_RING_SIZE 1000

/* Zero-initialised it is empty. */
struct event_ring {
    struct event events[EVENT_RING_SIZE];
    size_t first, count;
};

void event_ring_clear(struct event_ring *ring);

/* Copies both texts; the oldest event makes room. Ids ascend. ERR_NOMEM: nothing changed. */
enum err event_ring_add(struct event_ring *ring, uint64_t id, struct text json, const char *line);

/* The oldest event with an id above `after`, or NULL; and the one behind an event. Borrowed until the next add. */
const struct event *event_ring_after(const struct event_ring *ring, uint64_t after);

#endif
