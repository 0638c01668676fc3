#include "silence.h"

#include "broker_barrier.h"
#include "hive_poll.h"
#include "loss.h"
#include "storm.h"
#include "unreachable.h"
#include "verify.h"

#define DAY_MS (24LL * 3600 * 1000)
#define REQUESTS_MAX 4        /* verifications between suspect and stale */
#define REQUEST_EVERY_MS 5000 /* ... that far apart at most */
#define REQUEST_EVERY_MAX_MS 600000
#define ZOMBIE_AFTER_MS 10000    /* the first of those of a zombie */
#define REQUEST_REFUSED_MS 60000 /* what waited then has had its turn (RATION_VERIFICATIONS) */

/* How long a record is kept in a state that time alone does not change. */
static const ms_t retention[STATE_COUNT] = {
    [STATE_OFFLINE] = DAY_MS,         [STATE_STALE] = 7 * DAY_MS,      [STATE_ZOMBIE] = 7 * DAY_MS,
    [STATE_UNREACHABLE] = 7 * DAY_MS, [STATE_UNVERIFIED] = 7 * DAY_MS,
};

static bool is_leased(const struct queen *queen, const struct record *record)
{
    return record->state == STATE_ONLINE || record->state == STATE_SUSPECT || record->state == STATE_ZOMBIE ||
           record->state == STATE_UNVERIFIED ||
           (record->state == STATE_UNREACHABLE && unreachable_until(queen, record) != MS_NEVER);
}

static struct lease lease_for(const struct queen *queen, const struct record *record)
{
    return lease_of(record->interval_ms, record->lease_ms, queen->options.stale_after);
}

/* The extra wait that a lost link grants to those who were last heard before. */
static ms_t grace_for(const struct queen *queen, const struct record *record)
{
    return record->received_epoch == 0 || queen_received_live(queen, record) ? 0 : queen_grace(queen, record);
}

/* Stored copies alone are overdue only when they are over. */
static ms_t stale_at(const struct queen *queen, const struct record *record)
{
    struct lease lease = lease_for(queen, record);
    return ms_max(record->received_at + lease.stale_after + grace_for(queen, record), record->not_before);
}

static ms_t suspect_at(const struct queen *queen, const struct record *record)
{
    struct lease lease = lease_for(queen, record);
    return record->received_at + lease.suspect_after + grace_for(queen, record);
}

bool silence_is_short(const struct queen *queen, const struct record *record)
{
    return queen_time_for(queen, record) < record->received_at + lease_for(queen, record).suspect_after;
}

/* R6: who answered so often without a beat stays suspect, and is asked at doubling distances. */
static bool only_answers(const struct record *record)
{
    return record->answers >= ANSWERS_WITHOUT_BEAT;
}

static ms_t request_distance(const struct queen *queen, const struct record *record)
{
    unsigned doublings = only_answers(record) ? ms_min(record->answers - ANSWERS_WITHOUT_BEAT + 1, 8) : 0;
    ms_t left = stale_at(queen, record) - record->requested_at;
    if (doublings > 0)
        return ms_min(REQUEST_EVERY_MS << doublings, REQUEST_EVERY_MAX_MS);
    return ms_min(REQUEST_EVERY_MS, left / 2);
}

/* R8: its beats say nothing of its work loop, which may answer again: after as long as it has been one, so at doubling
 * distances. */
static ms_t zombie_ask_at(const struct queen *queen, const struct record *record)
{
    ms_t since = queen_time_for(queen, record) - (queen->now - record->since_mono);
    ms_t last = ms_max(record->requested_at, since);
    return last + ms_min(ms_max(last - since, ZOMBIE_AFTER_MS), REQUEST_EVERY_MAX_MS);
}

/* When to have it verified: on silence, up to four times before it is over; known from stored copies only, once; a
 * zombie again and again. */
