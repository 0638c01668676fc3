#include <stdlib.h>
#include <utlist.h>

#include "ask.h"
#include "broker_barrier.h"
#include "loss_private.h"
#include "storm.h"

#define ANSWER_MS 1000
#define ANNOUNCE_MS 5000 /* a suspicion that lasts longer is no longer silent */
#define LATE_MS 30000    /* for how long a late answer is still taken: as long as its hive may be waited for */
#define STORM_REQUESTS 2 /* so many are not answered: lost */

struct loss *loss_new(struct queen *queen, struct record *record, bool by_will)
{
    struct loss *loss = calloc(1, sizeof *loss);
    if (!loss)
        return NULL;
    barrier_withdraw(queen, record);
    record->loss = loss;
    DL_PREPEND(queen->losses, loss); /* those to be held are behind it */
    loss->pending.subject = loss;
    loss->record = record;
    loss->by_will = by_will;
    loss->lost_at = loss->over_at = loss->began = loss_time(queen, loss);
    loss->began_mono = queen->now;
    loss->before = change_snapshot(record);
    return loss;
}

bool loss_is_on_watch(const struct record *record)
{
    return record->loss->by_will || !record->over_http;
}

ms_t loss_time(const struct queen *queen, const struct loss *loss)
{
    return loss_is_on_watch(loss->record) ? queen->watch.time : queen->watch.loop_time;
}

void loss_leave_storm(struct queen *queen, struct loss *loss, bool has_returned)
{
    if (loss->held)
        storm_releases(queen, has_returned);
    loss->held = false;
}

bool loss_outlasts_storm(const struct loss *loss)
{
    return !loss->by_will && loss->over_at > loss->lost_at + STORM_MS;
}

void loss_enter(struct queen *queen, struct loss *loss, enum loss_phase phase, ms_t until)
{
    registry_touch(&queen->registry, loss->record);
    loss->phase = phase;
    loss->until = until;
}

void loss_stop_requesting(struct queen *queen, struct loss *loss)
{
    requester_stop_waiting(&queen->asking[ASKING_LOSS], &loss->pending);
}

void loss_drop(struct queen *queen, struct record *record)
{
    struct loss *loss = record->loss;
    barrier_withdraw(queen, record);
    if (!loss)
        return;
    registry_touch(&queen->registry, record);
    loss_leave_storm(queen, loss, false);
    requester_cancel(&queen->asking[ASKING_LOSS], &loss->pending);
    inquiry_remove(&loss->wait);
    if (queen->holding == loss)
        queen->holding = loss->next;
    DL_DELETE(queen->losses, loss);
    record->loss = NULL;
    free(loss);
}

void loss_returned(struct queen *queen, struct record *record)
{
    struct standing before;
    if (!record->loss)
        return;
    before = record->loss->before;
    loss_leave_storm(queen, record->loss, true);
    loss_drop(queen, record);
    if (record->announced != STATE_SUSPECT)
        change_restore(queen, record, &before);
    else if (before.state == STATE_ZOMBIE && !record->work_advanced) /* told; that it lives is no work (R8) */
        change_state(queen, record, STATE_ZOMBIE, before.cause, before.evidence);
}

static bool ask_beat(struct queen *queen, struct loss *loss)
{
    return ask(queen, ASKING_LOSS, &loss->pending, loss->record, "beat",
               (struct question){ .deadline = MS_NEVER,
                                  .reply_timeout = ANSWER_MS,
                                  .retry = true,
                                  .retry_after = queen_confirm_wait(queen, loss->record),
                                  .late = LATE_MS });
}

/* Also of one that was held: only from now on can it be told, so that its silence begins anew. */
static void start_requesting(struct queen *queen, struct loss *loss)
{
    loss->began = queen->watch.time;
    gate_ask_hive(queen, loss);
    if (loss->record->rpc && ask_beat(queen, loss))
        loss_enter(queen, loss, PHASE_REQUESTED, MS_NEVER);
    else
        loss_enter(queen, loss, PHASE_RETURN, queen->watch.time + queen_confirm_wait(queen, loss->record));
}

/* False: no memory; the worker is left as it was, and silence judges it. */
static bool suspect(struct queen *queen, struct record *record)
{
    if (!loss_new(queen, record, true)) {
        outbox_notice(queen->out, "out of memory: the will of %s/%s is not confirmed", record_hive(record),
                      record_worker(record));
        return false;
    }
    change_silently(queen, record, STATE_SUSPECT, CAUSE_LAST_WILL,
                    evidence_now(queen, record, PATH_WILL, RESULT_WILL_SEEN));
    return true;
}

