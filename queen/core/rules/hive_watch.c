#include "hive_watch.h"

#include <stdlib.h>
#include <utlist.h>

#include "hive_poll.h"

enum err hive_watch_add(struct queen *queen, struct record *record)
{
    struct hive_watch *watch = calloc(1, sizeof *watch);
    if (!watch || heap_reserve(&queen->hives.due, queen->registry.hive_count) != OK) {
        free(watch);
        return ERR_NOMEM;
    }
    watch->record = record;
    watch->pending.subject = watch;
    record->watch = watch;
    DL_APPEND(queen->hives.all, watch);
    return OK;
}

void hive_watch_remove(struct queen *queen, struct record *record)
{
    struct hive_watch *watch = record->watch;
    hive_poll_stop(queen, record);
    if (watch->changed)
        DL_DELETE2(queen->hives.changed, watch, changed_prev, changed_next);
    DL_DELETE(queen->hives.all, watch);
}

void hive_watch_changed(struct queen *queen, struct record *record)
{
    struct hive_watch *watch = record->watch;
    bool proved = record->state == STATE_ONLINE || (record->state == STATE_SUSPECT && record->proved);
    if (proved && !record->proved) {
        watch->ready_at = queen->watch.time;
        watch->ready_at_loop = queen->watch.loop_time;
    }
    record->proved = proved;
    if (record->state == STATE_STALE || record->state == STATE_OFFLINE) /* asked anew when it comes back */
        hive_poll_reset(queen, record);
    if (!watch->changed)
        DL_APPEND2(queen->hives.changed, watch, changed_prev, changed_next);
    watch->changed = true;
    watch->reviewing = false;
}

void hive_watch_reviewed(struct queen *queen, struct hive_watch *watch)
{
    DL_DELETE2(queen->hives.changed, watch, changed_prev, changed_next);
    watch->changed = watch->reviewing = false;
}
