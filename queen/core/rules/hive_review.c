#include "hive_review.h"

#include "hive_inquiry.h"
#include "hive_poll.h"
#include "loss.h"
#include "neighbour_inquiry.h"
#include "storm.h"
#include "unreachable.h"

static bool is_there(const struct record *worker)
{
    return worker->state == STATE_ONLINE || worker->state == STATE_UNVERIFIED || worker->state == STATE_SUSPECT ||
           worker->state == STATE_ZOMBIE;
}

void hive_review_behind(struct queen *queen, struct record *worker)
{
    const struct record *hive = worker->behind_hive ? unreachable_hive_of(queen, worker) : NULL;
    if (hive && hive->state == STATE_STALE && is_there(worker))
        loss_verdict(queen, worker, CAUSE_HIVE_DOWN, evidence_now(queen, worker, PATH_WILL, RESULT_HIVE_LOST));
}

/* A worker that waited for the hive's verdict has it now; one that was lost shortly before the hive was part of the
 * same; and the end of an incident is one grace after the hive is ready. */
static void review_worker(struct queen *queen, struct record *worker)
{
    const struct record *hive = registry_hive_of(&queen->registry, worker);
    loss_hive_judged(queen, worker);
    if (hive && storm_has_hive(queen, hive))
        storm_count(queen, worker);
    if (hive && hive->state == STATE_STALE)
        unreachable_join(queen, worker);
    hive_review_behind(queen, worker);
    registry_touch(&queen->registry, worker);
}

/* Anybody waits for the end of an incident. */
static bool some_are_unreachable(const struct queen *queen)
{
    return queen->registry.counts[STATE_UNREACHABLE] > 0;
}

/* TCP sends again after as long as it was in vain: when its path was cut, its workers are back within that. */
static void note_silence(const struct queen *queen, struct hive_watch *watch)
{
    bool is_silent = record_is_suspect_by_silence(watch->record);
    if (is_silent && watch->silent_since == MS_NEVER)
        watch->silent_since = watch->record->received_at;
    if (is_silent)
        return;
    if (watch->silent_since != MS_NEVER && watch->record->state == STATE_ONLINE)
        watch->settled_at = 2 * queen->watch.time - watch->silent_since;
    watch->silent_since = MS_NEVER;
}

static void begin(struct queen *queen, struct hive_watch *watch)
{
    struct record *hive = watch->record;
    watch->changed = false;
    note_silence(queen, watch);
    if (hive->state != STATE_SUSPECT && hive->state != STATE_STALE)
        watch->storm_epoch = 0;
    if (hive->state == STATE_STALE || hive->state == STATE_OFFLINE)
        hive_poll_stop(queen, hive);
    if (hive->state == STATE_SUSPECT)
        storm_hive_suspected(queen, hive);
    else
        hive_inquiry_end(queen, watch);
    if (hive->state == STATE_STALE || (hive->state != STATE_SUSPECT && some_are_unreachable(queen)))
        registry_walk(&queen->registry, text_of(record_hive(hive)), WALK_REVIEW);
}

/* The next lost worker that waits for no hive any more, nor for its neighbours. */
static struct record *next_released(struct queen *queen)
{
    struct hive_watch *watch;
    struct record *worker;
    while ((watch = queen->hives.marked)) {
        if (watch->changed)
            begin(queen, watch);
        if ((worker = inquiry_take(&watch->inquiry)))
            return worker;
        hive_watch_unmark(&queen->hives, watch);
        hive_inquiry_send(queen, watch);
    }
    return neighbour_inquiry_take(queen);
}

void hive_review_step(struct queen *queen, size_t limit)
{
    struct record *worker;
    for (; limit > 0 && (worker = next_released(queen)); limit--)
        loss_hive_judged(queen, worker);
}

void hive_review_tick(struct queen *queen, unsigned *left)
{
    struct record *worker;
    for (; *left > 0 && (worker = registry_walk_take(&queen->registry, WALK_REVIEW)); --*left)
        review_worker(queen, worker);
}

void hive_review_forgotten(struct queen *queen, struct record *hive)
{
    bool some_wait = hive->watch->inquiry.waits || some_are_unreachable(queen);
    hive_inquiry_end(queen, hive->watch);
    while (inquiry_take(&hive->watch->inquiry))
        continue;
    if (some_wait)
        registry_walk(&queen->registry, text_of(record_hive(hive)), WALK_REVIEW);
}
