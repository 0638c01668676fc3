#include "removals.h"

#include <stdlib.h>

void removals_clear(struct removals *removals)
{
    struct removal *removal;
    while ((removal = removals_take(removals)))
        free(removal);
}

void removals_note(struct removals *removals, enum store_kind kind, struct text hive, struct text worker)
{
    struct removal *removal;
    if (!removals->wanted || removals->count >= REMOVALS_MAX ||
        !(removal = calloc(1, sizeof *removal + hive.len + worker.len)))
        return;
    removal->kind = kind;
    removal->hive = (struct text){ removal->names, hive.len };
    removal->worker = (struct text){ removal->names + hive.len, worker.len };
    memcpy(removal->names, hive.at, hive.len);
    if (worker.len > 0)
        memcpy(removal->names + hive.len, worker.at, worker.len);
    if (!removals->first)
        removals->end = &removals->first;
    *removals->end = removal;
    removals->end = &removal->next;
    removals->count++;
}

struct removal *removals_take(struct removals *removals)
{
    struct removal *removal = removals->first;
    if (removal) {
        removals->first = removal->next;
        removals->count--;
    }
    return removal;
}
