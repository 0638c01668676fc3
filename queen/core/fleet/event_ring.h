/* event_ring.h - the last events, so many bytes of them, oldest first: readers keep the id of the last one they took.
 * Where there are more, the hive with most of them loses its oldest: one that floods takes nothing from the others. */
#ifndef SKEP_EVENT_RING_H
#define SKEP_EVENT_RING_H

#include "event.h"
#include "fair_queue.h"

#define EVENT_RING_BYTES ((size_t)16 * 1024 * 1024) /* about 12,000: who follows may be as far behind a mass death */

/* Zero-initialise it, but for the limit. */
struct event_ring {
    size_t limit; /* EVENT_RING_BYTES; bytes with all that belongs to an event */
    struct fair_queue queue;
    uint64_t last; /* the id of the last one that was added */
};

void event_ring_clear(struct event_ring *ring);

/* Copies the texts, and sets `previous`. Ids ascend. ERR_NOMEM: nothing changed. */
enum err event_ring_add(struct event_ring *ring, const struct event *event);

/* The oldest event with an id above `after`, or NULL; and the one behind an event. Borrowed until the next add. */
const struct event *event_ring_after(const struct event_ring *ring, uint64_t after);
const struct event *event_ring_next(const struct event *event);

#endif
