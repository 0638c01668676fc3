/* agenda.h - what is due when: the earliest first, and of those at the same time the one that was entered first. */
#ifndef SIM_AGENDA_H
#define SIM_AGENDA_H

#include "heap.h"

/* Zero-initialise both. */
struct agenda_item {
    struct heap_item item;
    uint32_t number; /* in the order of agenda_enter */
};

struct agenda {
    struct heap heap;
    uint32_t entered;
};

void agenda_clear(struct agenda *agenda);
void agenda_enter(struct agenda *agenda, struct agenda_item *item); /* once; it is not due yet */

/* MS_NEVER takes it out. Out of memory ends the test. */
void agenda_put(struct agenda *agenda, struct agenda_item *item, ms_t at);

ms_t agenda_next(const struct agenda *agenda); /* MS_NEVER = nothing is due */

/* The first that is due by `now`, which is taken out; NULL = none. */
struct agenda_item *agenda_take(struct agenda *agenda, ms_t now);

#endif
