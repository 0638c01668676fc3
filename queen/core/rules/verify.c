#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "http_ask.h"
#include "keyed_hash.h"

#define SPACING_MS (1000 / VERIFY_PER_SECOND)
#define BURST_MS 1000 /* what may be started at once, as time */
#define LATE_MS 60000 /* for how long an answer after the deadline is still taken */
#define REFUSED_REASON 0x80
#define AUTOMATIC_SHARE 5 /* every so manieth goes to those not on demand, so that none starves */
#define TRIES 2

enum phase { PHASE_IDLE, PHASE_QUEUED, PHASE_ASKING, PHASE_PAUSE, PHASE_LATE };

struct verification {
    UT_hash_handle hh;                /* by token, in ASKING, PAUSE and LATE */
    struct verification *prev, *next; /* in QUEUED */
    struct heap_item due;             /* in ASKING, PAUSE and LATE */
    struct record *record;
    uint64_t token;
    enum phase phase;
    bool on_demand, finished;
    bool mqtt_out, http_out, refused; /* what is still to come; the broker did not let her ask */
    unsigned tries;
    enum verify_result found; /* what stands if nothing better comes */
    enum evidence_path path;  /* ... and whence */
    ms_t began, deadline;     /* monotonic */
    struct verified latest;
};

static struct verification *of_due(struct heap_item *item)
{
    return (struct verification *)((char *)item - offsetof(struct verification, due));
}

static struct verification **queue_of(struct queen *queen, const struct verification *verification)
{
    return verification->on_demand ? &queen->verifying.on_demand : &queen->verifying.automatic;
}

static bool is_out(const struct verification *verification)
{
    return verification->phase == PHASE_ASKING || verification->phase == PHASE_PAUSE;
}

/* Leaves whatever the phase had linked. */
static void leave(struct queen *queen, struct verification *verification)
{
    if (verification->phase == PHASE_QUEUED)
        DL_DELETE(*queue_of(queen, verification), verification);
    if (is_out(verification))
        queen->verifying.running--;
    if (verification->token)
        HASH_DELETE(hh, queen->verifying.by_token, verification);
    verification->token = 0;
    heap_remove(&queen->verifying.due, &verification->due);
    verification->phase = PHASE_IDLE;
}

static void enqueue(struct queen *queen, struct verification *verification, bool on_demand)
{
    verification->on_demand = on_demand;
    verification->phase = PHASE_QUEUED;
    verification->began = queen->now;
    DL_APPEND(*queue_of(queen, verification), verification);
}

static struct verification *of_record(struct queen *queen, struct record *record)
{
    struct verifying *verifying = &queen->verifying;
    if (record->verification || heap_reserve(&verifying->due, verifying->count + 1) != OK ||
        !(record->verification = calloc(1, sizeof *record->verification)))
        return record->verification;
    record->verification->record = record;
    verifying->count++;
    return record->verification;
}

bool verify_begin(struct queen *queen, struct record *record, bool on_demand)
{
    struct verification *verification = of_record(queen, record);
    if (!verification)
        return false;
    if (is_out(verification))
        return true;
    if (verification->phase == PHASE_QUEUED && (verification->on_demand || !on_demand))
        return true;
    leave(queen, verification);
    enqueue(queen, verification, on_demand);
    return true;
}

bool verify_is_going_on(const struct record *record)
{
    const struct verification *verification = record->verification;
    return verification && (verification->phase == PHASE_QUEUED || is_out(verification));
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
    free(record->verification);
    record->verification = NULL;
    queen->verifying.count--;
}

static void publish_request(struct queen *queen, const struct verification *verification)
{
    struct topic topic = { .kind = TOPIC_WORKER_REQUEST,
                           .hive = text_of(record_hive(verification->record)),
                           .worker = text_of(record_worker(verification->record)),
                           .method = TEXT("verify") };
    char text[TOPIC_SIZE], nonce[HEX64_SIZE], payload[64];
    ms_t left = verification->deadline - queen->now;
    hex64_to_text(verification->token, nonce);
    snprintf(payload, sizeof payload, "{\"nonce\":\"%s\"}", nonce);
    if (topic_build(queen->options.root, &topic, text) != OK)
        return;
    outbox_publish(queen->out, &(struct publish){ .topic = text,
                                                  .payload = text_of(payload),
                                                  .qos = 1,
                                                  .urgent = true,
                                                  .content_type = "application/json",
                                                  .expiry_s = (uint32_t)ms_max((left + 999) / 1000, 1),
                                                  .response_topic = queen->member.reply_topic,
                                                  .correlation = text_of(nonce),
                                                  .token = verification->token });
}

