#include "stored.h"

#include "document_store.h"
#include "hive_poll.h"
#include "loss.h"

/* Known from stored copies only, and suspect at most by one of them. */
static bool is_stored_only(const struct record *record)
{
    return record->received_epoch == 0;
}

static void unverified(struct queen *queen, struct record *record, enum cause cause, enum evidence_result result)
{
    struct evidence evidence = evidence_now(queen, record, PATH_NONE, result);
    change_silently(queen, record, STATE_UNVERIFIED, cause, evidence);
    record->cause = (uint8_t)cause; /* also of an expected one, whose state stays the same */
    record->evidence = evidence;
}

/* The lease starts at the known age, and ends not before one grace after the first snapshot that showed the copy; watch
 * time stands still until that snapshot is read. */
static void lease_from(struct queen *queen, struct record *record, ms_t age)
{
    record->received_at = queen->watch.time - age;
    record->received_mono = age > 0 ? queen->now - age : record->received_mono;
    record->not_before = queen->watch.time + queen_grace(queen, record);
    registry_touch(&queen->registry, record);
}

/* The first sign of its existence is a stored one, or the list of those expected. */
static void first_seen(struct queen *queen, struct record *record, enum cause cause, enum evidence_result result)
{
    lease_from(queen, record, 0);
    unverified(queen, record, cause, result);
}

/* Whether a stored heartbeat is a later one than was known: then it says more than the copy that was seen first.
 * Without session and seq nothing tells. */
static bool is_later(const struct record *record, struct incarnation_claim claim)
{
    switch (incarnation_judge(&record->incarnation, claim)) {
    case INCARNATION_NEW_SESSION:
    case INCARNATION_NEW_CONNECTION:
        return true;
    case INCARNATION_SAME:
        return claim.session != 0 && claim.seq >= 0 && record->incarnation.has_seq;
    default:
        return false;
    }
}

/* Where stored copies contradict each other the heartbeat's session is current, and what a stored presence of another
 * session had said is void. */
static void adopt(struct queen *queen, struct record *record, struct incarnation_claim claim)
{
    if (record->incarnation.known && record->incarnation.session == claim.session)
        return;
    loss_drop(queen, record);
    record->incarnation = (struct incarnation){ 0 };
    record->rpc = false;
    record->closed = false;
    incarnation_adopt(&record->incarnation, claim);
    unverified(queen, record, CAUSE_RESTORED, RESULT_STORED);
    judge_witness_again(queen, record);
}

enum err stored_heartbeat(struct queen *queen, struct record *record, const struct sign *sign, struct text document,
                          ms_t age)
{
    struct incarnation_claim claim = sign->claim;
    bool first = record->document == NULL && (record->dropped & RECORD_HEARTBEAT) == 0;
    bool same = incarnation_judge(&record->incarnation, claim) == INCARNATION_SAME;
    bool later = is_later(record, claim);
    if (!is_stored_only(record) && !(first && same))
        return OK;
    if (is_stored_only(record)) {
        adopt(queen, record, claim);
        judge_note_sign(queen, record, sign);
        if (later)
            incarnation_adopt(&record->incarnation, claim);
        if (first || later)
            lease_from(queen, record, age);
    }
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

void stored_presence(struct queen *queen, struct record *record, const struct presence *presence)
{
    if (queen_received_live(queen, record) || !speaks_for_current(record, claim_of_presence(presence)))
        return;
    judge_note_presence(record, presence);
    if (record->state == STATE_NONE || record->cause == CAUSE_NEVER_SEEN)
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
