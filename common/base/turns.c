#include "turns.h"

#include <utlist.h>

void turns_add(struct turns *turns, struct turns_party *party, struct turns_item *item)
{
    if (!party->items)
        DL_APPEND(turns->first, party);
    DL_APPEND(party->items, item);
    item->party = party;
    party->count++;
    turns->count++;
}

void turns_remove(struct turns *turns, struct turns_item *item)
{
    struct turns_party *party = item->party;
    if (!party)
        return;
    DL_DELETE(party->items, item);
    if (!party->items)
        DL_DELETE(turns->first, party);
    item->party = NULL;
    party->count--;
    turns->count--;
}

struct turns_item *turns_take(struct turns *turns, struct turns_party *party)
{
    struct turns_item *item = party->items;
    turns_remove(turns, item);
    if (!party->items)
        return item;
    DL_DELETE(turns->first, party);
    DL_APPEND(turns->first, party);
    return item;
}
