/* events.h - hands the queen's events out: the core appends to one stream and knows nobody, and each subscriber has a
 * cursor of its own. The stream keeps so many (event_ring.h) that one who is that far behind misses the oldest. */
#ifndef SKEP_EVENTS_H
#define SKEP_EVENTS_H

#include "id_range.h"
#include "log.h"
#include "queen.h"

/* Embedded by the subscriber, borrowed until the end. */
struct subscriber {
    const char *name; /* for the log */
    /* False: not now; it gets the same event again, or the oldest that is left, with the next events_hand_out. */
    bool (*take)(void *user, const struct event *event);
    void *user;
    uint64_t cursor; /* the event that it took last; 0 = begins with the oldest that is kept */
    uint64_t missed; /* ... and which have not been logged yet */
    struct log_limit missing;
    struct subscriber *next;
};

/* What the subscriber, which is taking this event, has missed before it: no more was kept (event_ring.h). None: 0. */
struct id_range events_missed(const struct subscriber *subscriber, const struct event *event);

/* A document that says so: {"fleet":"events_lost","from":ID,"to":ID} */
#define EVENTS_LOST_SIZE 96
void events_lost_write(struct id_range lost, char ret[EVENTS_LOST_SIZE]);

/* To all of a list (utlist) of subscribers, as many as each takes. What one has missed is logged. After each step of
 * the core, and when one can take more. */
void events_hand_out(const struct queen *queen, struct subscriber *subscribers);

#endif
