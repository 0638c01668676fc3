#include "judge.h"

#include "broker_barrier.h"
#include "codec.h"
#include "document_store.h"
#include "hive_poll.h"
#include "loss.h"
#include "verify.h"
#include "work.h"

static struct incarnation_claim claim(uint64_t session, int64_t connection, int64_t seq)
{
    return (struct incarnation_claim){ session, connection == INT_ABSENT ? 0 : (uint32_t)connection, seq };
}

struct incarnation_claim claim_of_presence(const struct presence *presence)
{
    return claim(presence->session, presence->connection, -1);
}

static float or_nan(int64_t value)
{
    return value == INT_ABSENT ? NAN : (float)value;
}

static struct load load_of(const struct heartbeat *heartbeat)
{
    return (struct load){ { or_nan(heartbeat->queue_depth), or_nan(heartbeat->inflight),
                            (float)heartbeat->gpu_utilization, (float)heartbeat->last_inference_ms },
                          heartbeat->status,
                          heartbeat->model_loaded,
                          heartbeat->version };
}

struct sign sign_of_heartbeat(const struct heartbeat *heartbeat)
{
    return (struct sign){ .claim = claim(heartbeat->session, heartbeat->connection, heartbeat->seq),
                          .interval_ms = heartbeat->interval_ms,
                          .lease_ms = heartbeat->lease_ms,
                          .timestamp = heartbeat->timestamp,
                          .endpoint = heartbeat->endpoint != NULL,
                          .feed_lost = heartbeat->feed_lost > 0,
                          .load = load_of(heartbeat),
                          .work = heartbeat };
}

struct sign sign_of_hive_heartbeat(const struct hive_heartbeat *heartbeat)
{
    return (struct sign){ .claim = claim(heartbeat->session, heartbeat->connection, heartbeat->seq),
                          .interval_ms = heartbeat->interval_ms,
                          .lease_ms = INT_ABSENT,
                          .timestamp = heartbeat->timestamp,
                          .endpoint = heartbeat->endpoint != NULL,
                          .load = LOAD_NONE };
}

void judge_note_sign(struct queen *queen, struct record *record, const struct sign *sign)
{
    record->interval_ms = (int32_t)sign->interval_ms;
    record->lease_ms = (int32_t)ms_min(sign->lease_ms, LEASE_ENDLESS);
    record->endpoint = sign->endpoint;
    record->feed_lost = sign->feed_lost;
    record->skew = sign->timestamp == TIME_ABSENT ? TIME_ABSENT : sign->timestamp - queen->wall;
}

void judge_note_presence(struct record *record, const struct presence *presence)
{
    if (presence->interval_ms != INT_ABSENT)
        record->interval_ms = (int32_t)presence->interval_ms;
    if (presence->rpc == 1)
        record->rpc = true;
    if (presence->presence == PRESENCE_ONLINE)
        record->connect_ms =
            presence->connect_ms == INT_ABSENT ? 0 : (uint16_t)ms_min(presence->connect_ms, RECORD_CONNECT_MAX);
}

static void flag_conflict(struct queen *queen, struct record *record)
{
    bool known = record_in_conflict(record, queen->now);
    record_note_conflict(record, queen->now);
    if (!known)
        change_revise(queen, record, record->cause, NULL);
}

enum means { BY_BIRTH, BY_HEARTBEAT, BY_POST };

/* Of the closed connection of a session: what still comes from it is late. A goodbye closes it for all (R9), a will for
 * its heartbeats (R1). */
static bool is_closed(const struct record *record, struct incarnation_claim claim, enum means means)
{
    return (record->closed || (record->will_closed && means == BY_HEARTBEAT)) &&
           incarnation_is_current(&record->incarnation, claim);
}

/* Whether the present incarnation may be replaced by a sender that is neither itself nor its successor (R2). */
static bool may_be_replaced(struct queen *queen, struct record *record, enum incarnation_verdict verdict)
{
    if (verdict == INCARNATION_RETIRED)
        flag_conflict(queen, record);
    if (record_is_hive(record) && record->state == STATE_UNVERIFIED && queen_received_live(queen, record))
        return false; /* it lives, and is being asked */
    return record->state != STATE_ONLINE;
}

void judge_forget_process(struct queen *queen, struct record *record)
{
    work_reset(record);
    record->interval_ms = record->lease_ms = INT_ABSENT; /* the next one declares its own */
    record->gone = record->ready_confirmed = record->endpoint = record->was_zombie = record->behind_hive = false;
    if (record_is_hive(record))
        hive_poll_reset(queen, record);
}

