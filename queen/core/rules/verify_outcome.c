#include "verify_outcome.h"

#include "judge.h"
#include "loss.h"
#include "silence.h"
#include "verify_wait.h"
#include "work.h"

static void settle(struct queen *queen, struct record *record, const struct verified *verified, enum state state,
                   enum cause cause, enum evidence_result result)
{
    struct evidence evidence = evidence_now(queen, record, verified->path, result);
    evidence.took = (uint32_t)ms_min(verified->took, UINT32_MAX);
    if (record->state == STATE_OFFLINE && state != STATE_ONLINE) /* it said goodbye, and stays so until it is heard */
        return;
    if (state == STATE_STALE) {
        loss_verdict(queen, record, cause, evidence);
    } else {
        loss_drop(queen, record);
        change_state(queen, record, state, cause, evidence);
    }
}

/* A zombie whose work loop does not answer for itself stays one while its heartbeats give the reason. */
static bool stays_zombie(const struct record *record, const struct verified *verified)
{
    bool is_one = record->state == STATE_ZOMBIE || record->was_zombie;
    return is_one && verified->result == VERIFY_UNKNOWN && record->work_stuck;
}

static void answered(struct queen *queen, struct record *record, const struct verified *verified)
{
    bool answers_only;
    if (stays_zombie(record, verified))
        return;
    work_excuse(queen, record);
    answers_only = judge_answers_only(record);
    change_received(queen, record, record->over_http);
    if (answers_only)
        loss_undecided(queen, record);
    if (answers_only)
        return;
    loss_returned(queen, record);
    record->asks = 0;
    record->work_stuck = false;
    settle(queen, record, verified, STATE_ONLINE, CAUSE_VERIFIED, RESULT_ANSWERED);
}

/* R12: so soon after a new link, nobody subscribed may only mean that it has not come back yet. */
static bool may_still_return(const struct queen *queen, const struct record *record)
{
    return !queen_received_live(queen, record) &&
           (queen->snapshot.phase != SNAPSHOT_READ ||
            queen->watch.time < queen->snapshot.read_at + queen_grace(queen, record));
}

static bool is_beating_zombie(const struct queen *queen, const struct record *record)
{
    return record->state == STATE_SUSPECT && record->cause == CAUSE_STALLED && silence_is_short(queen, record);
}

/* R14: a second verification is due, and cannot be. */
static bool is_without_second(struct queen *queen, struct record *record)
{
    return loss_unanswered(queen, record) && verify_begin(queen, record, VERIFY_STORM) != OK;
}

static void unanswered(struct queen *queen, struct record *record, const struct verified *verified)
{
    if (record->state == STATE_ZOMBIE) /* its next heartbeat that gives no reason starts another one (R8) */
        record->work_reason = true;
    if (!loss_is_held(record) && (verified->refused || is_without_second(queen, record)))
        loss_undecided(queen, record);
    if (verified->refused || !is_beating_zombie(queen, record))
        return;
    record->work_advanced = false;
    settle(queen, record, verified, STATE_ZOMBIE, CAUSE_STALLED, RESULT_MUTE);
}

/* R6: a session that ends publishes its will. Without one its broker or bridge may be gone: silence decides. */
static void unsubscribed(struct queen *queen, struct record *record, const struct verified *verified)
{
    if (may_still_return(queen, record) || loss_is_held(record))
        return;
    if (record->loss && !loss_is_left_to_silence(record)) {
        settle(queen, record, verified, STATE_STALE, CAUSE_NO_SUBSCRIBER, RESULT_UNSUBSCRIBED);
        return;
    }
    record->unsubscribed = true;
    unanswered(queen, record, verified);
}

static void apply(struct queen *queen, struct record *record, const struct verified *verified)
{
    if (verified->result == VERIFY_OK || verified->result == VERIFY_UNKNOWN) {
        answered(queen, record, verified);
    } else if (verified->result == VERIFY_STALLED) {
        record->work_advanced = false;
        change_received(queen, record, record->over_http);
        settle(queen, record, verified, STATE_ZOMBIE, CAUSE_STALLED, RESULT_STALLED);
    } else if (verified->result == VERIFY_NO_SUBSCRIBER) {
        unsubscribed(queen, record, verified);
    } else if (verified->result == VERIFY_NO_REPLY) {
        unanswered(queen, record, verified);
    } else if (verified->result == VERIFY_PROCESS_GONE) {
        judge_witness_again(queen, record);
    }
}

void verify_outcome_apply(struct queen *queen, struct record *record)
{
    const struct verified *verified = record ? verify_latest(record) : NULL;
    if (!verified || (record->state == STATE_OFFLINE && verified->late)) /* nobody waits for a late one */
        return;
    apply(queen, record, verified);
    registry_touch(&queen->registry, record);
    verify_wait_over(queen, record, verified);
}