static void ask(struct queen *queen, struct verification *verification)
{
    verification->phase = PHASE_ASKING;
    verification->tries++;
    (void)heap_put(&queen->verifying.due, &verification->due, verification->deadline); /* room was made */
    publish_request(queen, verification);
}

static struct record *finish(struct queen *queen, struct verification *verification, enum verify_result result,
                             enum evidence_path path)
{
    verification->latest = (struct verified){ .result = result,
                                              .path = path,
                                              .refused = verification->refused,
                                              .late = verification->phase == PHASE_LATE,
                                              .at_wall = queen->wall,
                                              .at_mono = queen->now,
                                              .began = verification->began,
                                              .took = queen->now - verification->began };
    verification->finished = true;
    queen->verifying.finished++;
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
    if (verification->mqtt_out || verification->http_out)
        return NULL;
    return finish(queen, verification, verification->found, verification->path);
}

bool verify_is_possible(const struct queen *queen, const struct record *record)
{
    return (record->rpc && !record->over_http) || http_ask_may(queen, record);
}

static void begin(struct queen *queen, struct verification *verification)
{
    struct record *record = verification->record;
    verification->tries = 0;
    verification->deadline = queen->now + queen->options.verify_timeout;
    verification->phase = PHASE_ASKING;
    queen->verifying.running++;
    (void)heap_put(&queen->verifying.due, &verification->due, verification->deadline); /* room was made */
    verification->http_out = http_ask(queen, record, verification->token, queen->options.verify_timeout);
    verification->mqtt_out = record->rpc && !record->over_http;
    if (verification->mqtt_out)
        ask(queen, verification);
}

/* Its turn has come. The record if there is nothing to ask, for then it is finished. */
static struct record *start(struct queen *queen, struct verification *verification)
{
    struct record *record = verification->record;
    DL_DELETE(*queue_of(queen, verification), verification);
    verification->phase = PHASE_IDLE;
    verification->mqtt_out = verification->http_out = verification->refused = false;
    verification->found = VERIFY_NO_REPLY;
    verification->path = PATH_MQTT;
    if (record->gone)
        return finish(queen, verification, VERIFY_PROCESS_GONE, PATH_WITNESS);
    verification->token = queen_token(queen, TOKEN_VERIFY);
    HASH_ADD(hh, queen->verifying.by_token, token, sizeof verification->token, verification);
    if (!verification->hh.tbl)
        verification->token = 0;
    else if (verify_is_possible(queen, record))
        begin(queen, verification);
    return conclude(queen, verification);
}

static struct verification *find(const struct queen *queen, uint64_t token)
{
    struct verification *verification;
    HASH_FIND(hh, queen->verifying.by_token, &token, sizeof token, verification);
    return verification;
}

/* The broker does not let her ask: that says nothing of the worker. */
static struct record *refused(struct queen *queen, struct verification *verification, uint8_t reason)
{
    outbox_notice(queen->out, "the broker refuses requests to %s/%s (reason 0x%02x): it cannot be verified",
                  record_hive(verification->record), record_worker(verification->record), reason);
    verification->refused = true;
    verification->mqtt_out = false;
    return conclude(queen, verification);
}

struct record *verify_acked(struct queen *queen, uint64_t token, uint8_t reason)
{
    struct verification *verification = find(queen, token);
    if (!verification || verification->phase != PHASE_ASKING)
        return NULL;
    if (reason >= REFUSED_REASON)
        return refused(queen, verification, reason);
    if (reason != MQTT_NO_SUBSCRIBER)
        return NULL;
    if (verification->tries >= TRIES) {
        found(verification, VERIFY_NO_SUBSCRIBER, PATH_MQTT);
        verification->mqtt_out = false;
        return conclude(queen, verification);
    }
    verification->phase = PHASE_PAUSE;
    (void)heap_put(&queen->verifying.due, &verification->due, queen->now + queen->options.confirm_wait);
    return NULL;
}