/* One that is under way goes on; of one that a storm holds it is known by now that its session has ended. */
static bool takes_will(struct loss *loss)
{
    if (loss->phase == PHASE_STORM && !loss->record->over_http)
        loss->by_will = true;
    return loss->phase == PHASE_HELD || loss->phase == PHASE_SILENCE || loss->phase == PHASE_DOUBT;
}

void loss_begin(struct queen *queen, struct record *record)
{
    if (record->loss ? !takes_will(record->loss) : !suspect(queen, record))
        return;
    record->loss->by_will = true;
    if (!gate_hold(queen, record->loss))
        start_requesting(queen, record->loss);
}

void loss_doubt(struct queen *queen, struct record *record, enum evidence_result result)
{
    struct loss *loss = record->loss || record->state != STATE_ONLINE ? NULL : loss_new(queen, record, false);
    if (!loss)
        return;
    change_silently(queen, record, STATE_SUSPECT, CAUSE_NO_REPLY, evidence_now(queen, record, PATH_MQTT, result));
    if (!gate_hold(queen, loss))
        loss_enter(queen, loss, PHASE_DOUBT, loss->began + ANNOUNCE_MS);
}

/* How long ago an earlier process saw the will. Without a database nothing is known of that: for as long as processes
 * of this queen have been live. */
static ms_t seen_ago(const struct queen *queen, const struct record *record)
{
    bool has_store = queen->remembering.life > 1;
    bool was_seen = record->state == STATE_UNVERIFIED && record->evidence.result == RESULT_WILL_SEEN;
    if (!has_store)
        return queen->snapshot.granted;
    return was_seen ? queen->now - record->since_mono + record->evidence.took : 0;
}

void loss_hold(struct queen *queen, struct record *record)
{
    ms_t ago = seen_ago(queen, record);
    if (record->loss || !suspect(queen, record))
        return;
    record->loss->lost_at -= ago;
    record->evidence.took = (uint32_t)ms_min(ago, UINT32_MAX); /* the next process goes on from there */
    loss_enter(queen, record->loss, PHASE_HELD, MS_NEVER);
}

static void lost_by_will(struct queen *queen, struct loss *loss, enum evidence_result result)
{
    struct evidence evidence = evidence_now(queen, loss->record, PATH_WILL, result);
    evidence.took = (uint32_t)(queen->now - loss->began_mono);
    gate_found(queen, loss, CAUSE_LAST_WILL, evidence);
}

/* An answer to `beat`, whatever it says, proves that it lives, not that its work goes on: a zombie stays one. */
static void replied(struct queen *queen, struct record *record)
{
    loss_returned(queen, record);
    change_received(queen, record, false);
    if (record->state == STATE_ZOMBIE || (record->state == STATE_SUSPECT && record->cause == CAUSE_STALLED))
        return;
    change_state(queen, record, record_state_alive(record), CAUSE_VERIFIED,
                 evidence_now(queen, record, PATH_MQTT, RESULT_ANSWERED));
}

void loss_answered(struct queen *queen, const struct answer *answer)
{
    struct loss *loss = answer->subject;
    if (answer->kind == ANSWER_REFUSED)
        loss_enter(queen, loss, PHASE_RETURN, loss->began + queen_confirm_wait(queen, loss->record));
    else if (answer->kind == ANSWER_NO_SUBSCRIBER || answer->kind == ANSWER_NO_REPLY)
        lost_by_will(queen, loss, answer->kind == ANSWER_NO_SUBSCRIBER ? RESULT_NO_SUBSCRIBER : RESULT_NO_REPLY);
    else
        replied(queen, loss->record);
}

/* A storm knows nothing more of it: R4 or R5 goes on. */
static void release(struct queen *queen, struct loss *loss)
{
    loss->had_turn = true;
    loss->began = loss_time(queen, loss);
    if (loss->by_will) {
        start_requesting(queen, loss);
        return;
    }
    loss_enter(queen, loss, PHASE_SILENCE, MS_NEVER);
    change_announce(queen, loss->record);
}

bool loss_is_held(const struct record *record)
{
    return record->loss && record->loss->phase == PHASE_STORM && !record->loss->had_turn;
}

bool loss_has_turn(const struct queen *queen, const struct record *record)
{
    return loss_is_held(record) && record->loss->until <= loss_time(queen, record->loss);
}

void loss_verifying(struct queen *queen, struct record *record)
{
    struct loss *loss = record->loss;
    loss->had_turn = true;
    loss->began = loss_time(queen, loss);
    loss_enter(queen, loss, PHASE_STORM, loss->lost_at + STORM_MS);
}

bool loss_is_left_to_silence(const struct record *record)
{
    return record->loss && record->loss->phase == PHASE_SILENCE;
}

/* The storm lasts until R4 or R5 has judged it; but not for a hive, which is an incident of its own anyway, nor for who
 * answers and does not beat, nor for a lease of hours. */
