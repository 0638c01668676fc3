#include "storm.h"

#include "lease.h"

#define LATELY_MS 10000
#define OFTEN_MS 600000 /* a hive that is suspect more often than that says nothing of others */

/* By silence: since workers fall silent all over an interval. */
static ms_t lately(const struct queen *queen, const struct record *record)
{
    if (record->cause != CAUSE_MISSED_HEARTBEATS)
        return LATELY_MS;
    return lease_of(record->interval_ms, INT_ABSENT, queen->options.stale_after).stale_after / 3;
}

static bool is_lately(const struct queen *queen, const struct record *record)
{
    return queen->now < record->since_mono + lately(queen, record);
}

/* A hive is lost with its workers; those that have none are one such. */
static struct share *share_of(struct queen *queen, struct record *record)
{
    struct share *own;
    if (!record_is_hive(record) || storm_watch_counts(&queen->storm.watch, record))
        return record_lost_in(record);
    own = share_find(&queen->registry.shares, text_of(record_hive(record)));
    return own ? own : record->share;
}

void storm_count(struct queen *queen, struct record *record)
{
    struct share *share = share_of(queen, record);
    if (record->state != STATE_SUSPECT || record->cause == CAUSE_STALLED || !is_lately(queen, record))
        return;
    if (record_is_hive(record))
        record->watch->lost_in = share;
    storm_watch_count(&queen->storm.watch, &queen->registry.shares, share, record, queen->watch.time);
    registry_touch(&queen->registry, record);
}

ms_t storm_counts_until(const struct queen *queen, const struct record *record)
{
    return record->lost_on ? record->since_mono + lately(queen, record) : MS_NEVER;
}

void storm_forget_old(struct queen *queen, struct record *record)
{
    if (record->lost_on && !is_lately(queen, record))
        storm_watch_uncount(&queen->storm.watch, &queen->registry.shares, record_lost_in(record), record,
                            queen->watch.time);
}

bool storm_is_on_of(struct queen *queen, struct share *share)
{
    struct storm_watch *watch = &queen->storm.watch;
    return watch->link != 0 && storm_watch_is_on(watch, &queen->registry.shares, share, queen->watch.time);
}

bool storm_is_on(struct queen *queen, struct record *record)
{
    return storm_is_on_of(queen, share_of(queen, record));
}

void storm_holds(struct queen *queen)
{
    struct storm *storm = &queen->storm;
    storm->held++;
    storm->in_all++;
    storm->most = storm->held > storm->most ? storm->held : storm->most;
}

void storm_releases(struct queen *queen, bool has_returned)
{
    queen->storm.held--;
    queen->storm.returned += has_returned;
}

/* With its workers, of whom some may be lost. */
static void count_hive(struct queen *queen, struct record *hive)
{
    storm_count(queen, hive);
    if (!hive->lost_on)
        return;
    hive->watch->storm_epoch = queen->epoch;
    registry_walk(&queen->registry, text_of(record_hive(hive)), WALK_REVIEW);
}

void storm_hive_suspected(struct queen *queen, struct record *hive)
{
    ms_t *suspected_at = &hive->watch->suspected_at;
    bool is_often = *suspected_at != MS_NEVER && queen->watch.time - *suspected_at <= OFTEN_MS;
    struct suspected_hive *last = &queen->storm.last_hive[is_often];
    uint32_t number = roll_entry_of(&queen->registry.roll, hive)->number;
    struct record *before = last->number ? roll_find(&queen->registry.roll, last->number) : NULL;
    bool is_second = last->number != number && queen->watch.time - last->at <= LATELY_MS;
    if (before && is_second) {
        count_hive(queen, before);
        count_hive(queen, hive);
    }
    *suspected_at = queen->watch.time;
    *last = (struct suspected_hive){ number, queen->watch.time };
}
