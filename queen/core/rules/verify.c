#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "ask.h"
#include "json.h"
#include "rations.h"

#define STORM_SECONDS 60  /* in which all that are held in a storm are verified */
#define STORM_PART 5      /* of so many verifications one is a storm's, whatever others need */
#define STORM_TURN_MS 200 /* what a turn of the loop may be late */
#define LATE_MS 60000     /* for how long an answer after the deadline is still taken */

enum phase { PHASE_IDLE, PHASE_QUEUED, PHASE_RUNNING };

struct verification {
    struct turns_item turn; /* in QUEUED */
    struct record *record;
    struct pending pending; /* the request over MQTT; its subject is this verification */
    struct http_ask http;   /* ... over HTTP; likewise */
    uint64_t nonce;
    enum phase phase;
    enum verify_class class;
    bool finished;
    bool mqtt_out, refused;   /* an answer is still to come; the broker did not let it ask */
    enum verify_result found; /* what stands if nothing better comes */
    enum evidence_path path;  /* ... and by which path */
    ms_t began;               /* monotonic */
    struct verified latest;
};

/* Leaves whatever the phase had linked, but for the request over MQTT, which may still get a late answer. */
static void leave(struct queen *queen, struct verification *verification)
{
    turns_remove(&queen->verifying.queued[verification->class], &verification->turn);
    if (verification->phase == PHASE_RUNNING) {
        queen->verifying.running--;
        verification->record->share->verifying--;
    }
    ask_http_end(queen, &verification->http);
    verification->phase = PHASE_IDLE;
}

static void enqueue(struct queen *queen, struct verification *verification, enum verify_class class)
{
    verification->class = class;
    verification->phase = PHASE_QUEUED;
    verification->began = queen->now;
    turns_add(&queen->verifying.queued[class], &verification->record->share->verifications[class], &verification->turn);
}

/* It counts from when it was begun first. */
static void enqueue_again(struct queen *queen, struct verification *verification)
{
    ms_t began = verification->began;
    leave(queen, verification);
    enqueue(queen, verification, verification->class);
    verification->began = began;
}

static struct verification *of_record(struct record *record)
{
    struct verification *verification;
    if (record->verification)
        return record->verification;
    if (!(verification = calloc(1, sizeof *verification)))
        return NULL;
    verification->record = record;
    verification->pending.subject = verification->http.subject = verification;
    record->verification = verification;
    return verification;
}

static enum err refuse(struct queen *queen, const struct record *record)
{
    queen_refuse(queen, &queen->verifying.refusals, text_of(record_hive(record)));
    return ERR_FULL;
}

enum err verify_begin(struct queen *queen, struct record *record, enum verify_class class)
{
    struct verification *verification = record->verification;
    if (verification &&
        (verification->phase == PHASE_RUNNING || (verification->phase == PHASE_QUEUED && verification->class <= class)))
        return OK;
    if (class != VERIFY_STORM && record->share->verifications[class].count >= RATION_VERIFICATIONS)
        return refuse(queen, record);
    if (!(verification = of_record(record)))
        return ERR_NOMEM;
    leave(queen, verification);
    requester_cancel(&queen->asking[ASKING_VERIFY], &verification->pending);
    enqueue(queen, verification, class);
    return OK;
}

void verify_withdraw(struct queen *queen, struct record *record)
{
    struct verification *verification = record_is_hive(record) ? NULL : record->verification;
    if (verification && verification->phase == PHASE_QUEUED && verification->class >= VERIFY_AUTOMATIC)
        leave(queen, verification);
}

bool verify_is_going_on(const struct record *record)
{
    const struct verification *verification = record->verification;
    return verification && verification->phase != PHASE_IDLE;
}

const struct verified *verify_latest(const struct record *record)
{
    return record->verification && record->verification->finished ? &record->verification->latest : NULL;
}

void verify_drop(struct queen *queen, struct record *record)
{
    if (!record->verification)
        return;
    leave(queen, record->verification);
    requester_cancel(&queen->asking[ASKING_VERIFY], &record->verification->pending);
    free(record->verification);
    record->verification = NULL;
}

static bool ask_verify(struct queen *queen, struct verification *verification)
{
    char payload[64];
    verification->nonce = queen_token(queen, TOKEN_VERIFY);
    snprintf(payload, sizeof payload, "{\"nonce\":\"%s\"}", HEX64_TEXT(verification->nonce));
    return ask(queen, ASKING_VERIFY, &verification->pending, verification->record, "verify",
               (struct question){ .payload = text_of(payload),
                                  .deadline = queen->now + queen->options.verify_timeout,
                                  .retry = true,
                                  .retry_after = queen_confirm_wait(queen, verification->record),
                                  .late = LATE_MS });
}

static struct record *finish(struct queen *queen, struct verification *verification, enum verify_result result,
                             enum evidence_path path, bool late)
{
    verification->latest = (struct verified){ .result = result,
                                              .path = path,
                                              .refused = verification->refused,
                                              .late = late,
                                              .at_wall = queen->wall,
                                              .began = verification->began,
                                              .took = queen->now - verification->began };
    verification->finished = true;
    queen->verifying.finished++;
    queen->counters.verifications[result]++;
    leave(queen, verification);
    return verification->record;
}