struct record *verify_replied(struct queen *queen, uint64_t token, struct text payload)
{
    struct verification *verification = find(queen, token);
    enum verify_result result;
    if (!verification)
        return NULL;
    result = verify_reply_read(&queen->arena, token, payload);
    return result == VERIFY_NO_REPLY ? NULL : finish(queen, verification, result, PATH_MQTT);
}

/* Its health document is not the word of its work loop, unless it says that work stands still. */
struct record *verify_http_answered(struct queen *queen, uint64_t token, const struct http_answer *http)
{
    struct verification *verification = find(queen, token);
    enum health_status status;
    if (!verification || !verification->http_out)
        return NULL;
    verification->http_out = false;
    if (http_ask_read(queen, verification->record, http, &status))
        found(verification, status == HEALTH_FAIL ? VERIFY_STALLED : VERIFY_UNKNOWN, PATH_HTTP);
    return conclude(queen, verification);
}

/* No answer of the work loop in time; one that still comes is recognised for a while. */
static struct record *give_up(struct queen *queen, struct verification *verification)
{
    uint64_t token = verification->token;
    verification->mqtt_out = verification->http_out = false;
    (void)conclude(queen, verification);
    verification->token = token;
    HASH_ADD(hh, queen->verifying.by_token, token, sizeof verification->token, verification);
    if (!verification->hh.tbl) {
        verification->token = 0;
        return verification->record;
    }
    verification->phase = PHASE_LATE;
    (void)heap_put(&queen->verifying.due, &verification->due, queen->now + LATE_MS);
    return verification->record;
}

static struct record *due(struct queen *queen, struct verification *verification)
{
    if (verification->phase == PHASE_LATE) {
        leave(queen, verification);
        return NULL;
    }
    if (verification->phase == PHASE_PAUSE && queen->now < verification->deadline) {
        ask(queen, verification);
        return NULL;
    }
    return give_up(queen, verification);
}

static bool may_start(const struct queen *queen)
{
    const struct verifying *verifying = &queen->verifying;
    return queen_sees(queen) && verifying->running < VERIFY_RUNNING &&
           verifying->spent - queen->now <= BURST_MS - SPACING_MS;
}

/* On demand goes first, but for a share. */
static struct verification *next_queued(const struct verifying *verifying)
{
    bool automatic = verifying->started % AUTOMATIC_SHARE == AUTOMATIC_SHARE - 1;
    if (!verifying->on_demand || (automatic && verifying->automatic))
        return verifying->automatic;
    return verifying->on_demand;
}

struct record *verify_next(struct queen *queen)
{
    struct verifying *verifying = &queen->verifying;
    struct heap_item *top;
    struct verification *next;
    struct record *record = NULL;
    while (!record && (top = heap_top(&verifying->due)) && top->at <= queen->now)
        record = due(queen, of_due(top));
    while (!record && (next = next_queued(verifying)) && may_start(queen)) {
        verifying->started++;
        verifying->spent = ms_max(verifying->spent, queen->now) + SPACING_MS;
        record = start(queen, next);
    }
    return record;
}

ms_t verify_deadline(const struct queen *queen)
{
    const struct verifying *verifying = &queen->verifying;
    const struct heap_item *top = heap_top(&verifying->due);
    ms_t at = top ? top->at : MS_NEVER;
    if ((verifying->on_demand || verifying->automatic) && queen_sees(queen) && verifying->running < VERIFY_RUNNING)
        at = ms_min(at, verifying->spent - (BURST_MS - SPACING_MS));
    return at;
}

void verify_link_lost(struct queen *queen)
{
    struct verification *verification, *after;
    HASH_ITER(hh, queen->verifying.by_token, verification, after)
    {
        bool again = is_out(verification);
        ms_t began = verification->began;
        leave(queen, verification);
        if (!again)
            continue;
        enqueue(queen, verification, verification->on_demand);
        verification->began = began;
    }
}

void verify_clear(struct queen *queen)
{
    HASH_CLEAR(hh, queen->verifying.by_token);
    heap_clear(&queen->verifying.due);
}