void loss_undecided(struct queen *queen, struct record *record)
{
    if (!record->loss)
        return;
    if (record_is_hive(record) || !record->in_storm || loss_outlasts_storm(record->loss))
        loss_leave_storm(queen, record->loss, !record->in_storm);
    if (record->loss->phase == PHASE_STORM)
        release(queen, record->loss);
}

bool loss_unanswered(struct queen *queen, struct record *record)
{
    struct loss *loss = record->loss;
    if (!loss || loss->phase != PHASE_STORM || !loss->had_turn)
        return false;
    if (++loss->unanswered < STORM_REQUESTS)
        return true;
    gate_found(queen, loss, loss->by_will ? CAUSE_LAST_WILL : CAUSE_MISSED_HEARTBEATS,
               evidence_now(queen, record, PATH_MQTT, RESULT_NO_ANSWER));
    return false;
}

static void hold(struct queen *queen, struct loss *loss)
{
    loss->had_turn = false;
    loss->unanswered = 0;
    loss_leave_storm(queen, loss, false);
    loss_stop_requesting(queen, loss);
    inquiry_remove(&loss->wait);
    loss->wait.question = 0;
    loss_enter(queen, loss, PHASE_HELD, MS_NEVER);
}

/* By silence, as if it was not suspect yet. */
static void judge_anew(struct queen *queen, struct loss *loss)
{
    struct record *record = loss->record;
    struct standing before = loss->before;
    loss_drop(queen, record);
    if (record->state == STATE_SUSPECT && record->silent)
        change_restore(queen, record, &before);
}

void loss_hold_all(struct queen *queen, unsigned *left)
{
    struct loss *loss;
    for (; *left > 0 && (loss = queen->holding); --*left) {
        queen->holding = loss->next;
        if (loss->by_will)
            hold(queen, loss);
        else
            judge_anew(queen, loss);
    }
}

/* Who waits for its hive may be part of an incident: that is told, or nothing. */
static bool is_silent(const struct loss *loss)
{
    return loss->record->silent && (loss->phase == PHASE_REQUESTED || loss->phase == PHASE_RETURN);
}

/* Monotonic, on the clock of that time. */
static ms_t counts_until(const struct queen *queen, const struct record *record, ms_t time)
{
    ms_t until = storm_counts_until(queen, record);
    return until == MS_NEVER ? MS_NEVER : time + until - queen->now;
}

ms_t loss_deadline(const struct queen *queen, const struct record *record)
{
    const struct loss *loss = record->loss;
    ms_t until = loss->phase == PHASE_HELD ? gate_grace_until(queen, record) : loss->until;
    until = ms_min(until, counts_until(queen, record, loss_time(queen, loss)));
    return is_silent(loss) ? ms_min(until, loss->began + ANNOUNCE_MS) : until;
}

/* By silence, which begins with a verification. */
static void doubt_further(struct queen *queen, struct loss *loss)
{
    struct record *record = loss->record;
    loss_drop(queen, record);
    change_announce(queen, record);
}

/* R14: with many others, and not for as long as that lasts: they were lost just before this process, or while there was
 * none. */
static bool hold_on(struct queen *queen, struct loss *loss)
{
    return loss->lost_at + queen->options.return_grace > loss_time(queen, loss) && gate_hold(queen, loss);
}

static void phase_over(struct queen *queen, struct loss *loss)
{
    if (loss->phase == PHASE_RETURN) {
        loss_enter(queen, loss, PHASE_RETURN, MS_NEVER);
        barrier_request(queen, loss->record);
    } else if (loss->phase == PHASE_HIVE) {
        gate_waited(queen, loss);
    } else if (loss->phase == PHASE_HELD && !hold_on(queen, loss)) {
        start_requesting(queen, loss);
    } else if (loss->phase == PHASE_STORM && loss->had_turn) {
        release(queen, loss);
    } else if (loss->phase == PHASE_DOUBT && !gate_hold(queen, loss)) {
        doubt_further(queen, loss);
    }
}

void loss_due(struct queen *queen, struct record *record)
{
    struct loss *loss = record->loss;
    ms_t time = loss_time(queen, loss);
    if (is_silent(loss) && loss->began + ANNOUNCE_MS <= time)
        change_announce(queen, record);
    if ((loss->phase == PHASE_HELD ? gate_grace_until(queen, record) : loss->until) <= time)
        phase_over(queen, loss);
}

void loss_barrier_passed(struct queen *queen, struct record *record)
{
    if (record->loss && record->loss->phase == PHASE_RETURN)
        lost_by_will(queen, record->loss, RESULT_NOT_ASKABLE);
}

void loss_link_lost(struct queen *queen, unsigned *left)
{
    queen->holding = queen->losses;
    loss_hold_all(queen, left);
}
