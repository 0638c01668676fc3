#include "intake.h"

#include "codec.h"
#include "confirm.h"
#include "forget.h"
#include "hive_poll.h"
#include "judge.h"
#include "queen_link.h"
#include "stored.h"
#include "verify_outcome.h"

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

static enum err match_ids(const struct topic *topic, const char *worker_id, const char *hive_id, struct errbuf *e)
{
    enum err err = ids_match(worker_id, topic->worker, "worker_id", e);
    return err == OK ? ids_match(hive_id, topic->hive, "hive_id", e) : err;
}

static enum err take_heartbeat(struct queen *queen, const struct topic *topic, const struct message *message,
                               struct errbuf *e)
{
    struct heartbeat heartbeat;
    struct record *record;
    struct sign sign;
    enum err err = heartbeat_decode(&queen->arena, message->payload, &heartbeat, e);
    if (err == OK)
        err = match_ids(topic, heartbeat.worker_id, heartbeat.hive_id, e);
    if (err != OK)
        return err;
    if (message->retain && forget_again(queen, topic->hive, topic->worker, heartbeat.session, message->topic))
        return OK;
    if ((err = find_or_add(queen, topic->hive, topic->worker, !message->retain, &record)) != OK)
        return err;
    if (!message->retain)
        return judge_heartbeat(queen, record, &heartbeat, message->payload, false);
    sign = sign_of_heartbeat(&heartbeat);
    return stored_heartbeat(queen, record, &sign, message->payload, stored_age(message, heartbeat.retain_s));
}

/* A hive is known by its presence: a name that never had one is no hive, and nothing is said of it. */
static enum err take_hive_heartbeat(struct queen *queen, const struct topic *topic, const struct message *message,
                                    struct errbuf *e)
{
    struct record *record = registry_find_hive(&queen->registry, topic->hive);
    struct hive_heartbeat heartbeat;
    struct sign sign;
    enum err err = hive_heartbeat_decode(&queen->arena, message->payload, &heartbeat, e);
    if (err == OK)
        err = ids_match(heartbeat.hive_id, topic->hive, "hive_id", e);
    if (err != OK)
        return err;
    if (message->retain && forget_again(queen, topic->hive, topic->worker, heartbeat.session, message->topic))
        return OK;
    if (!record)
        return OK;
    registry_touch(&queen->registry, record);
    if (!message->retain)
        return judge_hive_heartbeat(queen, record, &heartbeat, message->payload);
    sign = sign_of_hive_heartbeat(&heartbeat);
    return stored_heartbeat(queen, record, &sign, message->payload, 0);
}

static enum err take_witness(struct queen *queen, const struct topic *topic, const struct message *message,
                             struct errbuf *e)
{
    struct witness witness;
    struct record *record;
    enum err err = witness_decode(&queen->arena, message->payload, &witness, e);
    if (err == OK)
        err = match_ids(topic, witness.worker_id, witness.hive_id, e);
    if (err != OK)
        return err;
    if (message->retain && forget_again(queen, topic->hive, topic->worker, witness.session, message->topic))
        return OK;
    if ((err = find_or_add(queen, topic->hive, topic->worker, false, &record)) != OK)
        return err;
    stored_sight(queen, record);
    err = judge_witness(queen, record, &witness, message->payload, message->retain);
    return err;
}

static enum err decode_presence(struct queen *queen, const struct topic *topic, struct text payload,
                                struct presence *ret, struct errbuf *e)
{
    enum err err = presence_decode(&queen->arena, payload, ret, e);
    if (err == OK)
        err = match_ids(topic, ret->worker_id, ret->hive_id, e);
    return err;
}

/* The live death of somebody unknown makes nobody known. */
static bool is_news_of_nobody(struct queen *queen, const struct topic *topic, const struct presence *presence,
                              bool stored)
{
    return !stored && presence->presence != PRESENCE_ONLINE &&
           !registry_find(&queen->registry, topic->hive, topic->worker);
}

static enum err take_presence(struct queen *queen, const struct topic *topic, const struct message *message,
                              struct errbuf *e)
{
    struct presence presence;
    struct record *record;
    bool birth;
    enum err err = decode_presence(queen, topic, message->payload, &presence, e);
    if (err != OK || is_news_of_nobody(queen, topic, &presence, message->retain))
        return err;
    if (message->retain && forget_again(queen, topic->hive, topic->worker, presence.session, message->topic))
        return OK;
    birth = !message->retain && presence.presence == PRESENCE_ONLINE;
    if ((err = find_or_add(queen, topic->hive, topic->worker, birth, &record)) != OK)
        return err;
    if (message->retain)
        stored_presence(queen, record, &presence);
    else
        judge_presence(queen, record, &presence);
    return OK;
}

/* Ours are markers and replies to requests; anybody may write here, so only a correlation that was handed out counts.
 */
static void take_reply(struct queen *queen, const struct message *message)
{
    struct record *record;
    uint64_t token;
    if ((record = hive_poll_replied(queen, message->correlation, message->payload)))
        judge_ready(queen, record, PATH_MQTT);
    confirm_replied(queen, message->correlation);
    verify_outcome_apply(queen, verify_replied(queen, message->correlation, message->payload));
    link_reply(queen, message);
    if (text_to_hex64(message->correlation, &token) != OK)
        return;
    if (token_kind(token) == TOKEN_MARKER)
        link_marked(queen, token);
}

enum err intake_message(struct queen *queen, const struct topic *topic, const struct message *message, struct errbuf *e)
{
    bool cleared = message->payload.len == 0;
    switch (topic->kind) {
    case TOPIC_WORKER_HEARTBEAT:
        if (!cleared)
            return take_heartbeat(queen, topic, message, e);
        forget_cleared(queen, topic->hive, topic->worker, FORGET_SEEN_HEARTBEAT);
        return OK;
    case TOPIC_HIVE_HEARTBEAT:
        if (!cleared)
            return take_hive_heartbeat(queen, topic, message, e);
        forget_cleared(queen, topic->hive, topic->worker, FORGET_SEEN_HEARTBEAT);
        return OK;
    case TOPIC_WORKER_PRESENCE:
    case TOPIC_HIVE_PRESENCE:
        if (!cleared)
            return take_presence(queen, topic, message, e);
        forget_cleared(queen, topic->hive, topic->worker, FORGET_SEEN_PRESENCE);
        return OK;
    case TOPIC_WORKER_WITNESS:
        return cleared ? OK : take_witness(queen, topic, message, e);
    case TOPIC_QUEEN_PRESENCE:
        if (text_is(topic->queen, queen->options.id))
            link_own_presence(queen, message);
        return OK;
    case TOPIC_REPLY:
        take_reply(queen, message);
        return OK;
    default:
        return ERR_TOPIC;
    }
}

enum err intake_posted(struct queen *queen, struct text document, struct errbuf *e)
{
    struct heartbeat heartbeat;
    struct record *record;
    struct text hive;
    enum err err = heartbeat_decode(&queen->arena, document, &heartbeat, e);
    if (err == OK && !heartbeat.worker_id)
        err = err_set(e, ERR_MISSING, "worker_id: required over HTTP");
    if (err != OK)
        goto out;
    hive = text_of(heartbeat.hive_id ? heartbeat.hive_id : DEFAULT_HIVE);
    if ((err = find_or_add(queen, hive, text_of(heartbeat.worker_id), true, &record)) != OK)
        goto out;
    err = judge_heartbeat(queen, record, &heartbeat, document, true);
out:
    if (err == OK)
        queen->counters.accepted++;
    else
        queen->counters.rejected[err]++;
    return err;
}
