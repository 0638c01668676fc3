#include "intake.h"

#include "codec.h"
#include "confirm.h"
#include "forget.h"
#include "judge.h"
#include "queen_link.h"
#include "stored.h"

#define DEFAULT_HIVE "default"

static enum err add(struct queen *queen, struct text hive, struct text worker, struct record **ret)
{
    struct record *record;
    enum err err = registry_add(&queen->registry, hive, worker, &record);
    if (err != OK)
        return err;
    if (record_is_hive(record) && (err = hive_watch_add(&queen->hives, record, queen->registry.hive_count)) != OK) {
        registry_remove(&queen->registry, record);
        return err;
    }
    *ret = record;
    return OK;
}

void intake_count(struct queen *queen, enum err err)
{
    ++*(err == OK ? &queen->counters.accepted : &queen->counters.rejected[err]);
}

/* The record of (hive, worker), or of the hive if the worker is absent, made if need be. A live message ends its
 * tombstone. */
static enum err find_or_add(struct queen *queen, struct text hive, struct text worker, bool live, struct record **ret)
{
    struct record *record = registry_find(&queen->registry, hive, worker);
    enum err err;
    if (!record && (err = add(queen, hive, worker, &record)) != OK)
        return err;
    if (live)
        tombstones_remove(&queen->tombstones, hive, worker);
    registry_touch(&queen->registry, record);
    *ret = record;
    return OK;
}

static ms_t stored_age(const struct message *message, int64_t retain_s)
{
    if (!message->has_expiry || retain_s == INT_ABSENT || retain_s < message->expiry_s)
        return 0;
    return (retain_s - message->expiry_s) * 1000;
}

/* A document of any kind, and what it means for the record that it is about. */
struct received {
    union {
        struct heartbeat heartbeat;
        struct hive_heartbeat hive_heartbeat;
        struct presence presence;
        struct witness witness;
    };
    const char *worker_id, *hive_id;
    uint64_t session;
    struct sign sign;    /* of a heartbeat */
    ms_t age;            /* of a stored one */
    bool ends_tombstone; /* it is a sign of life, by the one that it is about */
    bool makes_known;    /* there is a record of it from now on */
};

#define RECEIVE(kind, message, worker)                                      \
    enum err err = kind##_decode(arena, (message)->payload, &ret->kind, e); \
    if (err != OK)                                                          \
        return err;                                                         \
    ret->worker_id = (worker);                                              \
    ret->hive_id = ret->kind.hive_id;                                       \
    ret->session = ret->kind.session

static enum err receive_heartbeat(struct arena *arena, const struct message *message, struct received *ret,
                                  struct errbuf *e)
{
    RECEIVE(heartbeat, message, ret->heartbeat.worker_id);
    ret->sign = sign_of_heartbeat(&ret->heartbeat);
    ret->age = stored_age(message, ret->heartbeat.retain_s);
    ret->ends_tombstone = !message->retain;
    ret->makes_known = true;
    return OK;
}

/* A hive is known by its presence: a name that never had one is no hive, and nothing is said of it. */
static enum err receive_hive_heartbeat(struct arena *arena, const struct message *message, struct received *ret,
                                       struct errbuf *e)
{
    RECEIVE(hive_heartbeat, message, NULL);
    ret->sign = sign_of_hive_heartbeat(&ret->hive_heartbeat);
    return OK;
}

/* The live death of an unknown worker or hive makes none known. */
static enum err receive_presence(struct arena *arena, const struct message *message, struct received *ret,
                                 struct errbuf *e)
{
    RECEIVE(presence, message, ret->presence.worker_id);
    ret->ends_tombstone = !message->retain && ret->presence.presence == PRESENCE_ONLINE;
    ret->makes_known = message->retain || ret->ends_tombstone;
    return OK;
}

static enum err receive_witness(struct arena *arena, const struct message *message, struct received *ret,
                                struct errbuf *e)
{
    RECEIVE(witness, message, ret->witness.worker_id);
    ret->makes_known = true;
    return OK;
}