static ms_t ask_at(const struct queen *queen, const struct record *record)
{
    bool is_zombie = record->state == STATE_ZOMBIE;
    if (!verify_is_possible(queen, record))
        return MS_NEVER;
    if (record->state != STATE_UNVERIFIED && !is_zombie && !record_is_suspect_by_silence(record))
        return MS_NEVER;
    if (record->ask_refused)
        return record->requested_at + REQUEST_REFUSED_MS;
    if (is_zombie)
        return zombie_ask_at(queen, record);
    if (record->state == STATE_UNVERIFIED)
        return record->asks == 0 ? record->not_before : MS_NEVER;
    if (record->asks == 0)
        return record->cause == CAUSE_NO_REPLY ? 0 : suspect_at(queen, record);
    return record->asks < REQUESTS_MAX || only_answers(record) ? record->requested_at + request_distance(queen, record)
                                                               : MS_NEVER;
}

/* R6: who only answers is not lost before the next answer is missing. */
static ms_t unanswered_at(const struct queen *queen, const struct record *record)
{
    return record->received_at + request_distance(queen, record) + queen->options.verify_timeout +
           grace_for(queen, record);
}

/* R10: it is received only through its hive, which was lost, and nothing else was known against it. */
static bool may_return_with_hive(const struct queen *queen, const struct record *record)
{
    const struct record *hive =
        record->state == STATE_UNREACHABLE && record->behind_hive ? unreachable_hive_of(queen, record) : NULL;
    return hive && hive->state == STATE_ONLINE && record->previous == STATE_ONLINE && record->lease_ms != LEASE_ENDED;
}

static ms_t over_at(const struct queen *queen, const struct record *record)
{
    ms_t over = stale_at(queen, record);
    if (may_return_with_hive(queen, record))
        return unreachable_until(queen, record);
    if (record->state == STATE_UNREACHABLE)
        return ms_max(over, unreachable_until(queen, record));
    if (record->state == STATE_UNVERIFIED && verify_is_possible(queen, record)) /* verified first */
        return ms_max(over, record->not_before + queen->options.verify_timeout);
    if (record->state != STATE_SUSPECT || !only_answers(record))
        return over;
    return ms_max(over, unanswered_at(queen, record));
}

static ms_t next_silence(const struct queen *queen, const struct record *record)
{
    bool is_alive = record->state == STATE_ONLINE || record->state == STATE_ZOMBIE;
    return ms_min(is_alive ? suspect_at(queen, record) : over_at(queen, record), ask_at(queen, record));
}

/* What the state waits for, or a flag of the verdict, or that it is a loss no more. */
static void schedule(struct queen *queen, struct record *record, bool on_watch, ms_t due)
{
    ms_t end = ms_min(change_flags_end(record), storm_counts_until(queen, record));
    ms_t time = on_watch ? queen->watch.time : queen->watch.loop_time;
    registry_schedule(&queen->registry, record, on_watch, end == MS_NEVER ? due : ms_min(due, time + end - queen->now));
}

static bool is_being_lost(const struct record *record)
{
    return record->loss && !loss_is_left_to_silence(record);
}

void silence_schedule(struct queen *queen, struct record *record)
{
    if (is_being_lost(record))
        registry_schedule(&queen->registry, record, loss_is_on_watch(record), loss_deadline(queen, record));
    else if (record->barrier != 0)
        registry_schedule(&queen->registry, record, record->on_watch, MS_NEVER);
    else if (is_leased(queen, record))
        schedule(queen, record, !record->over_http, next_silence(queen, record));
    else if (retention[record->state] && !record->expected)
        schedule(queen, record, false,
                 queen->watch.loop_time + record->since_mono + retention[record->state] - queen->now);
    else
        schedule(queen, record, false, MS_NEVER);
}

static struct evidence silence_evidence(const struct queen *queen, const struct record *record, ms_t due,
                                        enum evidence_result result)
{
    struct evidence evidence = evidence_now(queen, record, PATH_SILENCE, result);
    ms_t late = queen_time_for(queen, record) - due;
    evidence.took = (uint32_t)ms_min(late, UINT32_MAX);
    return evidence;
}