/* The fences of R2: makes the sender current and says true, or counts it as ignored. */
static bool admit(struct queen *queen, struct record *record, struct incarnation_claim claim, enum means means)
{
    enum incarnation_verdict verdict = incarnation_judge(&record->incarnation, claim);
    bool foreign = verdict == INCARNATION_RETIRED || verdict == INCARNATION_UNFENCED;
    bool stale =
        verdict == INCARNATION_OLD_CONNECTION || verdict == INCARNATION_OLD_SEQ || is_closed(record, claim, means);
    if (stale || (foreign && !may_be_replaced(queen, record, verdict))) {
        queen->counters.ignored[verdict]++;
        return false;
    }
    if (verdict != INCARNATION_SAME) {
        roll_mark(&queen->registry.roll, record);
        record->rpc = false;
        record->closed = record->will_closed = false;
    }
    if (claim.session != record->incarnation.session)
        judge_forget_process(queen, record);
    incarnation_adopt(&record->incarnation, claim);
    return true;
}

/* R1. A hive that was not asked yet is; one that is known from stored copies says nothing new before it has answered.
 */
static void alive(struct queen *queen, struct record *record, enum state state, enum cause cause,
                  enum evidence_path path)
{
    enum evidence_result result = cause == CAUSE_VERIFIED ? RESULT_ANSWERED : RESULT_HEARD;
    barrier_withdraw(queen, record);
    loss_returned(queen, record);
    if (state == STATE_UNVERIFIED)
        hive_poll_begin(queen, record);
    if (work_holds(record))
        return;
    verify_withdraw(queen, record);
    if (record->state == state && (record->announced == state || state == STATE_UNVERIFIED))
        return;
    change_state(queen, record, state, cause, evidence_now(queen, record, path, result));
}

/* A POST does not replace what is online over MQTT. */
static bool conflicts_with_mqtt(const struct record *record, struct incarnation_claim claim)
{
    enum incarnation_verdict verdict = incarnation_judge(&record->incarnation, claim);
    return record->state == STATE_ONLINE && !record->over_http && verdict != INCARNATION_SAME &&
           verdict != INCARNATION_NEW_CONNECTION;
}

enum err judge_heartbeat(struct queen *queen, struct record *record, const struct sign *sign, struct text document,
                         bool over_http)
{
    enum err err;
    bool verify;
    if (over_http && conflicts_with_mqtt(record, sign->claim))
        return ERR_CONFLICT;
    if (!admit(queen, record, sign->claim, over_http ? BY_POST : BY_HEARTBEAT))
        return OK;
    err = document_store_heartbeat(&queen->registry, record, document, &sign->load);
    judge_note_sign(queen, record, sign);
    change_received(queen, record, over_http);
    record->answers = record->asks = 0;
    verify = sign->work && work_note(queen, record, sign->work);
    alive(queen, record, record_state_alive(record), CAUSE_HEARTBEAT, over_http ? PATH_HTTP : PATH_MQTT);
    if (sign->work && (work_judge(queen, record) || verify) &&
        verify_begin(queen, record, VERIFY_AUTOMATIC) != OK) /* then silence, the next answer or beat decides */
        record->work_reason = true;
    return err;
}

bool judge_answers_only(struct record *record)
{
    bool silent = record_is_suspect_by_silence(record);
    if (record->answers < UINT8_MAX)
        record->answers++;
    return silent && record->answers >= ANSWERS_WITHOUT_BEAT;
}

void judge_ready(struct queen *queen, struct record *record, enum evidence_path path)
{
    if (record->state != STATE_UNVERIFIED && record->state != STATE_SUSPECT)
        return;
    change_received(queen, record, false);
    if (judge_answers_only(record))
        return;
    record->asks = 0;
    alive(queen, record, STATE_ONLINE, CAUSE_VERIFIED, path);
}

static void judge_birth(struct queen *queen, struct record *record, const struct presence *presence)
{
    if (!admit(queen, record, claim_of_presence(presence), BY_BIRTH))
        return;
    judge_note_presence(record, presence);
    change_received(queen, record, false);
    alive(queen, record, record_state_alive(record), CAUSE_BIRTH, PATH_MQTT);
}

/* R4: which states a will makes suspect; in the others it adds nothing that is not known. */
static void judge_will(struct queen *queen, struct record *record)
{
    if (record->state == STATE_ONLINE || record->state == STATE_UNVERIFIED || record->state == STATE_ZOMBIE ||
        record->state == STATE_SUSPECT)
        loss_begin(queen, record);
}

static struct evidence exit_evidence(const struct queen *queen, const struct record *record, enum evidence_path path,
                                     enum evidence_result result, const struct exit_info *exit)
{
    struct evidence evidence = evidence_now(queen, record, path, result);
    evidence_set_exit(&evidence, exit);
    return evidence;
}

