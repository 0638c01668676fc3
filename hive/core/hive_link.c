#include "hive_link.h"

#include <stdio.h>

#include "codec.h"
#include "hive_tell.h"

#define GOODBYE_WAIT_MS 1000
#define SHARED_SIGHTS 2 /* the second sight of a shared identity ends the process */
#define EXIT_REFUSED_CODE 6
#define EXIT_FAILED_CODE 1
#define TOLD_EVERY_MS 1000 /* between two heartbeats because of a verdict, at the least */

static struct topic presence_topic(const struct hive *hive)
{
    return (struct topic){ .kind = TOPIC_HIVE_PRESENCE, .hive = text_of(hive->options.id) };
}

/* Writes the document into the scratch buffer. */
static struct text own_presence(struct hive *hive, enum presence_state state, int cause)
{
    struct presence presence;
    presence_init(&presence);
    presence.hive_id = hive->options.id;
    presence.presence = (int8_t)state;
    presence.cause = (int8_t)cause;
    presence.session = hive->options.session;
    presence.connection = hive->identity.connection;
    presence.interval_ms = HIVE_INTERVAL_MS;
    presence.rpc = hive->rpc;
    presence.pid = hive->options.pid;
    presence.host = hive->options.host;
    presence.version = hive->options.version;
    presence.endpoint = hive->options.endpoint;
    presence.timestamp = hive->wall;
    buf_reset(&hive->scratch);
    presence_encode(&presence, &hive->scratch);
    return buf_text(&hive->scratch);
}

static struct publish presence_publish(struct hive *hive, enum presence_state state, int cause, char name[TOPIC_SIZE])
{
    struct topic topic = presence_topic(hive);
    struct text payload = own_presence(hive, state, cause);
    if (topic_build(hive->options.root, &topic, name) != OK || !buf_ok(&hive->scratch))
        hive->out->failed = true;
    return (struct publish){
        .topic = name, .payload = payload, .qos = 1, .retain = true, .content_type = "application/json"
    };
}

void hive_link_connecting(struct hive *hive)
{
    char name[TOPIC_SIZE];
    struct publish will;
    identity_connect(&hive->identity);
    hive->rpc = true;
    will = presence_publish(hive, PRESENCE_STALE, DEATH_CONNECTION_LOST, name);
    outbox_connect(hive->out, &will);
}

static void publish_birth(struct hive *hive)
{
    char name[TOPIC_SIZE];
    struct publish birth = presence_publish(hive, PRESENCE_ONLINE, -1, name);
    birth.urgent = true; /* before what an earlier connection has left to be sent */
    outbox_publish(hive->out, &birth);
}

static void subscribe(struct hive *hive, const struct topic *topic, struct subscribe how)
{
    char filter[TOPIC_SIZE];
    how.filter = filter;
    if (topic_build(hive->options.root, topic, filter) == OK)
        outbox_subscribe(hive->out, &how);
    else
        hive->out->failed = true;
}

/* What concerns the hive itself first, and the birth right behind it. The stored witnesses show which of them belong to
 * workers that are no longer in the roster. */
void hive_link_up(struct hive *hive)
{
    struct text id = text_of(hive->options.id);
    struct topic presence = presence_topic(hive);
    struct topic requests = { .kind = TOPIC_HIVE_REQUEST, .hive = id, .method = TEXT("+") };
    struct topic verdicts = { .kind = TOPIC_HIVE_VERDICT, .queen = TEXT("+"), .hive = id };
    struct topic witnesses = { .kind = TOPIC_WORKER_WITNESS, .hive = id, .worker = TEXT("+") };
    hive->linked = true;
    subscribe(hive, &presence, (struct subscribe){ .qos = 1 });
    subscribe(hive, &requests, (struct subscribe){ .qos = 1, .retain_handling = 2, .token = HIVE_TOKEN_REQUESTS });
    subscribe(hive, &verdicts, (struct subscribe){ .qos = 1, .retain_handling = 2 });
    publish_birth(hive);
    subscribe(hive, &witnesses, (struct subscribe){ .no_local = true });
    hive->beat_was_first = true;
    tell_beat(hive);
    tell_all_again(hive);
}

void hive_link_down(struct hive *hive)
{
    hive->linked = hive->is_heard = false;
    hive->beat_at = MS_NEVER;
    if (hive->goodbye_at != MS_NEVER) /* nobody is left to hear it */
        hive_link_leave(hive);
}

