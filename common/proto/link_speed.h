/* link_speed.h - what a connect takes on this link, as births declare it (R4). Pure. */
#ifndef SKEP_LINK_SPEED_H
#define SKEP_LINK_SPEED_H

#include "wire.h"

#define LINK_SPEED_CONNECTS 8    /* whose least time is declared ... */
#define LINK_SPEED_ROUND_TRIPS 2 /* ... or twice the least of these, if that is more */

/* Zero-initialised: nothing is known. */
struct link_speed {
    ms_t connects[LINK_SPEED_CONNECTS]; /* how long the last ones took, a ring; 0 = none */
    unsigned next;
    ms_t round_trips[LINK_SPEED_ROUND_TRIPS]; /* of births and heartbeats, the last one first; 0 = none */
    int64_t declared;                         /* by the last birth */
};

void link_speed_connected(struct link_speed *speed, const struct link_facts *facts); /* NULL: nothing is known of it */
void link_speed_round_trip(struct link_speed *speed, ms_t took);

/* ms, or INT_ABSENT: to be put into a birth, which is noted. */
int64_t link_speed_declare(struct link_speed *speed);

/* What was declared is too far from what it takes: a birth is due. */
bool link_speed_is_wrong(const struct link_speed *speed);

#endif
