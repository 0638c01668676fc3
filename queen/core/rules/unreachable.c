#include "unreachable.h"

#include "change.h"

#define JOIN_MS 30000 /* wills of one host come within keep alive x 1.5 + 6 s of each other */

struct record *unreachable_hive_of(const struct queen *queen, const struct record *record)
{
    return record_is_hive(record) ? NULL : registry_hive_of(&queen->registry, record);
}

static void make_unreachable(struct queen *queen, struct record *record, const struct record *hive,
                             struct evidence evidence)
{
    record->incident = hive->incident;
    change_state(queen, record, STATE_UNREACHABLE, CAUSE_HIVE_DOWN, evidence);
}

void unreachable_or_stale(struct queen *queen, struct record *record, enum cause cause, struct evidence evidence)
{
    const struct record *hive = unreachable_hive_of(queen, record);
    bool is_held =
        record->state == STATE_UNREACHABLE && queen_time_for(queen, record) < unreachable_until(queen, record);
    bool was_lost_before = record->state == STATE_STALE; /* perhaps by a known exit; asking again finds nothing new */
    if (is_held)
        return;
    if (hive && hive->state == STATE_STALE && !was_lost_before)
        make_unreachable(queen, record, hive, evidence);
    else
        change_state(queen, record, STATE_STALE, cause, evidence);
}

static bool is_by_will_or_silence(const struct record *record)
{
    return record->cause == CAUSE_LAST_WILL || record->cause == CAUSE_MISSED_HEARTBEATS ||
           record->cause == CAUSE_NO_SUBSCRIBER;
}

void unreachable_join(struct queen *queen, struct record *record)
{
    const struct record *hive = unreachable_hive_of(queen, record);
    if (hive && record->state == STATE_STALE && is_by_will_or_silence(record) &&
        queen->now - record->since_mono <= JOIN_MS)
        make_unreachable(queen, record, hive, record->evidence);
}

ms_t unreachable_until(const struct queen *queen, const struct record *record)
{
    const struct record *hive = unreachable_hive_of(queen, record);
    if (!hive || hive->state == STATE_NONE || hive->state == STATE_OFFLINE) /* it was forgotten, or has left */
        return 0;
    if (hive->state != STATE_ONLINE)
        return MS_NEVER;
    return (record->over_http ? hive->watch->ready_at_loop : hive->watch->ready_at) + queen_grace(queen, record);
}
