#include "work.h"

static bool is_warming_up(const struct heartbeat *heartbeat)
{
    return strcmp(heartbeat->status, "starting") == 0 || strcmp(heartbeat->status, "loading") == 0;
}

/* How long work in flight has stood still: since `progress` was first seen at its value with something in flight, and
 * not longer than the sender itself says. */
static ms_t standstill(const struct queen *queen, const struct record *record, const struct heartbeat *heartbeat)
{
    ms_t watched = (uint32_t)queen_time_for(queen, record) - record->work.since;
    if (heartbeat->inflight <= 0)
        return 0;
    if (heartbeat->progress_age_ms != INT_ABSENT)
        return ms_min(heartbeat->progress_age_ms, watched);
    return heartbeat->progress == INT_ABSENT ? 0 : watched;
}

static bool limit_is_restarted(const struct queen *queen, const struct record *record, ms_t limit)
{
    return record->work_restarted && (uint32_t)queen_time_for(queen, record) - record->work.limit_start < limit;
}

static bool is_stuck(const struct queen *queen, const struct record *record, const struct heartbeat *heartbeat)
{
    ms_t limit = heartbeat->stall_ms == INT_ABSENT ? WORK_STALL_MS : heartbeat->stall_ms;
    if (is_warming_up(heartbeat) || limit_is_restarted(queen, record, limit))
        return false;
    return heartbeat->stalled_ms >= limit || standstill(queen, record, heartbeat) >= limit;
}

/* The limit starts anew with progress, without anything in flight, and while it is warming up. How long ago the
 * progress was is the sender's word: neither a restart of the queen nor a long interval makes it later. */
static void note_progress(const struct queen *queen, struct record *record, const struct heartbeat *heartbeat)
{
    struct work *work = &record->work;
    uint32_t now = (uint32_t)queen_time_for(queen, record);
    bool moved = heartbeat->progress != INT_ABSENT && heartbeat->progress != work->progress;
    if (!record->work_seen || (moved && work->progress != INT_ABSENT))
        work->since = now - (uint32_t)ms_min(ms_max(heartbeat->progress_age_ms, 0), INT32_MAX);
    if (heartbeat->inflight <= 0 || is_warming_up(heartbeat))
        work->since = now;
    if (moved && work->progress != INT_ABSENT)
        record->work_advanced = true;
    if (moved)
        work->progress = heartbeat->progress;
    record->work_seen = true;
}

/* Of itself, however short it is: a verification may find that work stands still long before the limit. */
static bool gives_reason(const struct heartbeat *heartbeat)
{
    return heartbeat->inflight > 0 || heartbeat->stalled_ms != INT_ABSENT;
}

bool work_note(struct queen *queen, struct record *record, const struct heartbeat *heartbeat)
{
    bool was_stuck = record->work_stuck, had_reason = record->work_reason;
    note_progress(queen, record, heartbeat);
    record->work_stuck = is_stuck(queen, record, heartbeat);
    record->work_reason = gives_reason(heartbeat);
    return (record->state == STATE_ZOMBIE || record->was_zombie) && !record->work_advanced &&
           ((was_stuck && !record->work_stuck) || (had_reason && !record->work_reason));
}

void work_reset(struct record *record)
{
    record->work = (struct work){ .progress = INT_ABSENT };
    record->work_seen = record->work_stuck = record->work_reason = record->work_restarted = false;
    record->work_advanced = true;
}

void work_excuse(struct queen *queen, struct record *record)
{
    record->work_restarted = true;
    record->work.since = record->work.limit_start = (uint32_t)queen_time_for(queen, record);
}

bool work_holds(const struct record *record)
{
    if (record->state == STATE_ZOMBIE)
        return !record->work_advanced;
    return record->state == STATE_SUSPECT && record->cause == CAUSE_STALLED && record->work_stuck;
}

bool work_judge(struct queen *queen, struct record *record)
{
    if (!record->work_stuck)
        return false;
    if (record->state == STATE_ONLINE) {
        change_state(queen, record, STATE_SUSPECT, CAUSE_STALLED,
                     evidence_now(queen, record, PATH_PROGRESS, RESULT_STANDSTILL));
    }
    return record->state == STATE_SUSPECT && record->cause == CAUSE_STALLED;
}