/* It is known to be lost: told once, and told anew only where that says more than was known. */
static void known_lost(struct queen *queen, struct record *record, enum cause cause, const struct evidence *evidence)
{
    loss_drop(queen, record);
    if (record->state != STATE_STALE)
        change_state(queen, record, STATE_STALE, cause, *evidence);
    else if (record->cause != cause)
        change_revise(queen, record, cause, evidence);
}

/* As its agent itself (PATH_MQTT) or its hive (PATH_WITNESS) said. */
static void exited(struct queen *queen, struct record *record, const struct exit_info *exit, enum evidence_path path)
{
    struct evidence evidence =
        exit_evidence(queen, record, path, path == PATH_WITNESS ? RESULT_WITNESSED : RESULT_EXITED, exit);
    bool never_ran = record->state == STATE_STALE && record->cause == CAUSE_START_FAILED;
    if (record->state != STATE_OFFLINE && !never_ran)
        known_lost(queen, record, CAUSE_PROCESS_EXITED, &evidence);
}

/* A connection without a number cannot be told from the next one. */
static bool is_numbered(const struct record *record)
{
    return record->incarnation.session != 0 && record->incarnation.connection != 0;
}

bool judge_death(struct queen *queen, struct record *record, const struct presence *presence)
{
    if (presence->presence == PRESENCE_OFFLINE) {
        loss_drop(queen, record);
        record->closed = record->incarnation.session != 0;
        change_state(queen, record, STATE_OFFLINE, CAUSE_GOODBYE, evidence_now(queen, record, PATH_MQTT, RESULT_LEFT));
        return true;
    }
    if (presence_is_will(presence))
        record->will_closed = is_numbered(record);
    else
        exited(queen, record, &presence->exit, PATH_MQTT);
    return !presence_is_will(presence);
}

void judge_presence(struct queen *queen, struct record *record, const struct presence *presence)
{
    if (presence->presence == PRESENCE_ONLINE) {
        judge_birth(queen, record, presence);
        return;
    }
    if (!incarnation_is_current(&record->incarnation, claim_of_presence(presence))) { /* R3 */
        queen->counters.ignored[INCARNATION_OLD_CONNECTION]++;
        return;
    }
    judge_note_presence(record, presence);
    if (!judge_death(queen, record, presence))
        judge_will(queen, record);
}

static bool reports_end(const struct record *record, const struct last_exit *last)
{
    return last->known && last->asked_for != 1 && last->session != 0 && last->session == record->incarnation.session;
}

/* The job is done, and is not started again. */
static void finished(struct queen *queen, struct record *record, const struct exit_info *exit)
{
    if (record->state == STATE_OFFLINE)
        return;
    loss_drop(queen, record);
    record->closed = true;
    change_state(queen, record, STATE_OFFLINE, CAUSE_GOODBYE,
                 exit_evidence(queen, record, PATH_WITNESS, RESULT_WITNESSED, exit));
}

/* Its hive cannot run it, unless somebody else does. */
static bool reports_failure(const struct record *record, const struct witness *witness)
{
    return witness->state == WITNESS_FAILED &&
           (record->state != STATE_ONLINE || witness->session == record->incarnation.session);
}

static void weigh_witness(struct queen *queen, struct record *record, const struct witness *witness)
{
    struct exit_info exit = last_exit_info(&witness->last_exit);
    struct evidence evidence;
    record->gone = reports_end(record, &witness->last_exit);
    if (reports_failure(record, witness)) {
        exit.known = record->gone;
        evidence = exit_evidence(queen, record, PATH_WITNESS, RESULT_START_FAILED, &exit);
        known_lost(queen, record, CAUSE_START_FAILED, &evidence);
    } else if (record->gone && witness->state == WITNESS_EXITED && exit.code == 0) {
        finished(queen, record, &exit);
    } else if (record->gone) {
        exited(queen, record, &exit, PATH_WITNESS);
    }
}

enum err judge_witness(struct queen *queen, struct record *record, const struct witness *witness, struct text document,
                       bool stored)
{
    enum err err = document_store(&queen->registry, record, &record->witness, document);
    if (!stored || !queen_received_live(queen, record))
        weigh_witness(queen, record, witness);
    return err;
}

void judge_witness_again(struct queen *queen, struct record *record)
{
    struct witness witness;
    if (record->witness && witness_decode(&queen->scan, document_text(record->witness), &witness, NULL) == OK)
        weigh_witness(queen, record, &witness);
    arena_reset(&queen->scan);
}
