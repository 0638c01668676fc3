#include "incident.h"

#include <utlist.h>

#include "confirm.h"
#include "hive_poll.h"

/* A worker that waited for the hive's verdict has it now; one that was lost shortly before the hive was part of the
 * same; and the end of an incident is one grace after the hive is ready. */
static void review_worker(struct queen *queen, const struct record *hive, struct record *worker)
{
    confirm_hive_judged(queen, worker);
    if (hive->state == STATE_STALE)
        change_join_incident(queen, worker);
    registry_touch(&queen->registry, worker);
}

/* Workers may wait for a hive's verdict, or for the end of an incident. */
static bool concerns_workers(const struct queen *queen, const struct record *hive)
{
    bool some_wait = queen->confirms || queen->registry.counts[STATE_UNREACHABLE] > 0;
    return hive->state == STATE_STALE || (hive->state != STATE_SUSPECT && some_wait);
}

static void begin(struct queen *queen, struct hive_watch *watch)
{
    const struct record *hive = watch->record;
    if (watch->reviewing)
        return;
    if (hive->state == STATE_STALE || hive->state == STATE_OFFLINE)
        hive_poll_stop(queen, watch->record);
    watch->reviewing = true;
    watch->review_next = name_index_find(&queen->registry.by[NAME_OF_HIVE], text_of(record_hive(hive)));
}

void incident_review(struct queen *queen, size_t limit)
{
    struct hive_watch *watch;
    while (limit > 0 && (watch = queen->hives.changed)) {
        bool concerns = concerns_workers(queen, watch->record);
        begin(queen, watch);
        for (; concerns && limit > 0 && watch->review_next; limit--) {
            struct record *worker = watch->review_next;
            watch->review_next = name_index_next(&queen->registry.by[NAME_OF_HIVE], worker);
            review_worker(queen, watch->record, worker);
        }
        if (concerns && watch->review_next)
            break; /* the limit is reached */
        DL_DELETE2(queen->hives.changed, watch, changed_prev, changed_next);
        watch->changed = watch->reviewing = false;
    }
}

void incident_forgotten(struct queen *queen, struct record *record)
{
    struct record *hive = record_is_hive(record) ? NULL : registry_hive_of(&queen->registry, record);
    if (record_is_hive(record))
        incident_review(queen, SIZE_MAX);
    else if (hive && hive->watch->review_next == record)
        hive->watch->review_next = name_index_next(&queen->registry.by[NAME_OF_HIVE], record);
}
