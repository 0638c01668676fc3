#include "stored.h"

#include "broker_barrier.h"
#include "document_store.h"
#include "hive_poll.h"
#include "loss.h"
#include "verify.h"

#define EXPIRY_STEP_MS 1000

static void unverified(struct queen *queen, struct record *record, enum cause cause, enum evidence_result result)
{
    struct evidence evidence = evidence_now(queen, record, PATH_NONE, result);
    change_silently(queen, record, STATE_UNVERIFIED, cause, evidence);
    record->cause = (uint8_t)cause; /* also of an expected one, whose state stays the same */
    record->evidence = evidence;
}

/* The first sign of its existence is a stored one, or the list of those expected. */
static void first_seen(struct queen *queen, struct record *record, enum cause cause, enum evidence_result result)
{
    change_lease_from(queen, record, 0);
    unverified(queen, record, cause, result);
}

/* Whether a copy is of a later process or connection than is known. A copy that is older than the last live sign, of
 * which a restored verdict knows, was brought back by a broker with an old save (expiry counts in whole seconds). */
static bool is_successor(const struct queen *queen, const struct record *record, struct incarnation_claim claim,
                         ms_t age)
{
    enum incarnation_verdict verdict = incarnation_judge(&record->incarnation, claim);
    bool was_received = record->received_epoch != 0 || record->announced != STATE_NONE;
    bool is_old = age > EXPIRY_STEP_MS && was_received && record->received_mono != MS_NEVER &&
                  queen->now - age + EXPIRY_STEP_MS < record->received_mono;
    if (verdict == INCARNATION_UNFENCED)
        return record->received_epoch == 0;
    return verdict == INCARNATION_NEW_CONNECTION || (verdict == INCARNATION_NEW_SESSION && !is_old);
}

/* What was known live and is left standing by a copy of another process (`other`) or a later connection. */
static bool still_stands(const struct record *record, bool other)
{
    if (record->state == STATE_ONLINE)
        return !other || !record_is_hive(record);
    if (record->state == STATE_SUSPECT)
        return !other && record->cause != CAUSE_LAST_WILL;
    return record->state == STATE_ZOMBIE && !other;
}

/* R12: before the grace is over, since there was something against it. Who cannot be asked is judged by silence. */
static void ask_now(struct queen *queen, struct record *record)
{
    if (!record_is_hive(record))
        (void)verify_begin(queen, record, VERIFY_AUTOMATIC);
    else if (record->state != STATE_ONLINE)
        hive_poll_begin(queen, record);
}

/* The sender of the copy is current from now on, and void is what was known of an earlier process or connection: its
 * will, its goodbye, its loss. Nobody is retired by a copy. */
static void succeed(struct queen *queen, struct record *record, struct incarnation_claim claim)
{
    bool other = !record->incarnation.known || record->incarnation.session != claim.session;
    bool was_lost =
        record->received_epoch != 0 && record->cause != CAUSE_RESTORED && (other || record->state != STATE_ONLINE);
    bool doubted = was_lost || record->loss;
    if (other)
        judge_forget_process(queen, record);
    loss_returned(queen, record);
    record->rpc = record->closed = record->will_closed = record->unsubscribed = false;
    incarnation_adopt_stored(&record->incarnation, claim);
    if (!still_stands(record, other))
        unverified(queen, record, CAUSE_RESTORED, RESULT_STORED);
    if (doubted)
        ask_now(queen, record);
    judge_witness_again(queen, record);
}

/* A later heartbeat of the same connection than the copy that was seen first. Without session and seq nothing tells. */
static bool is_later(const struct record *record, struct incarnation_claim claim)
{
    return incarnation_judge(&record->incarnation, claim) == INCARNATION_SAME && claim.session != 0 && claim.seq >= 0 &&
           record->incarnation.has_seq;
}

