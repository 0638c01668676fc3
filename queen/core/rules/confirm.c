#include "confirm.h"

#include <stdlib.h>
#include <utlist.h>

#include "ask.h"
#include "broker_barrier.h"

#define ANSWER_MS 1000
#define ANNOUNCE_MS 5000 /* a suspicion that lasts longer is no longer silent */
#define HIVE_MS 1500     /* for its hive's verdict, at most */

enum phase { PHASE_REQUESTED, PHASE_RETURN, PHASE_HIVE, PHASE_HELD };

struct confirm {
    struct confirm *prev, *next; /* queen->confirms; utlist */
    struct record *record;
    struct pending pending; /* its subject is this confirm */
    enum phase phase;
    ms_t began; /* watch time */
    ms_t began_mono;
    ms_t until;                 /* watch time: end of the phase; MS_NEVER = it ends by a message only */
    struct standing before;     /* how the worker stood before the will */
    enum evidence_result found; /* in PHASE_HIVE: why it is lost */
};

static void enter(struct queen *queen, struct confirm *confirm, enum phase phase, ms_t until)
{
    registry_touch(&queen->registry, confirm->record);
    confirm->phase = phase;
    confirm->until = until;
}

static bool ask_confirm(struct queen *queen, struct confirm *confirm)
{
    return ask(queen, ASKING_CONFIRM, &confirm->pending, confirm->record, "beat",
               (struct question){ .deadline = MS_NEVER,
                                  .reply_timeout = ANSWER_MS,
                                  .retry = true,
                                  .retry_after = queen_confirm_wait(queen, confirm->record),
                                  .late = HIVE_MS });
}

/* Also of one that was held: only from now on can it be told, so that its silence begins anew. */
static void start_requesting(struct queen *queen, struct confirm *confirm)
{
    confirm->began = queen->watch.time;
    if (confirm->record->rpc && ask_confirm(queen, confirm))
        enter(queen, confirm, PHASE_REQUESTED, MS_NEVER);
    else
        enter(queen, confirm, PHASE_RETURN, queen->watch.time + queen_confirm_wait(queen, confirm->record));
}

static struct confirm *confirm_new(struct queen *queen, struct record *record)
{
    struct confirm *confirm = calloc(1, sizeof *confirm);
    if (!confirm)
        return NULL;
    DL_PREPEND(queen->confirms, confirm); /* those to be held are behind it */
    confirm->pending.subject = confirm;
    confirm->record = record;
    confirm->began = queen->watch.time;
    confirm->began_mono = queen->now;
    confirm->before = change_snapshot(record);
    return confirm;
}

/* False: no memory; the worker is left as it was, and silence judges it. */
static bool suspect(struct queen *queen, struct record *record)
{
    struct confirm *confirm = confirm_new(queen, record);
    if (!confirm) {
        outbox_notice(queen->out, "out of memory: the will of %s/%s is not confirmed", record_hive(record),
                      record_worker(record));
        return false;
    }
    barrier_withdraw(queen, record);
    record->confirm = confirm;
    change_silently(queen, record, STATE_SUSPECT, CAUSE_LAST_WILL,
                    evidence_now(queen, record, PATH_WILL, RESULT_WILL_SEEN));
    return true;
}

void confirm_begin(struct queen *queen, struct record *record)
{
    if (record->confirm && record->confirm->phase != PHASE_HELD)
        return;
    if (!record->confirm && !suspect(queen, record))
        return;
    start_requesting(queen, record->confirm);
}

/* One grace after the snapshot. Until there is one, watch time stands still, so that now is then. */
static ms_t held_until(const struct queen *queen, const struct record *record)
{
    bool read = queen->snapshot.phase == SNAPSHOT_READ;
    return (read ? queen->snapshot.read_at : queen->watch.time) + queen_grace(queen, record);
}

void confirm_hold(struct queen *queen, struct record *record)
{
    if (!record->confirm && suspect(queen, record))
        enter(queen, record->confirm, PHASE_HELD, MS_NEVER);
}

void confirm_drop(struct queen *queen, struct record *record)
{
    struct confirm *confirm = record->confirm;
    barrier_withdraw(queen, record);
    if (!confirm)
        return;
    registry_touch(&queen->registry, record);
    requester_cancel(&queen->asking[ASKING_CONFIRM], &confirm->pending);
    if (queen->holding == confirm)
        queen->holding = confirm->next;
    DL_DELETE(queen->confirms, confirm);
    record->confirm = NULL;
    free(confirm);
}