void hive_link_subscribed(struct hive *hive, uint64_t token, uint8_t reason)
{
    if (token != HIVE_TOKEN_REQUESTS)
        return;
    hive->is_heard = reason < MQTT_FAILED;
    if (hive->is_heard)
        return;
    outbox_notice(hive->out, "the broker refuses the subscription to the hive's requests (reason 0x%02x)", reason);
    hive->rpc = false;
    publish_birth(hive);
}

static void heal(struct hive *hive)
{
    if (hive->heal_at == MS_NEVER)
        hive->heal_at = hive->now + identity_heal_in(&hive->identity, hive->now);
}

/* The workers carry the same identity: they are ended before the hive goes. The link goes at once, without a word: what
 * is said on this hive's topics is the other's affair. */
static void yield_to(struct hive *hive, const struct presence *rival)
{
    char host[64];
    text_to_printable(text_of(rival->host ? rival->host : "unknown"), host, sizeof host);
    snprintf(hive->refusal, sizeof hive->refusal,
             "another hive uses the id %s (host %s, pid %lld): give one of them another --id", hive->options.id, host,
             (long long)rival->pid);
    outbox_notice(hive->out, "%s; ending the workers", hive->refusal);
    hive->refused = true;
    hive->linked = hive->is_heard = false;
    hive->beat_at = MS_NEVER;
    outbox_disconnect(hive->out);
    hive_stop(hive);
}

void hive_link_own_presence(struct hive *hive, const struct message *message)
{
    struct presence presence;
    bool empty = message->payload.len == 0;
    if (hive->status == HIVE_STOPPING)
        return;
    presence_init(&presence);
    if (!empty && presence_decode(&hive->arena, message->payload, &presence, NULL) != OK) {
        hive->ignored++;
        return;
    }
    switch (identity_observe(&hive->identity, empty ? NULL : &presence)) {
    case IDENTITY_HEAL:
        if (!message->retain) /* a stored copy came before the birth that follows the subscription */
            heal(hive);
        break;
    case IDENTITY_SHARED:
        if (presence.presence != PRESENCE_ONLINE)
            heal(hive);
        if (hive->identity.sights >= SHARED_SIGHTS)
            yield_to(hive, &presence);
        break;
    case IDENTITY_NOTHING:
        break;
    }
}

void hive_link_verdict(struct hive *hive, struct text payload)
{
    struct verdict_notice notice;
    if (payload.len == 0)
        return;
    if (verdict_notice_decode(&hive->arena, payload, &notice, NULL) != OK) {
        hive->ignored++;
        return;
    }
    if (notice.session != hive->options.session || strcmp(notice.state, "down") != 0)
        return;
    if (hive->told_at != MS_NEVER && hive->now - hive->told_at < TOLD_EVERY_MS)
        return;
    hive->told_at = hive->now;
    tell_beat(hive);
}

void hive_link_goodbye(struct hive *hive)
{
    char name[TOPIC_SIZE];
    struct publish goodbye;
    if (!hive->linked) {
        hive_link_leave(hive);
        return;
    }
    goodbye = presence_publish(hive, PRESENCE_OFFLINE, DEATH_GOODBYE, name);
    goodbye.token = HIVE_TOKEN_GOODBYE;
    outbox_publish(hive->out, &goodbye);
    hive->goodbye_at = hive->now + GOODBYE_WAIT_MS;
}

void hive_link_leave(struct hive *hive)
{
    hive->goodbye_at = MS_NEVER;
    if (!hive->refused)
        outbox_disconnect(hive->out);
    if (hive->refused)
        outbox_exit(hive->out, EXIT_REFUSED_CODE, "%s", hive->refusal);
    else if (hive->is_unclean)
        outbox_exit(hive->out, EXIT_FAILED_CODE, "workers are left that do not end");
    else
        outbox_exit(hive->out, 0, "%s", "");
}

void hive_link_tick(struct hive *hive)
{
    if (hive->heal_at <= hive->now) {
        hive->heal_at = MS_NEVER;
        if (hive->linked && hive->status != HIVE_STOPPING)
            publish_birth(hive);
    }
    if (hive->beat_at <= hive->now)
        tell_beat(hive);
    if (hive->goodbye_at <= hive->now)
        hive_link_leave(hive);
}

ms_t hive_link_deadline(const struct hive *hive)
{
    return ms_min(hive->heal_at, ms_min(hive->beat_at, hive->goodbye_at));
}