/* The work loop's own answer, over MQTT, ends a verification. Short of that all paths are waited for, and that somebody
 * answers at all outweighs that nobody does. */
static void found(struct verification *verification, enum verify_result result, enum evidence_path path)
{
    if (path != PATH_HTTP && verification->path == PATH_HTTP)
        return;
    verification->found = result;
    verification->path = path;
}

/* The record, if nothing is to come any more. */
static struct record *conclude(struct queen *queen, struct verification *verification)
{
    if (verification->mqtt_out || verification->http.token)
        return NULL;
    return finish(queen, verification, verification->found, verification->path, false);
}

bool verify_is_possible(const struct queen *queen, const struct record *record)
{
    return (record->rpc && !record->over_http) || ask_may_http(queen, record);
}

/* False: no memory for the request; it is queued again, for that says nothing of the worker. */
static bool begin(struct queen *queen, struct verification *verification)
{
    const struct record *record = verification->record;
    bool over_mqtt = record->rpc && !record->over_http;
    verification->phase = PHASE_RUNNING;
    queen->verifying.running++;
    verification->record->share->verifying++;
    (void)ask_http(queen, &verification->http, TOKEN_VERIFY, record, queen->options.verify_timeout);
    verification->mqtt_out = over_mqtt && ask_verify(queen, verification);
    if (verification->mqtt_out == over_mqtt)
        return true;
    enqueue_again(queen, verification);
    return false;
}

/* Its turn has come, and it was taken from its queue. The record if there is nothing to ask, for then it is finished.
 */
static struct record *start(struct queen *queen, struct verification *verification)
{
    struct record *record = verification->record;
    verification->phase = PHASE_IDLE;
    verification->mqtt_out = verification->refused = false;
    verification->found = VERIFY_NO_REPLY;
    verification->path = PATH_MQTT;
    if (record->gone)
        return finish(queen, verification, VERIFY_PROCESS_GONE, PATH_WITNESS, false);
    if (verify_is_possible(queen, record) && !begin(queen, verification))
        return NULL;
    return conclude(queen, verification);
}

/* The broker does not let the queen ask: that says nothing of the worker. */
static struct record *refused(struct queen *queen, struct verification *verification, uint8_t reason)
{
    outbox_notice(queen->out, "the broker refuses requests to %s/%s (reason 0x%02x): it cannot be verified",
                  record_hive(verification->record), record_worker(verification->record), reason);
    verification->refused = true;
    verification->mqtt_out = false;
    return conclude(queen, verification);
}

/* What the worker said of its work, in reply to the request of that nonce (VERIFY_NO_REPLY: it is no reply to that);
 * that it answers at all, also with an error, shows that it lives. */
static enum verify_result read_reply(uint64_t wanted, const struct answer *answer)
{
    const char *nonce = json_string(json_member(answer->result, "nonce"));
    const char *work = json_string(json_member(answer->result, "work"));
    if (answer->kind == ANSWER_ERROR)
        return VERIFY_UNKNOWN;
    if (!nonce || !work || strcmp(nonce, HEX64_TEXT(wanted)) != 0)
        return VERIFY_NO_REPLY;
    return strcmp(work, "ok") == 0 ? VERIFY_OK : strcmp(work, "stalled") == 0 ? VERIFY_STALLED : VERIFY_UNKNOWN;
}

static struct record *replied(struct queen *queen, struct verification *verification, const struct answer *answer)
{
    enum verify_result result = read_reply(verification->nonce, answer);
    if (result == VERIFY_NO_REPLY)
        return NULL;
    requester_cancel(&queen->asking[ASKING_VERIFY], &verification->pending);
    return finish(queen, verification, result, PATH_MQTT, answer->late);
}

/* No answer of the work loop in time ends it, whatever else is still to come. */
struct record *verify_answered(struct queen *queen, const struct answer *answer)
{
    struct verification *verification = answer->subject;
    if (answer->kind == ANSWER_RESULT || answer->kind == ANSWER_ERROR || answer->kind == ANSWER_GARBLED)
        return replied(queen, verification, answer);
    if (answer->kind == ANSWER_REFUSED)
        return refused(queen, verification, answer->reason);
    if (answer->kind == ANSWER_NO_SUBSCRIBER)
        found(verification, VERIFY_NO_SUBSCRIBER, PATH_MQTT);
    else
        ask_http_end(queen, &verification->http);
    verification->mqtt_out = false;
    return conclude(queen, verification);
}

/* Its health document is not the word of its work loop, unless it says that work stands still. */
struct record *verify_http_answered(struct queen *queen, struct verification *verification,
                                    const struct http_answer *http)
{
    enum health_status status;
    if (ask_http_read(queen, verification->record, http, &status))
        found(verification, status == HEALTH_FAIL ? VERIFY_STALLED : VERIFY_UNKNOWN, PATH_HTTP);
    return conclude(queen, verification);
}

