/* What time does to a worker: R5, the lease of stored copies (R15), and forgetting (R16). */
#include "confirm.h"
#include "judge.h"
#include "proof.h"

#define DAY_MS (24LL * 3600 * 1000)

/* How long a record is kept in a state that time alone does not change. */
static const ms_t retention[STATE_COUNT] = {
    [STATE_OFFLINE] = DAY_MS,         [STATE_STALE] = 7 * DAY_MS,      [STATE_ZOMBIE] = 7 * DAY_MS,
    [STATE_UNREACHABLE] = 7 * DAY_MS, [STATE_UNVERIFIED] = 7 * DAY_MS,
};

static bool is_leased(const struct record *record)
{
    return record->state == STATE_ONLINE || record->state == STATE_SUSPECT || record->state == STATE_ZOMBIE ||
           record->state == STATE_UNVERIFIED;
}

static struct lease lease_for(const struct queen *queen, const struct record *record)
{
    return lease_of(record->interval_ms, record->lease_ms, queen->options.stale_after);
}

/* The extra wait that a lost link grants to those who were last heard before. */
static ms_t grace_for(const struct queen *queen, const struct record *record)
{
    return record->heard_epoch == 0 || queen_heard_live(queen, record) ? 0 : queen_grace(queen, record);
}

/* Stored copies alone are overdue only when they are over. */
static ms_t stale_at(const struct queen *queen, const struct record *record)
{
    struct lease lease = lease_for(queen, record);
    return ms_max(record->heard + lease.stale_after + grace_for(queen, record), record->not_before);
}

static ms_t suspect_at(const struct queen *queen, const struct record *record)
{
    struct lease lease = lease_for(queen, record);
    return record->heard + lease.suspect_after + grace_for(queen, record);
}

static ms_t next_silence(const struct queen *queen, const struct record *record)
{
    if (record->state == STATE_ONLINE || record->state == STATE_ZOMBIE)
        return suspect_at(queen, record);
    return stale_at(queen, record);
}

void judge_schedule(struct queen *queen, struct record *record)
{
    if (record->confirm) {
        registry_look_at(&queen->registry, record, true, confirm_deadline(queen, record));
    } else if (record->proof != PROOF_NONE) {
        registry_look_at(&queen->registry, record, record->on_watch, MS_NEVER);
    } else if (is_leased(record)) {
        registry_look_at(&queen->registry, record, !record->over_http, next_silence(queen, record));
    } else if (retention[record->state] && !record->expected) {
        ms_t left = record->since_mono + retention[record->state] - queen->now;
        registry_look_at(&queen->registry, record, false, queen->watch.loop_time + left);
    } else {
        registry_look_at(&queen->registry, record, record->on_watch, MS_NEVER);
    }
}

static struct evidence silence_evidence(const struct queen *queen, const struct record *record, ms_t due,
                                        enum evidence_result result)
{
    struct evidence evidence = evidence_now(queen, record, PATH_SILENCE, result);
    ms_t late = queen_time_for(queen, record) - due;
    evidence.due_at = queen->wall - late;
    evidence.took = (uint32_t)ms_min(late, UINT32_MAX);
    return evidence;
}

static void judge_overdue(struct queen *queen, struct record *record)
{
    ms_t due = suspect_at(queen, record);
    struct evidence evidence = silence_evidence(queen, record, due, RESULT_OVERDUE);
    change_state(queen, record, STATE_SUSPECT, CAUSE_MISSED_HEARTBEATS, &evidence);
}

static void judge_over(struct queen *queen, struct record *record)
{
    bool never = !record->incarnation.known;
    struct evidence evidence =
        silence_evidence(queen, record, stale_at(queen, record), never ? RESULT_EXPECTED : RESULT_SILENT);
    change_state(queen, record, STATE_STALE, never ? CAUSE_NEVER_SEEN : CAUSE_MISSED_HEARTBEATS, &evidence);
}

static void silence_due(struct queen *queen, struct record *record)
{
    ms_t time = queen_time_for(queen, record);
    bool never_suspect = record->state == STATE_UNVERIFIED;
    if (!never_suspect && record->state != STATE_SUSPECT && suspect_at(queen, record) <= time)
        judge_overdue(queen, record);
    if (stale_at(queen, record) > time)
        return;
    if (record->over_http)
        judge_over(queen, record);
    else
        proof_ask(queen, record);
}

bool judge_due(struct queen *queen, struct record *record)
{
    if (record->confirm)
        confirm_due(queen, record);
    else if (is_leased(record))
        silence_due(queen, record);
    else
        return record->expected || queen->now < record->since_mono + retention[record->state];
    return true;
}

void judge_proven(struct queen *queen, struct record *record)
{
    if (record->confirm)
        confirm_proven(queen, record);
    else if (is_leased(record) && stale_at(queen, record) <= queen_time_for(queen, record))
        judge_over(queen, record);
}
