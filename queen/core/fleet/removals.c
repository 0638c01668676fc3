#include "removals.h"

#include <stdlib.h>

void removals_clear(struct removals *removals)
{
    struct removal *removal;
    while ((removal = removals_take(removals)))
        free(removal);
    fair_queue_clear(&removals->names);
}

static struct removal *take(struct removals *removals, struct fair_item *item)
{
    if (item)
        fair_queue_remove(&removals->names, item);
    return item ? CONTAINER_OF(item, struct removal, item) : NULL;
}

void removals_note(struct removals *removals, enum store_kind kind, struct text hive, struct text worker)
{
    struct removal *removal;
    if (!removals->wanted)
        return;
    if (removals->names.count >= REMOVALS_MAX)
        free(take(removals, fair_queue_yielding(&removals->names)));
    if (!(removal = calloc(1, sizeof *removal + hive.len + worker.len)))
        return;
    removal->kind = kind;
    removal->hive = (struct text){ removal->names, hive.len };
    removal->worker = (struct text){ removal->names + hive.len, worker.len };
    memcpy(removal->names, hive.at, hive.len);
    if (worker.len > 0)
        memcpy(removal->names + hive.len, worker.at, worker.len);
    if (fair_queue_add(&removals->names, hive, &removal->item, 1) != OK)
        free(removal);
}

struct removal *removals_take(struct removals *removals)
{
    return take(removals, removals->names.items);
}