/* True: a storm holds it. */
static bool is_held(struct queen *queen, struct record *record)
{
    return loss_hold_silent(queen, record, silence_evidence(queen, record, suspect_at(queen, record), RESULT_OVERDUE),
                            stale_at(queen, record));
}

static void judge_overdue(struct queen *queen, struct record *record)
{
    change_state(queen, record, STATE_SUSPECT, CAUSE_MISSED_HEARTBEATS,
                 silence_evidence(queen, record, suspect_at(queen, record), RESULT_OVERDUE));
    loss_count_silent(queen, record);
}

static void judge_over(struct queen *queen, struct record *record)
{
    enum cause cause = record->unsubscribed ? CAUSE_NO_SUBSCRIBER : CAUSE_MISSED_HEARTBEATS;
    enum evidence_result result = record->unsubscribed ? RESULT_UNSUBSCRIBED : RESULT_SILENT;
    ms_t due = stale_at(queen, record);
    if (may_return_with_hive(queen, record) && due > queen_time_for(queen, record))
        change_state(queen, record, STATE_ONLINE, CAUSE_VERIFIED,
                     evidence_now(queen, record, PATH_MQTT, RESULT_HIVE_BACK));
    else if (record->incarnation.known)
        loss_verdict(queen, record, cause, silence_evidence(queen, record, due, result));
    else
        change_state(queen, record, STATE_STALE, CAUSE_NEVER_SEEN,
                     silence_evidence(queen, record, due, RESULT_EXPECTED));
}

/* A poll goes on by itself. A verification that cannot be counts only if it is for want of memory: then silence
 * decides.
 */
static void ask(struct queen *queen, struct record *record, ms_t time)
{
    enum err err = OK;
    record->requested_at = time;
    if (record_is_hive(record))
        hive_poll_begin(queen, record);
    else
        err = verify_begin(queen, record, VERIFY_AUTOMATIC);
    record->ask_refused = err == ERR_FULL;
    if (!record->ask_refused && record->state != STATE_ZOMBIE && record->asks < UINT8_MAX)
        record->asks++;
}

static void leased_due(struct queen *queen, struct record *record)
{
    ms_t time = queen_time_for(queen, record);
    bool may_be_suspect = record->state == STATE_ONLINE || record->state == STATE_ZOMBIE;
    bool is_overdue = may_be_suspect && suspect_at(queen, record) <= time;
    if ((is_overdue || record_is_suspect_by_silence(record)) && is_held(queen, record))
        return;
    if (is_overdue)
        judge_overdue(queen, record);
    if (ask_at(queen, record) <= time)
        ask(queen, record, time);
    if (over_at(queen, record) > time)
        return;
    if (record->over_http)
        judge_over(queen, record);
    else
        barrier_request(queen, record);
}

/* R14: so long after its loss it would be back. A hive is requested like a worker whose will came. */
static void take_turn(struct queen *queen, struct record *record)
{
    if (!record_is_hive(record) && verify_is_possible(queen, record) && verify_begin(queen, record, VERIFY_STORM) == OK)
        loss_verifying(queen, record);
    else
        loss_undecided(queen, record);
}

bool silence_due(struct queen *queen, struct record *record)
{
    change_end_flags(queen, record);
    storm_forget_old(queen, record);
    if (loss_has_turn(queen, record))
        take_turn(queen, record);
    else if (is_being_lost(record))
        loss_due(queen, record);
    else if (is_leased(queen, record))
        leased_due(queen, record);
    else
        return record->expected || !retention[record->state] ||
               queen->now < record->since_mono + retention[record->state];
    return true;
}

void silence_confirmed(struct queen *queen, struct record *record)
{
    if (is_being_lost(record))
        loss_barrier_passed(queen, record);
    else if (is_leased(queen, record) && over_at(queen, record) <= queen_time_for(queen, record))
        judge_over(queen, record);
}
