#include "loss.h"

#include <stdlib.h>
#include <utlist.h>

#include "ask.h"
#include "broker_barrier.h"

#define ANSWER_MS 1000
#define ANNOUNCE_MS 5000 /* a suspicion that lasts longer is no longer silent */
#define HIVE_MS 30000    /* from the loss: keep alive x 1.5 + 6 s of a hive, and its lease */

enum phase { PHASE_REQUESTED, PHASE_RETURN, PHASE_HIVE, PHASE_HELD };

struct loss {
    struct loss *prev, *next; /* queen->losses; utlist */
    struct record *record;
    struct pending pending;   /* its subject is this loss */
    struct inquiry_wait hive; /* its hive's answer is waited for */
    enum phase phase;
    bool by_will; /* else by silence */
    ms_t began;   /* watch time; by silence on the record's clock */
    ms_t began_mono, found_mono;
    ms_t until;             /* like `began`: end of the phase; MS_NEVER = it ends by a message only */
    struct standing before; /* how the worker stood before the will */
    enum cause cause;       /* in PHASE_HIVE: the verdict */
    struct evidence evidence;
};

static void enter(struct queen *queen, struct loss *loss, enum phase phase, ms_t until)
{
    registry_touch(&queen->registry, loss->record);
    loss->phase = phase;
    loss->until = until;
}

static bool ask_beat(struct queen *queen, struct loss *loss)
{
    return ask(queen, ASKING_LOSS, &loss->pending, loss->record, "beat",
               (struct question){ .deadline = MS_NEVER,
                                  .reply_timeout = ANSWER_MS,
                                  .retry = true,
                                  .retry_after = queen_confirm_wait(queen, loss->record),
                                  .late = HIVE_MS });
}

/* NULL: there is none whose word would say more of this loss. */
static struct record *hive_in_question(const struct queen *queen, const struct record *record)
{
    struct record *hive = queen->member.linked ? change_hive_of(queen, record) : NULL;
    return hive && ((hive->state == STATE_ONLINE && hive->rpc) || hive->state == STATE_SUSPECT) ? hive : NULL;
}

/* Once; and again if the hive is suspect by now. */
static void wait_for_hive(struct queen *queen, struct loss *loss)
{
    struct record *hive = hive_in_question(queen, loss->record);
    if (!hive || loss->hive.of || (loss->hive.question > 0 && hive->state == STATE_ONLINE))
        return;
    inquiry_add(&hive->watch->inquiry, &loss->hive, loss->record);
    hive_watch_mark(&queen->hives, hive->watch);
}

/* Also of one that was held: only from now on can it be told, so that its silence begins anew. */
static void start_requesting(struct queen *queen, struct loss *loss)
{
    loss->began = queen->watch.time;
    wait_for_hive(queen, loss);
    if (loss->record->rpc && ask_beat(queen, loss))
        enter(queen, loss, PHASE_REQUESTED, MS_NEVER);
    else
        enter(queen, loss, PHASE_RETURN, queen->watch.time + queen_confirm_wait(queen, loss->record));
}

/* NULL: no memory. */
static struct loss *loss_new(struct queen *queen, struct record *record, bool by_will)
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
    loss->began = by_will ? queen->watch.time : queen_time_for(queen, record);
    loss->began_mono = queen->now;
    loss->before = change_snapshot(record);
    return loss;
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

void loss_begin(struct queen *queen, struct record *record)
{
    if (record->loss && record->loss->phase != PHASE_HELD)
        return;
    if (!record->loss && !suspect(queen, record))
        return;
    start_requesting(queen, record->loss);
}

/* One grace after the snapshot, or after a later one that showed it first. Until there is one, watch time stands still,
 * so that now is then. */
static ms_t held_until(const struct queen *queen, const struct record *record)
{
    bool read = queen->snapshot.phase == SNAPSHOT_READ;
    ms_t from = read ? queen->snapshot.read_at : queen->watch.time - queen->snapshot.granted;
    return ms_max(from + queen_grace(queen, record), record->not_before);
}

void loss_hold(struct queen *queen, struct record *record)
{
    if (!record->loss && suspect(queen, record))
        enter(queen, record->loss, PHASE_HELD, MS_NEVER);
}

void loss_drop(struct queen *queen, struct record *record)
{
    struct loss *loss = record->loss;
    barrier_withdraw(queen, record);
    if (!loss)
        return;
    registry_touch(&queen->registry, record);
    requester_cancel(&queen->asking[ASKING_LOSS], &loss->pending);
    inquiry_remove(&loss->hive);
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
    loss_drop(queen, record);
    if (record->announced != STATE_SUSPECT)
        change_restore(queen, record, &before);
    else if (before.state == STATE_ZOMBIE && !record->work_advanced) /* told; that it lives is no work (R8) */
        change_state(queen, record, STATE_ZOMBIE, before.cause, before.evidence);
}

static void judge(struct queen *queen, struct loss *loss)
{
    struct record *record = loss->record;
    enum cause cause = loss->cause;
    struct evidence evidence = loss->evidence;
    evidence.took += (uint32_t)(queen->now - loss->found_mono);
    loss_drop(queen, record);
    change_lost(queen, record, cause, evidence);
}

