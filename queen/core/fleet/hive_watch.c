#include "hive_watch.h"

#include <stdlib.h>
#include <utlist.h>

enum err hive_watch_add(struct hives *hives, struct record *record, size_t count)
{
    struct hive_watch *watch = calloc(1, sizeof *watch);
    if (!watch || heap_reserve(&hives->first, count) != OK || heap_reserve(&hives->again, count) != OK) {
        free(watch);
        return ERR_NOMEM;
    }
    watch->record = record;
    watch->silent_since = watch->suspected_at = MS_NEVER;
    watch->pending.subject = watch->question.subject = watch->http.subject = watch;
    record->watch = watch;
    DL_APPEND(hives->all, watch);
    return OK;
}

void hive_watch_remove(struct hives *hives, struct record *record)
{
    struct hive_watch *watch = record->watch;
    hive_watch_unmark(hives, watch);
    DL_DELETE(hives->all, watch);
}

void hive_watch_mark(struct hives *hives, struct hive_watch *watch)
{
    if (!watch->marked)
        DL_APPEND2(hives->marked, watch, marked_prev, marked_next);
    watch->marked = true;
}

void hive_watch_unmark(struct hives *hives, struct hive_watch *watch)
{
    if (watch->marked)
        DL_DELETE2(hives->marked, watch, marked_prev, marked_next);
    watch->marked = false;
}

void hive_watch_changed(struct hives *hives, struct record *record, const struct watch *watch)
{
    struct hive_watch *hive = record->watch;
    bool ready_confirmed = record->state == STATE_ONLINE || (record->state == STATE_SUSPECT && record->ready_confirmed);
    if (ready_confirmed && !record->ready_confirmed) {
        hive->ready_at = watch->time;
        hive->ready_at_loop = watch->loop_time;
    }
    record->ready_confirmed = ready_confirmed;
    if (record->state == STATE_STALE || record->state == STATE_OFFLINE) /* polled anew when it comes back */
        hive->again_at = 0;
    hive->changed = true;
    hive_watch_mark(hives, hive);
}
