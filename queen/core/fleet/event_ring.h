/* event_ring.h - the last EVENT_RING_SIZE events as JSON documents, oldest first. */
#ifndef SKEP_EVENT_RING_H
#define SKEP_EVENT_RING_H

#include "text.h"

#define EVENT_RING_SIZE 1000

struct event {
    uint64_t id; /* strictly increasing */
    char *json;  /* owned by the ring */
    size_t len;
};

struct event_ring {
    struct event events[EVENT_RING_SIZE];
    size_t first, count;
};

void event_ring_init(struct event_ring *ring);
void event_ring_clear(struct event_ring *ring);

/* Copies the document; the oldest one makes room. ERR_NOMEM: nothing changed. */
enum err event_ring_add(struct event_ring *ring, uint64_t id, struct text json);

/* The oldest event with an id above `after`, or NULL; and the one behind an event. Borrowed until the next add. */
const struct event *event_ring_after(const struct event_ring *ring, uint64_t after);

uint64_t event_ring_last(const struct event_ring *ring); /* 0 when empty */

#endif
