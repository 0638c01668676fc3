/* events.h - hands the queen's events out: the core appends to one stream and knows nobody, and each subscriber has a
 * cursor of its own. The stream keeps so many (event_ring.h) that one who is that far behind misses the oldest. */
#ifndef SKEP_EVENTS_H
#define SKEP_EVENTS_H

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

/* To all of a list (utlist) of subscribers, as many as each takes. What one has missed is logged. After each step of
 * the core, and when one can take more. */
void events_hand_out(const struct queen *queen, struct subscriber *subscribers);

/* So many of `name`, at a limited rate: none are left to be logged then. */
void events_log_missed(const char *name, uint64_t *missed, struct log_limit *limit);

#endif