static struct verification *first_of(const struct turns_party *party)
{
    return CONTAINER_OF(party->items, struct verification, turn);
}

/* Of a class, the first in turn whose hive has few enough running; NULL = none. Those that have more are fewer than
 * may run. */
static struct turns_party *party_in(const struct queen *queen, enum verify_class class)
{
    const struct verifying *verifying = &queen->verifying;
    unsigned free = queen->options.limits.verifying - verifying->running;
    struct turns_party *party;
    DL_FOREACH(verifying->queued[class].first, party)
    {
        if (first_of(party)->record->share->verifying < RATION_VERIFYING_PART * free)
            break;
    }
    return party;
}

static int64_t per_second(const struct queen *queen)
{
    return ms_max((ms_t)queen->storm.most / STORM_SECONDS, VERIFY_PER_SECOND);
}

static struct bucket_size budget(const struct queen *queen)
{
    return (struct bucket_size){ per_second(queen), per_second(queen) };
}

/* Those of a storm are spread out, so that they are no storm themselves; where many are due, what a late turn of the
 * loop has missed is made up for. */
static struct bucket_size storm_budget(const struct queen *queen)
{
    int64_t part = per_second(queen) > VERIFY_PER_SECOND ? per_second(queen) * STORM_TURN_MS / 1000 : 1;
    return (struct bucket_size){ part, per_second(queen) };
}

static struct verification *next_of_storm(const struct queen *queen)
{
    struct turns_party *party = party_in(queen, VERIFY_STORM);
    return party ? first_of(party) : NULL;
}

/* Who of the others goes first, by turns: every other one is by hand. Lists and suspicions have the rest, and what
 * those by hand do not need, in equal parts. */
static struct verification *next_of_others(const struct queen *queen)
{
    static const enum verify_class orders[][VERIFY_STORM] = {
        { VERIFY_BY_HAND, VERIFY_AUTOMATIC, VERIFY_FOR_LIST },
        { VERIFY_FOR_LIST, VERIFY_BY_HAND, VERIFY_AUTOMATIC },
        { VERIFY_BY_HAND, VERIFY_FOR_LIST, VERIFY_AUTOMATIC },
        { VERIFY_AUTOMATIC, VERIFY_BY_HAND, VERIFY_FOR_LIST },
    };
    const enum verify_class *order = orders[queen->verifying.started % ARRAY_LEN(orders)];
    for (size_t i = 0; i < VERIFY_STORM; i++) {
        struct turns_party *party = party_in(queen, order[i]);
        if (party)
            return first_of(party);
    }
    return NULL;
}

/* Monotonic: when there is a token. */
static ms_t has_token_at(const struct queen *queen, const struct bucket *bucket, struct bucket_size size)
{
    int64_t too_many = bucket_missing(bucket, size, queen->now) - (size.capacity - 1) * 1000;
    return queen->now + (ms_max(too_many, 0) + size.per_second - 1) / size.per_second;
}

static ms_t storm_at(const struct queen *queen)
{
    return has_token_at(queen, &queen->verifying.storm_budget, storm_budget(queen));
}

/* Monotonic: when the next one may start; MS_NEVER: when something else has happened. */
static ms_t starts_at(const struct queen *queen)
{
    ms_t at = has_token_at(queen, &queen->verifying.budget, budget(queen));
    if (!queen_sees(queen) || queen->verifying.running >= queen->options.limits.verifying)
        return MS_NEVER;
    if (next_of_others(queen))
        return at;
    return next_of_storm(queen) ? ms_max(at, storm_at(queen)) : MS_NEVER;
}

/* One may start. A storm has what is left, but at least a part. */
static struct verification *take(struct queen *queen)
{
    struct verifying *verifying = &queen->verifying;
    struct verification *next = next_of_others(queen), *storm = NULL;
    if (storm_at(queen) <= queen->now && (!next || verifying->started % STORM_PART == 0))
        storm = next_of_storm(queen);
    next = storm ? storm : next;
    verifying->started++;
    (void)bucket_take(&verifying->budget, budget(queen), queen->now);
    if (storm)
        (void)bucket_take(&verifying->storm_budget, storm_budget(queen), queen->now);
    (void)turns_take(&verifying->queued[next->class], next->turn.party);
    return next;
}

struct record *verify_next(struct queen *queen)
{
    struct record *record = NULL;
    while (!record && starts_at(queen) <= queen->now)
        record = start(queen, take(queen));
    return record;
}

ms_t verify_deadline(const struct queen *queen)
{
    return starts_at(queen);
}

void verify_link_lost(struct queen *queen)
{
    struct answer answer;
    struct turns_item *item;
    while (requester_lost(&queen->asking[ASKING_VERIFY], queen->now, &answer))
        enqueue_again(queen, answer.subject);
    while ((item = turns_next(&queen->verifying.queued[VERIFY_STORM])))
        leave(queen, CONTAINER_OF(item, struct verification, turn));
}
