#include "loss.h"

#include <stdlib.h>
#include <utlist.h>

#include "ask.h"
#include "broker_barrier.h"

#define ANSWER_MS 1000
#define ANNOUNCE_MS 5000 /* a suspicion that lasts longer is no longer silent */
#define HIVE_MS 1500     /* for its hive's verdict, at most */

enum phase { PHASE_REQUESTED, PHASE_RETURN, PHASE_HIVE, PHASE_HELD };

struct loss {
    struct loss *prev, *next; /* queen->losses; utlist */
    struct record *record;
    struct pending pending; /* its subject is this loss */
    enum phase phase;
    ms_t began; /* watch time */
    ms_t began_mono;
    ms_t until;                 /* watch time: end of the phase; MS_NEVER = it ends by a message only */
    struct standing before;     /* how the worker stood before the will */
    enum evidence_result found; /* in PHASE_HIVE: why it is lost */
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

/* Also of one that was held: only from now on can it be told, so that its silence begins anew. */
static void start_requesting(struct queen *queen, struct loss *loss)
{
    loss->began = queen->watch.time;
    if (loss->record->rpc && ask_beat(queen, loss))
        enter(queen, loss, PHASE_REQUESTED, MS_NEVER);
    else
        enter(queen, loss, PHASE_RETURN, queen->watch.time + queen_confirm_wait(queen, loss->record));
}

static struct loss *loss_new(struct queen *queen, struct record *record)
{
    struct loss *loss = calloc(1, sizeof *loss);
    if (!loss)
        return NULL;
    DL_PREPEND(queen->losses, loss); /* those to be held are behind it */
    loss->pending.subject = loss;
    loss->record = record;
    loss->began = queen->watch.time;
    loss->began_mono = queen->now;
    loss->before = change_snapshot(record);
    return loss;
}

/* False: no memory; the worker is left as it was, and silence judges it. */
static bool suspect(struct queen *queen, struct record *record)
{
    struct loss *loss = loss_new(queen, record);
    if (!loss) {
        outbox_notice(queen->out, "out of memory: the will of %s/%s is not confirmed", record_hive(record),
                      record_worker(record));
        return false;
    }
    barrier_withdraw(queen, record);
    record->loss = loss;
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

/* One grace after the snapshot. Until there is one, watch time stands still, so that now is then. */
static ms_t held_until(const struct queen *queen, const struct record *record)
{
    bool read = queen->snapshot.phase == SNAPSHOT_READ;
    return (read ? queen->snapshot.read_at : queen->watch.time) + queen_grace(queen, record);
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
    else if (before.state == STATE_ZOMBIE && !record->work.advanced) /* told; that it lives is no work (R8) */
        change_state(queen, record, STATE_ZOMBIE, before.cause, before.evidence);
}

/* R10: while its hive is suspect a worker waits for that verdict, which may be the reason for its own. */
static void lost(struct queen *queen, struct loss *loss, enum evidence_result result)
{
    struct record *record = loss->record;
    struct evidence evidence = evidence_now(queen, record, PATH_WILL, result);
    evidence.took = (uint32_t)(queen->now - loss->began_mono);
    if (loss->phase != PHASE_HIVE && change_waits_for_hive(queen, record)) {
        enter(queen, loss, PHASE_HIVE, queen->watch.time + HIVE_MS);
        loss->found = result;
        return;
    }
    loss_drop(queen, record);
    change_lost(queen, record, CAUSE_LAST_WILL, evidence);
}

void loss_hive_judged(struct queen *queen, struct record *record)
{
    if (record->loss && record->loss->phase == PHASE_HIVE)
        lost(queen, record->loss, record->loss->found);
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
        lost(queen, loss, answer->kind == ANSWER_NO_SUBSCRIBER ? RESULT_NO_SUBSCRIBER : RESULT_NO_REPLY);
    else
        replied(queen, loss->record);
}

void loss_hold_all(struct queen *queen, unsigned *left)
{
    struct loss *loss;
    for (; *left > 0 && (loss = queen->holding); --*left) {
        queen->holding = loss->next;
        requester_stop_waiting(&queen->asking[ASKING_LOSS], &loss->pending); /* its answer may be on the way */
        enter(queen, loss, PHASE_HELD, MS_NEVER);
    }
}

static bool is_silent(const struct loss *loss)
{
    return loss->record->silent && loss->phase != PHASE_HELD;
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
        lost(queen, loss, loss->found);
    } else if (loss->phase == PHASE_HELD) {
        start_requesting(queen, loss);
    }
}

void loss_due(struct queen *queen, struct record *record)
{
    struct loss *loss = record->loss;
    if (is_silent(loss) && loss->began + ANNOUNCE_MS <= queen->watch.time)
        change_announce(queen, record);
    if ((loss->phase == PHASE_HELD ? held_until(queen, record) : loss->until) <= queen->watch.time)
        phase_over(queen, loss);
}

void loss_barrier_passed(struct queen *queen, struct record *record)
{
    if (record->loss && record->loss->phase == PHASE_RETURN)
        lost(queen, record->loss, RESULT_NOT_ASKABLE);
}

void loss_link_lost(struct queen *queen, unsigned *left)
{
    queen->holding = queen->losses;
    loss_hold_all(queen, left);
}
