#include "incident.h"

#include <utlist.h>

#include "hive_poll.h"
#include "loss.h"

/* A worker that waited for the hive's verdict has it now; one that was lost shortly before the hive was part of the
 * same; and the end of an incident is one grace after the hive is ready. */
static void review_worker(struct queen *queen, struct record *worker)
{
    const struct record *hive = registry_hive_of(&queen->registry, worker);
    loss_hive_judged(queen, worker);
    if (hive && hive->state == STATE_STALE)
        change_join_incident(queen, worker);
    registry_touch(&queen->registry, worker);
}

/* Workers may wait for a hive's verdict, or for the end of an incident. */
static bool some_wait(const struct queen *queen)
{
    return queen->losses || queen->registry.counts[STATE_UNREACHABLE] > 0;
}

static void begin(struct queen *queen, struct record *hive)
{
    if (hive->state == STATE_STALE || hive->state == STATE_OFFLINE)
        hive_poll_stop(queen, hive);
    if (hive->state == STATE_STALE || (hive->state != STATE_SUSPECT && some_wait(queen)))
        registry_walk(&queen->registry, text_of(record_hive(hive)), WALK_REVIEW);
}

void incident_review(struct queen *queen, size_t limit)
{
    struct hive_watch *watch;
    struct record *worker;
    while ((watch = queen->hives.changed)) {
        DL_DELETE2(queen->hives.changed, watch, changed_prev, changed_next);
        watch->changed = false;
        begin(queen, watch->record);
    }
    for (; limit > 0 && (worker = registry_walk_take(&queen->registry, WALK_REVIEW)); limit--)
        review_worker(queen, worker);
}

void incident_forgotten(struct queen *queen, struct record *hive)
{
    if (some_wait(queen))
        registry_walk(&queen->registry, text_of(record_hive(hive)), WALK_REVIEW);
}