/* R1: a late one of who is thought to live counts as received so long ago, whatever is asked meanwhile. */
static bool is_received_late(struct queen *queen, struct record *record, struct incarnation_claim claim, ms_t age)
{
    enum incarnation_verdict verdict = incarnation_judge(&record->incarnation, claim);
    bool rises = (verdict == INCARNATION_SAME || verdict == INCARNATION_NEW_CONNECTION) && claim.session != 0;
    bool lives = (record->state == STATE_ONLINE || record->state == STATE_SUSPECT) && !record->will_closed;
    if (age == 0 || !rises || claim.seq < 0 || !lives || record->loss || record->over_http)
        return false;
    barrier_withdraw(queen, record);
    incarnation_adopt(&record->incarnation, claim);
    record->received_at = ms_max(record->received_at, queen->watch.time - age);
    record->received_mono = ms_max(record->received_mono, queen->now - age);
    registry_touch(&queen->registry, record);
    return true;
}

enum err stored_heartbeat(struct queen *queen, struct record *record, const struct sign *sign, struct text document,
                          ms_t age)
{
    struct incarnation_claim claim = sign->claim;
    bool only_stored = record->received_epoch == 0;
    bool first = record->document == NULL && (record->dropped & RECORD_HEARTBEAT) == 0;
    bool same = incarnation_judge(&record->incarnation, claim) == INCARNATION_SAME;
    bool succeeds = !queen_received_live(queen, record) && is_successor(queen, record, claim, age);
    bool has_lease = succeeds || (only_stored && (first || is_later(record, claim)));
    bool late = !only_stored && !succeeds && is_received_late(queen, record, claim, age);
    if (!only_stored && !succeeds && !late && !(first && same))
        return OK;
    if (succeeds)
        succeed(queen, record, claim);
    else if (has_lease && same)
        incarnation_adopt(&record->incarnation, claim);
    if (only_stored || succeeds || late)
        judge_note_sign(queen, record, sign);
    if (has_lease)
        change_lease_from(queen, record, age);
    return document_store_heartbeat(&queen->registry, record, document, &sign->load);
}

/* A later connection of the current session counts as current: nobody is retired by it. */
static bool speaks_for_current(struct record *record, struct incarnation_claim claim)
{
    if (!record->incarnation.known) {
        incarnation_adopt(&record->incarnation, claim);
        return true;
    }
    if (record->incarnation.session != claim.session || claim.connection < record->incarnation.connection)
        return false;
    record->incarnation.connection = claim.connection;
    return true;
}

/* Of a worker the heartbeat's session is current, if there is one; a hive is known by its presence. */
static bool is_born_anew(const struct queen *queen, const struct record *record, const struct presence *presence,
                         ms_t age)
{
    struct incarnation_claim claim = claim_of_presence(presence);
    bool same = record->incarnation.known && record->incarnation.session == claim.session;
    bool beats = record->document != NULL || (record->dropped & RECORD_HEARTBEAT) != 0;
    return presence->presence == PRESENCE_ONLINE && (same || !beats || record_is_hive(record)) &&
           is_successor(queen, record, claim, age);
}

void stored_presence(struct queen *queen, struct record *record, const struct presence *presence, ms_t age)
{
    struct incarnation_claim claim = claim_of_presence(presence);
    bool succeeds;
    if (queen_received_live(queen, record)) {
        if (incarnation_is_current(&record->incarnation, claim)) /* its heartbeat came before */
            judge_note_presence(record, presence);
        return;
    }
    if ((succeeds = is_born_anew(queen, record, presence, age)))
        succeed(queen, record, claim);
    else if (!speaks_for_current(record, claim))
        return;
    judge_note_presence(record, presence);
    if (succeeds)
        change_lease_from(queen, record, age);
    else if (record->state == STATE_NONE || record->cause == CAUSE_NEVER_SEEN)
        first_seen(queen, record, CAUSE_RESTORED, RESULT_STORED);
    if (presence->presence == PRESENCE_ONLINE) {
        if (record_is_hive(record) && record->state == STATE_UNVERIFIED)
            hive_poll_begin(queen, record);
    } else if (!judge_death(queen, record, presence) &&
               (record->state == STATE_UNVERIFIED || record->state == STATE_ONLINE)) {
        loss_hold(queen, record);
    }
}

void stored_sight(struct queen *queen, struct record *record)
{
    if (record->state == STATE_NONE)
        first_seen(queen, record, CAUSE_RESTORED, RESULT_STORED);
}

void stored_expect(struct queen *queen, struct record *record)
{
    registry_expect(&queen->registry, record);
    if (record->state == STATE_NONE)
        first_seen(queen, record, CAUSE_NEVER_SEEN, RESULT_EXPECTED);
}
