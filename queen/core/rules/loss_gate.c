#include "broker_barrier.h"
#include "loss_private.h"
#include "storm.h"
#include "unreachable.h"

#define HIVE_MS 30000 /* from the loss: keep alive x 1.5 + 6 s of a hive, and its lease */

/* NULL: there is none whose word would say more of this loss. */
static struct record *hive_in_question(const struct queen *queen, const struct record *record)
{
    struct record *hive = queen->member.linked ? unreachable_hive_of(queen, record) : NULL;
    return hive && ((hive->state == STATE_ONLINE && hive->rpc) || hive->state == STATE_SUSPECT) ? hive : NULL;
}

void gate_ask_hive(struct queen *queen, struct loss *loss)
{
    struct record *hive = hive_in_question(queen, loss->record);
    if (!hive || loss->wait.of || (loss->wait.question > 0 && hive->state == STATE_ONLINE))
        return;
    inquiry_add(&hive->watch->inquiry, &loss->wait, loss->record);
    hive_watch_mark(&queen->hives, hive->watch);
}

/* Where no hive says more: is it alone? Once, and only if that decides something. */
static void ask_neighbours(struct queen *queen, struct loss *loss)
{
    const struct record *hive = unreachable_hive_of(queen, loss->record);
    bool is_decided = loss->had_turn || loss->wait.question > 0 || storm_is_on(queen, loss->record);
    struct neighbours *neighbours;
    if (!loss->by_will || is_decided || record_is_hive(loss->record) || !queen->member.linked ||
        (hive && hive->state == STATE_STALE) || !(neighbours = neighbours_open(loss->record->share)))
        return;
    inquiry_add(&neighbours->inquiry, &loss->wait, loss->record);
    neighbours_mark(&queen->neighbours, neighbours);
}

static bool has_answered(const struct loss *loss, const struct record *hive)
{
    return loss && loss->wait.question > 0 && !loss->wait.of && hive->state == STATE_ONLINE;
}

/* R10 goes before R14: for a hive, and for its workers until it has answered, or if it is down; unless it is a loss
 * like others. */
static bool is_of_hive(const struct queen *queen, const struct record *record)
{
    const struct record *hive = record_is_hive(record) ? record : unreachable_hive_of(queen, record);
    if (!hive || storm_has_hive(queen, hive))
        return false;
    return record_is_hive(record) || hive->state == STATE_STALE ||
           (hive_in_question(queen, record) && !has_answered(record->loss, hive));
}

static bool is_held(const struct record *hive)
{
    return hive && hive->loss && hive->loss->phase == PHASE_STORM;
}

/* Where its hive is held, so is it. */
static bool is_in_storm(struct queen *queen, struct record *record)
{
    if (record->state != STATE_SUSPECT || (record->loss && record->loss->had_turn))
        return false;
    return (storm_is_on(queen, record) && !is_of_hive(queen, record)) || is_held(unreachable_hive_of(queen, record));
}

bool gate_is_closed(struct queen *queen, struct record *record)
{
    return hive_in_question(queen, record) || is_in_storm(queen, record);
}

/* Until there is a snapshot, watch time stands still, so that now is then. */
ms_t gate_grace_until(const struct queen *queen, const struct record *record)
{
    bool read = queen->snapshot.phase == SNAPSHOT_READ;
    ms_t from = read ? queen->snapshot.read_at : queen->watch.time - queen->snapshot.granted;
    return ms_max(from + queen_grace(queen, record), record->not_before);
}

static void hold(struct queen *queen, struct loss *loss)
{
    ms_t until = loss->lost_at + queen->options.return_grace;
    loss->record->in_storm = true;
    if (!queen_received_live(queen, loss->record))
        until = ms_max(until, gate_grace_until(queen, loss->record));
    barrier_withdraw(queen, loss->record);
    loss_stop_requesting(queen, loss);
    inquiry_remove(&loss->wait);
    if (!loss->held)
        storm_holds(queen);
    loss->held = true;
    loss_enter(queen, loss, PHASE_STORM, until);
}

