/* disturb.h - what happens to a fleet, as its seed draws it: one thing a call. Part of chaos. */
#ifndef SIM_DISTURB_H
#define SIM_DISTURB_H

#include "chaos_fleet.h"

void disturb_something(struct chaos *chaos);

/* To the programs, with the rest of a fleet that has a healed part. */
void disturb_rest(struct chaos *chaos);

#endif