static enum err take_heartbeat(struct queen *queen, struct record *record, const struct received *received,
                               const struct message *message)
{
    if (!message->retain)
        return judge_heartbeat(queen, record, &received->sign, message->payload, false);
    return stored_heartbeat(queen, record, &received->sign, message->payload, received->age);
}

static enum err take_presence(struct queen *queen, struct record *record, const struct received *received,
                              const struct message *message)
{
    (message->retain ? stored_presence : judge_presence)(queen, record, &received->presence);
    return OK;
}

static enum err take_witness(struct queen *queen, struct record *record, const struct received *received,
                             const struct message *message)
{
    stored_sight(queen, record);
    return judge_witness(queen, record, &received->witness, message->payload, message->retain);
}

static const struct kind {
    enum err (*receive)(struct arena *arena, const struct message *message, struct received *ret, struct errbuf *e);
    enum err (*take)(struct queen *queen, struct record *record, const struct received *received,
                     const struct message *message);
    enum forget_seen cleared; /* what an empty message means */
} kinds[] = {
    [TOPIC_WORKER_HEARTBEAT] = { receive_heartbeat, take_heartbeat, FORGET_SEEN_HEARTBEAT },
    [TOPIC_HIVE_HEARTBEAT] = { receive_hive_heartbeat, take_heartbeat, FORGET_SEEN_HEARTBEAT },
    [TOPIC_WORKER_PRESENCE] = { receive_presence, take_presence, FORGET_SEEN_PRESENCE },
    [TOPIC_HIVE_PRESENCE] = { receive_presence, take_presence, FORGET_SEEN_PRESENCE },
    [TOPIC_WORKER_WITNESS] = { receive_witness, take_witness, FORGET_SEEN_NONE },
};

static enum err take_document(struct queen *queen, const struct kind *kind, const struct topic *topic,
                              const struct message *message, struct errbuf *e)
{
    struct received received = { 0 };
    struct record *record;
    enum err err = kind->receive(&queen->arena, message, &received, e);
    if (err == OK)
        err = ids_match(received.worker_id, topic->worker, "worker_id", e);
    if (err == OK)
        err = ids_match(received.hive_id, topic->hive, "hive_id", e);
    if (err != OK || (message->retain && forget_again(queen, topic, received.session)))
        return err;
    if (!received.makes_known && !registry_find(&queen->registry, topic->hive, topic->worker))
        return OK;
    if ((err = find_or_add(queen, topic->hive, topic->worker, received.ends_tombstone, &record)) != OK)
        return err;
    return kind->take(queen, record, &received, message);
}

enum err intake_message(struct queen *queen, const struct topic *topic, const struct message *message, struct errbuf *e)
{
    const struct kind *kind = topic->kind < ARRAY_LEN(kinds) ? &kinds[topic->kind] : NULL;
    if (topic->kind == TOPIC_QUEEN_PRESENCE) {
        if (text_is(topic->queen, queen->options.id))
            link_own_presence(queen, message);
    } else if (!kind || !kind->receive) {
        return ERR_TOPIC;
    } else if (message->payload.len > 0) {
        return take_document(queen, kind, topic, message, e);
    } else if (kind->cleared != FORGET_SEEN_NONE) {
        forget_cleared(queen, topic->hive, topic->worker, kind->cleared);
    }
    return OK;
}

enum err intake_posted(struct queen *queen, struct text document, struct errbuf *e)
{
    struct message message = { .payload = document };
    struct received received = { 0 };
    struct record *record;
    enum err err = receive_heartbeat(&queen->arena, &message, &received, e);
    if (err == OK && !received.worker_id)
        err = err_set(e, ERR_MISSING, "worker_id: required over HTTP");
    if (err == OK)
        err = find_or_add(queen, text_of(received.hive_id ? received.hive_id : DEFAULT_HIVE),
                          text_of(received.worker_id), true, &record);
    if (err == OK)
        err = judge_heartbeat(queen, record, &received.sign, document, true);
    intake_count(queen, err);
    return err;
}