void loss_count_silent(struct queen *queen, struct record *record)
{
    if (!is_of_hive(queen, record))
        storm_count(queen, record);
}

bool gate_hold(struct queen *queen, struct loss *loss)
{
    loss_count_silent(queen, loss->record);
    if (!is_in_storm(queen, loss->record))
        return false;
    hold(queen, loss);
    return true;
}

bool loss_hold_silent(struct queen *queen, struct record *record, struct evidence evidence, ms_t over_at)
{
    struct loss *loss;
    ms_t ago = record->state == STATE_SUSPECT ? queen->now - record->since_mono : 0;
    if (record->loss || !storm_is_on(queen, record) || is_of_hive(queen, record) ||
        !(loss = loss_new(queen, record, false)))
        return false;
    loss->lost_at -= ago;
    loss->over_at = over_at;
    change_silently(queen, record, STATE_SUSPECT, CAUSE_MISSED_HEARTBEATS, evidence);
    return gate_hold(queen, loss);
}

static void judge(struct queen *queen, struct loss *loss)
{
    struct record *record = loss->record;
    enum cause cause = loss->cause;
    struct evidence evidence = loss->evidence;
    evidence.took += (uint32_t)(queen->now - loss->found_mono);
    loss_drop(queen, record);
    unreachable_or_stale(queen, record, cause, evidence);
}

void gate_waited(struct queen *queen, struct loss *loss)
{
    inquiry_remove(&loss->wait);
    if (!gate_hold(queen, loss))
        judge(queen, loss);
}

/* Its hive is back from a silence: so may the worker be, a little later. */
static bool may_return_with_hive(struct queen *queen, struct loss *loss)
{
    const struct record *hive = loss_is_on_watch(loss->record) ? unreachable_hive_of(queen, loss->record) : NULL;
    if (!hive || hive->state != STATE_ONLINE || hive->watch->settled_at <= queen->watch.time)
        return false;
    loss_enter(queen, loss, PHASE_HIVE, ms_min(loss->until, hive->watch->settled_at));
    return true;
}

/* R6: without a will it is not lost before its lease is over. */
static bool is_leased(struct queen *queen, struct loss *loss)
{
    if (loss->by_will || loss->over_at <= loss_time(queen, loss))
        return false;
    if (loss_outlasts_storm(loss))
        loss_leave_storm(queen, loss, false);
    loss_enter(queen, loss, PHASE_HIVE, loss->over_at);
    return true;
}

/* It may have been held before its hive was known to be down. */
void loss_hive_judged(struct queen *queen, struct record *record)
{
    struct loss *loss = record->loss;
    const struct record *hive = unreachable_hive_of(queen, record);
    if (loss_is_held(record) && hive && hive->state == STATE_STALE && is_of_hive(queen, record))
        loss_undecided(queen, record);
    else if (loss && loss->phase == PHASE_HIVE && !loss->wait.of && !is_leased(queen, loss) &&
             !may_return_with_hive(queen, loss))
        gate_waited(queen, loss);
}

void gate_found(struct queen *queen, struct loss *loss, enum cause cause, struct evidence evidence)
{
    if (loss->phase == PHASE_SILENCE)
        loss->began = loss_time(queen, loss);
    loss->cause = cause;
    loss->evidence = evidence;
    loss->found_mono = queen->now;
    loss_stop_requesting(queen, loss);
    gate_ask_hive(queen, loss);
    ask_neighbours(queen, loss);
    loss_enter(queen, loss, PHASE_HIVE, loss->began + HIVE_MS);
    loss_hive_judged(queen, loss->record);
}

void loss_verdict(struct queen *queen, struct record *record, enum cause cause, struct evidence evidence)
{
    struct loss *loss = record->loss;
    if (!loss && gate_is_closed(queen, record))
        loss = loss_new(queen, record, false);
    if (!loss)
        unreachable_or_stale(queen, record, cause, evidence);
    else if (loss->phase != PHASE_HIVE)
        gate_found(queen, loss, cause, evidence);
}