static void found_lost(struct queen *queen, struct loss *loss, enum cause cause, struct evidence evidence)
{
    loss->cause = cause;
    loss->evidence = evidence;
    loss->found_mono = queen->now;
    requester_stop_waiting(&queen->asking[ASKING_LOSS], &loss->pending); /* a late reply still counts */
    wait_for_hive(queen, loss);
    enter(queen, loss, PHASE_HIVE, loss->began + HIVE_MS);
    loss_hive_judged(queen, loss->record);
}

static void lost_by_will(struct queen *queen, struct loss *loss, enum evidence_result result)
{
    struct evidence evidence = evidence_now(queen, loss->record, PATH_WILL, result);
    evidence.took = (uint32_t)(queen->now - loss->began_mono);
    found_lost(queen, loss, CAUSE_LAST_WILL, evidence);
}

void loss_verdict(struct queen *queen, struct record *record, enum cause cause, struct evidence evidence)
{
    if (!record->loss && (!hive_in_question(queen, record) || !loss_new(queen, record, false)))
        change_lost(queen, record, cause, evidence);
    else if (record->loss->phase != PHASE_HIVE)
        found_lost(queen, record->loss, cause, evidence);
}

/* Its hive is back from a silence: so may the worker be, a little later. */
static bool may_return_with_hive(struct queen *queen, struct loss *loss)
{
    const struct record *hive = loss_is_on_watch(loss->record) ? change_hive_of(queen, loss->record) : NULL;
    if (!hive || hive->state != STATE_ONLINE || hive->watch->settled_at <= queen->watch.time)
        return false;
    enter(queen, loss, PHASE_HIVE, ms_min(loss->until, hive->watch->settled_at));
    return true;
}

void loss_hive_judged(struct queen *queen, struct record *record)
{
    struct loss *loss = record->loss;
    if (loss && loss->phase == PHASE_HIVE && !loss->hive.of && !may_return_with_hive(queen, loss))
        judge(queen, loss);
}

/* An answer to `beat`, whatever it says, proves that it lives, not that its work goes on: a zombie stays one. */
static void replied(struct queen *queen, struct record *record)
{
    loss_returned(queen, record);
    change_heard(queen, record, false);
    if (record->state == STATE_ZOMBIE || (record->state == STATE_SUSPECT && record->cause == CAUSE_STALLED))
        return;
    change_state(queen, record, record_state_alive(record), CAUSE_VERIFIED,
                 evidence_now(queen, record, PATH_MQTT, RESULT_ANSWERED));
}

void loss_answered(struct queen *queen, const struct answer *answer)
{
    struct loss *loss = answer->subject;
    if (answer->kind == ANSWER_REFUSED)
        enter(queen, loss, PHASE_RETURN, loss->began + queen_confirm_wait(queen, loss->record));
    else if (answer->kind == ANSWER_NO_SUBSCRIBER || answer->kind == ANSWER_NO_REPLY)
        lost_by_will(queen, loss, answer->kind == ANSWER_NO_SUBSCRIBER ? RESULT_NO_SUBSCRIBER : RESULT_NO_REPLY);
    else
        replied(queen, loss->record);
}

static void hold(struct queen *queen, struct loss *loss)
{
    requester_stop_waiting(&queen->asking[ASKING_LOSS], &loss->pending); /* its answer may be on the way */
    inquiry_remove(&loss->hive);
    loss->hive.question = 0;
    enter(queen, loss, PHASE_HELD, MS_NEVER);
}

void loss_hold_all(struct queen *queen, unsigned *left)
{
    struct loss *loss;
    for (; *left > 0 && (loss = queen->holding); --*left) {
        queen->holding = loss->next;
        if (loss->by_will)
            hold(queen, loss);
        else
            loss_drop(queen, loss->record);
    }
}

/* Who waits for its hive may be part of an incident: that is told, or nothing. */
static bool is_silent(const struct loss *loss)
{
    return loss->record->silent && (loss->phase == PHASE_REQUESTED || loss->phase == PHASE_RETURN);
}

bool loss_is_on_watch(const struct record *record)
{
    return record->loss->by_will || !record->over_http;
}

ms_t loss_deadline(const struct queen *queen, const struct record *record)
{
    const struct loss *loss = record->loss;
    ms_t until = loss->phase == PHASE_HELD ? held_until(queen, record) : loss->until;
    return is_silent(loss) ? ms_min(until, loss->began + ANNOUNCE_MS) : until;
}

static void phase_over(struct queen *queen, struct loss *loss)
{
    if (loss->phase == PHASE_RETURN) {
        enter(queen, loss, PHASE_RETURN, MS_NEVER);
        barrier_request(queen, loss->record);
    } else if (loss->phase == PHASE_HIVE) {
        judge(queen, loss);
    } else if (loss->phase == PHASE_HELD) {
        start_requesting(queen, loss);
    }
}

void loss_due(struct queen *queen, struct record *record)
{
    struct loss *loss = record->loss;
    ms_t time = loss_is_on_watch(record) ? queen->watch.time : queen->watch.loop_time;
    if (is_silent(loss) && loss->began + ANNOUNCE_MS <= time)
        change_announce(queen, record);
    if ((loss->phase == PHASE_HELD ? held_until(queen, record) : loss->until) <= time)
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
