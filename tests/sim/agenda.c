#include "agenda.h"

#include <stdio.h>
#include <stdlib.h>

#define NUMBER_BITS 20 /* a million of them, and 278 years: what is later never comes */

void agenda_clear(struct agenda *agenda)
{
    heap_clear(&agenda->heap);
}

void agenda_enter(struct agenda *agenda, struct agenda_item *item)
{
    item->number = agenda->entered++;
}

/* The heap knows one number: the time, and behind it the order of those at that time. */
static ms_t rank_of(const struct agenda_item *item, ms_t at)
{
    return at << NUMBER_BITS | (item->number & ((1U << NUMBER_BITS) - 1));
}

void agenda_put(struct agenda *agenda, struct agenda_item *item, ms_t at)
{
    if (at >= MS_NEVER >> NUMBER_BITS) {
        heap_remove(&agenda->heap, &item->item);
    } else if (heap_put(&agenda->heap, &item->item, rank_of(item, at)) != OK) {
        fputs("simulation: out of memory\n", stderr);
        abort();
    }
}

ms_t agenda_next(const struct agenda *agenda)
{
    const struct heap_item *top = heap_top(&agenda->heap);
    return top ? top->at >> NUMBER_BITS : MS_NEVER;
}

struct agenda_item *agenda_take(struct agenda *agenda, ms_t now)
{
    struct heap_item *top = heap_top(&agenda->heap);
    if (agenda_next(agenda) > now)
        return NULL;
    heap_remove(&agenda->heap, top);
    return CONTAINER_OF(top, struct agenda_item, item);
}