void confirm_end(struct queen *queen, struct record *record)
{
    struct standing before;
    if (!record->confirm)
        return;
    before = record->confirm->before;
    confirm_drop(queen, record);
    if (record->announced != STATE_SUSPECT)
        change_restore(queen, record, &before);
    else if (before.state == STATE_ZOMBIE && !record->work.advanced) /* told; that it lives is no work (R8) */
        change_state(queen, record, STATE_ZOMBIE, before.cause, before.evidence);
}

/* R10: while its hive is suspect a worker waits for that verdict, which may be the reason for its own. */
static void lost(struct queen *queen, struct confirm *confirm, enum evidence_result result)
{
    struct record *record = confirm->record;
    struct evidence evidence = evidence_now(queen, record, PATH_WILL, result);
    evidence.took = (uint32_t)(queen->now - confirm->began_mono);
    if (confirm->phase != PHASE_HIVE && change_waits_for_hive(queen, record)) {
        enter(queen, confirm, PHASE_HIVE, queen->watch.time + HIVE_MS);
        confirm->found = result;
        return;
    }
    confirm_drop(queen, record);
    change_lost(queen, record, CAUSE_LAST_WILL, evidence);
}

void confirm_hive_judged(struct queen *queen, struct record *record)
{
    if (record->confirm && record->confirm->phase == PHASE_HIVE)
        lost(queen, record->confirm, record->confirm->found);
}

/* An answer to `beat`, whatever it says, proves that it lives, not that its work goes on: a zombie stays one. */
static void replied(struct queen *queen, struct record *record)
{
    confirm_end(queen, record);
    change_heard(queen, record, false);
    if (record->state == STATE_ZOMBIE || (record->state == STATE_SUSPECT && record->cause == CAUSE_STALLED))
        return;
    change_state(queen, record, record_state_alive(record), CAUSE_VERIFIED,
                 evidence_now(queen, record, PATH_MQTT, RESULT_ANSWERED));
}

void confirm_answered(struct queen *queen, const struct answer *answer)
{
    struct confirm *confirm = answer->subject;
    if (answer->kind == ANSWER_REFUSED)
        enter(queen, confirm, PHASE_RETURN, confirm->began + queen_confirm_wait(queen, confirm->record));
    else if (answer->kind == ANSWER_NO_SUBSCRIBER || answer->kind == ANSWER_NO_REPLY)
        lost(queen, confirm, answer->kind == ANSWER_NO_SUBSCRIBER ? RESULT_NO_SUBSCRIBER : RESULT_NO_REPLY);
    else
        replied(queen, confirm->record);
}

void confirm_hold_all(struct queen *queen, unsigned *left)
{
    struct confirm *confirm;
    for (; *left > 0 && (confirm = queen->holding); --*left) {
        queen->holding = confirm->next;
        requester_stop_waiting(&queen->asking[ASKING_CONFIRM], &confirm->pending); /* its answer may be on the way */
        enter(queen, confirm, PHASE_HELD, MS_NEVER);
    }
}

static bool is_silent(const struct confirm *confirm)
{
    return confirm->record->silent && confirm->phase != PHASE_HELD;
}

ms_t confirm_deadline(const struct queen *queen, const struct record *record)
{
    const struct confirm *confirm = record->confirm;
    ms_t until = confirm->phase == PHASE_HELD ? held_until(queen, record) : confirm->until;
    return is_silent(confirm) ? ms_min(until, confirm->began + ANNOUNCE_MS) : until;
}

static void phase_over(struct queen *queen, struct confirm *confirm)
{
    if (confirm->phase == PHASE_RETURN) {
        enter(queen, confirm, PHASE_RETURN, MS_NEVER);
        barrier_request(queen, confirm->record);
    } else if (confirm->phase == PHASE_HIVE) {
        lost(queen, confirm, confirm->found);
    } else if (confirm->phase == PHASE_HELD) {
        start_requesting(queen, confirm);
    }
}

void confirm_due(struct queen *queen, struct record *record)
{
    struct confirm *confirm = record->confirm;
    if (is_silent(confirm) && confirm->began + ANNOUNCE_MS <= queen->watch.time)
        change_announce(queen, record);
    if ((confirm->phase == PHASE_HELD ? held_until(queen, record) : confirm->until) <= queen->watch.time)
        phase_over(queen, confirm);
}

void confirm_barrier_passed(struct queen *queen, struct record *record)
{
    if (record->confirm && record->confirm->phase == PHASE_RETURN)
        lost(queen, record->confirm, RESULT_NOT_ASKABLE);
}

void confirm_link_lost(struct queen *queen, unsigned *left)
{
    queen->holding = queen->confirms;
    confirm_hold_all(queen, left);
}
