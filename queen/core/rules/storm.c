#include "storm.h"

#include "lease.h"

#define LATELY_MS 10000

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

void storm_count(struct queen *queen, struct record *record)
{
    if (record->state != STATE_SUSPECT || record->cause == CAUSE_STALLED || !is_lately(queen, record))
        return;
    storm_watch_count(&queen->storm.watch, record, queen->watch.time);
    registry_touch(&queen->registry, record);
}

ms_t storm_counts_until(const struct queen *queen, const struct record *record)
{
    return record->lost_on ? record->since_mono + lately(queen, record) : MS_NEVER;
}

void storm_forget_old(struct queen *queen, struct record *record)
{
    if (record->lost_on && !is_lately(queen, record))
        storm_watch_uncount(&queen->storm.watch, record);
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
    struct storm *storm = &queen->storm;
    uint32_t number = roll_entry_of(&queen->registry.roll, hive)->number;
    struct record *before = storm->last_hive ? roll_find(&queen->registry.roll, storm->last_hive) : NULL;
    bool is_second = storm->last_hive != number && queen->watch.time - storm->last_hive_at <= LATELY_MS;
    if (before && is_second) {
        count_hive(queen, before);
        count_hive(queen, hive);
    }
    storm->last_hive = number;
    storm->last_hive_at = queen->watch.time;
}
