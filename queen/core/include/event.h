/* event.h - one of the queen's events, as its subscribers get it. */
#ifndef SKEP_EVENT_H
#define SKEP_EVENT_H

#include "text.h"

struct event {
    uint64_t id;      /* above that of the event before; by more than 1 where some are kept no more */
    const char *hive; /* whose it is; "" = the fleet's */
    struct text json;
    const char *line;  /* the same for people; "": an earlier process had it */
    uint64_t previous; /* the event before it, which need not be kept; 0 = none is known */
};

#endif
