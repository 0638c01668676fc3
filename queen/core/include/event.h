/* event.h - one of the queen's events, as its subscribers get it. */
#ifndef SKEP_EVENT_H
#define SKEP_EVENT_H

#include "id_range.h"
#include "text.h"

struct event {
    uint64_t id;      /* above that of the event before; by more than 1 where some are kept no more */
    const char *hive; /* whose it is; "" = the fleet's */
    struct text json;
    const char *line;  /* the same for people; "": an earlier process had it */
    uint64_t previous; /* the event before it, which need not be kept; 0 = none is known */
};

/* What somebody who has taken the event `taken` (0 = none) last, and gets this one next, has missed between: no more is
 * kept (event_ring.h). None: 0. */
struct id_range event_missed(const struct event *event, uint64_t taken);

/* A document that says so: {"fleet":"events_lost","from":ID,"to":ID} */
#define EVENTS_LOST_SIZE 96
void events_lost_write(struct id_range lost, char ret[EVENTS_LOST_SIZE]);

#endif
