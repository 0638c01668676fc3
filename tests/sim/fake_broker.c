#include "fake_broker.h"

#include <stdio.h>
#include <utlist.h>

#include "topic.h"

#define REORDER_MS 200

struct subscription {
    struct subscribe subscribe;
    struct subscription *prev, *next;
};

struct session {
    const char *client_id;
    struct wire *wire;
    struct publish will; /* topic NULL = none, or taken back */
    ms_t keep_alive;     /* 0 = none */
    ms_t received_at;
    size_t waiting; /* bytes of stored copies that wait for those of an earlier SUBSCRIBE */
    struct subscription *subscriptions;
    struct session *prev, *next;
};

void fake_broker_init(struct fake_broker *broker, struct network *network, struct trace *trace)
{
    *broker = (struct fake_broker){ .network = network, .trace = trace, .running = true };
    broker->stored.arena = broker->saved.arena = network->arena;
}

void fake_broker_clear(struct fake_broker *broker)
{
    retained_clear(&broker->stored);
    retained_clear(&broker->saved);
}

struct wire *fake_broker_accept(struct fake_broker *broker)
{
    return broker->running ? wire_open(broker->network) : NULL;
}

#define RANDOM_SIZE 9 /* ":" and 8 digits, behind the address */

/* `skep:w:default:w1:89abcdef` is w1 in a trace. */
static const char *short_name(const char *client_id, char ret[CLIENT_ID_SIZE])
{
    size_t len = strlen(client_id);
    const char *colon;
    bool is_ours = len > RANDOM_SIZE && strncmp(client_id, "skep:", 5) == 0 && client_id[len - RANDOM_SIZE] == ':';
    snprintf(ret, CLIENT_ID_SIZE, "%.*s", (int)(is_ours ? len - RANDOM_SIZE : len), client_id);
    colon = strrchr(ret, ':');
    return colon ? colon + 1 : ret;
}

static void tell(const struct fake_broker *broker, const char *what, const char *whom)
{
    if (broker->trace)
        trace_line(broker->trace, broker->network->now, "broker", "", "%s %s", what, whom);
}

static void send_to(struct fake_broker *broker, struct session *session, const struct packet *packet)
{
    wire_send(broker->network, session->wire, SIDE_CLIENT, packet);
}

static bool is_full(const struct fake_broker *broker, size_t bytes)
{
    return broker->queue_bytes > 0 && bytes >= broker->queue_bytes;
}

/* Messages that wait for the client. */
static size_t unread(const struct session *session)
{
    const struct packet *packet;
    size_t count = 0;
    DL_FOREACH(session->wire->towards[SIDE_CLIENT], packet)
    {
        count += packet->kind == PACKET_PUBLISH;
    }
    return count;
}

static bool are_too_many(const struct fake_broker *broker, size_t waiting)
{
    return broker->queue_messages > 0 && waiting >= broker->queue_messages;
}

static struct packet packet_for(const struct subscribe *subscribe, const struct publish *publish)
{
    struct packet packet = { .kind = PACKET_PUBLISH, .publish = *publish };
    if (subscribe->qos < publish->qos)
        packet.publish.qos = subscribe->qos;
    return packet;
}

static bool is_lost(struct fake_broker *broker, const char *topic)
{
    bool lost = false;
    for (size_t i = 0; i < broker->loss_count; i++)
        lost |= strstr(topic, broker->losses[i].part) &&
                rng_between(&broker->network->rng, 0, 99) < broker->losses[i].percent;
    return lost;
}

/* A marker that somebody sends to itself stays where it is. */
static void deliver(struct fake_broker *broker, struct session *session, const struct subscription *subscription,
                    const struct publish *publish, bool is_own)
{
    struct network *network = broker->network;
    struct packet packet = packet_for(&subscription->subscribe, publish);
    bool is_late = !is_own && network_chance(network, broker->reorders);
    ms_t late = is_late ? rng_between(&network->rng, 1, REORDER_MS) : 0;
    if (is_lost(broker, publish->topic))
        return;
    if (packet.publish.qos == 0 && (is_full(broker, session->waiting) || are_too_many(broker, unread(session)))) {
        broker->dropped++;
        return;
    }
    broker->published++;
    wire_send_late(network, session->wire, SIDE_CLIENT, &packet, late);
    if (packet.publish.qos > 0 && network_chance(network, broker->duplicates))
        wire_send_late(network, session->wire, SIDE_CLIENT, &packet, late);
}

/* True if there is a subscriber, also one that gets no copy of what it sent itself. */
static bool deliver_to(struct fake_broker *broker, struct session *session, const struct session *from,
                       const struct publish *publish)
{
    const struct subscription *subscription;
    bool matched = false;
    DL_FOREACH(session->subscriptions, subscription)
    {
        if (!filter_matches(subscription->subscribe.filter, publish->topic))
            continue;
        matched = true;
        if (session != from || !subscription->subscribe.no_local)
            deliver(broker, session, subscription, publish, session == from);
    }
    return matched;
}

/* True if there is a subscriber. `from` is NULL for a will. */
static bool route(struct fake_broker *broker, const struct session *from, const struct publish *publish)
{
    struct publish live = *publish;
    struct session *session;
    bool matched = false;
    if (broker->expiry_cap > 0)
        live.expiry_s = (uint32_t)ms_min(live.expiry_s, broker->expiry_cap);
    if (publish->retain)
        retained_put(&broker->stored, &live, broker->network->now + (ms_t)live.expiry_s * 1000);
    live.retain = false;
    DL_FOREACH(broker->sessions, session)
    {
        matched |= deliver_to(broker, session, from, &live);
    }
    return matched;
}

static void publish_will(struct fake_broker *broker, struct session *session)
{
    struct publish will = session->will;
    char name[CLIENT_ID_SIZE];
    session->will.topic = NULL;
    if (!will.topic)
        return;
    tell(broker, "will", short_name(session->client_id, name));
    route(broker, NULL, &will);
}

/* The subscriptions of a session end with it, before its will is published. */
static void session_end(struct fake_broker *broker, struct session *session)
{
    DL_DELETE(broker->sessions, session);
    wire_close(broker->network, session->wire, SIDE_BROKER);
    publish_will(broker, session);
}

static struct session *session_find(const struct fake_broker *broker, const char *client_id)
{
    struct session *session;
    DL_FOREACH(broker->sessions, session)
    {
        if (strcmp(session->client_id, client_id) == 0)
            break;
    }
    return session;
}

bool fake_broker_has(const struct fake_broker *broker, const char *client_id)
{
    return session_find(broker, client_id) != NULL;
}

static void on_connect(struct fake_broker *broker, struct wire *wire, const struct packet *packet)
{
    struct session *older = session_find(broker, packet->client_id);
    struct session *session = sim_alloc(broker->network->arena, sizeof *session);
    if (older)
        session_end(broker, older);
    session->client_id = packet->client_id;
    session->wire = wire;
    session->will = packet->publish;
    session->keep_alive = packet->keep_alive;
    session->received_at = broker->network->now;
    wire->session = session;
    DL_APPEND(broker->sessions, session);
    send_to(broker, session, &(struct packet){ .kind = PACKET_CONNACK });
}

static bool has_unread_copies(const struct session *session)
{
    const struct packet *packet;
    DL_FOREACH(session->wire->towards[SIDE_CLIENT], packet)
    {
        if (packet->kind == PACKET_PUBLISH && packet->publish.retain)
            return true;
    }
    return false;
}

static void send_stored(struct fake_broker *broker, struct session *session, const struct subscribe *subscribe)
{
    ms_t now = broker->network->now;
    bool waits = has_unread_copies(session);
    size_t bytes = waits ? session->waiting : 0, count = 0, waiting = unread(session);
    for (const struct retained *stored = broker->stored.by_topic; stored; stored = stored->hh.next) {
        struct packet packet = packet_for(subscribe, &stored->publish);
        if (stored->expires_at <= now || !filter_matches(subscribe->filter, stored->publish.topic))
            continue;
        packet.publish.retain = true;
        if (stored->expires_at != MS_NEVER)
            packet.publish.expiry_s = (uint32_t)((stored->expires_at - now + 999) / 1000);
        if (broker->retained_limit > 0 && count == broker->retained_limit)
            break;
        if (packet.publish.qos == 0 && (is_full(broker, bytes) || are_too_many(broker, waiting + count))) {
            broker->dropped++;
            continue;
        }
        count++;
        bytes += packet.publish.payload.len;
        send_to(broker, session, &packet);
    }
    session->waiting = waits ? bytes : 0;
}

static struct subscription *subscription_find(const struct session *session, const char *filter)
{
    struct subscription *subscription;
    DL_FOREACH(session->subscriptions, subscription)
    {
        if (strcmp(subscription->subscribe.filter, filter) == 0)
            break;
    }
    return subscription;
}

static void on_subscribe(struct fake_broker *broker, struct session *session, const struct packet *packet)
{
    const struct subscribe *subscribe = &packet->subscribe;
    struct subscription *subscription = subscription_find(session, subscribe->filter);
    bool is_new = !subscription;
    if (is_new) {
        subscription = sim_alloc(broker->network->arena, sizeof *subscription);
        DL_APPEND(session->subscriptions, subscription);
    }
    subscription->subscribe = *subscribe;
    if (broker->loses_subacks > 0)
        broker->loses_subacks--;
    else
        send_to(broker, session,
                &(struct packet){ .kind = PACKET_SUBACK, .token = subscribe->token, .reason = subscribe->qos });
    if (subscribe->retain_handling == 0 || (subscribe->retain_handling == 1 && is_new))
        send_stored(broker, session, subscribe);
}

static void on_unsubscribe(struct session *session, const char *filter)
{
    struct subscription *subscription = subscription_find(session, filter);
    if (subscription)
        DL_DELETE(session->subscriptions, subscription);
}

static void on_publish(struct fake_broker *broker, struct session *session, const struct publish *publish)
{
    bool matched = route(broker, session, publish);
    const char *request = strstr(publish->topic, "-rpc/");
    if (!matched && request)
        tell(broker, "no subscriber for", request + strlen("-rpc/"));
    if (publish->qos > 0)
        send_to(broker, session,
                &(struct packet){
                    .kind = PACKET_PUBACK, .token = publish->token, .reason = matched ? 0 : BROKER_NO_SUBSCRIBER });
}

static void handle(struct fake_broker *broker, struct wire *wire, const struct packet *packet)
{
    struct session *session = wire->session;
    if (packet->kind == PACKET_CONNECT) {
        on_connect(broker, wire, packet);
        return;
    }
    if (!session) { /* closed before CONNECT came */
        wire_close(broker->network, wire, SIDE_BROKER);
        return;
    }
    session->received_at = broker->network->now;
    switch (packet->kind) {
    case PACKET_SUBSCRIBE:
        on_subscribe(broker, session, packet);
        break;
    case PACKET_UNSUBSCRIBE:
        on_unsubscribe(session, packet->subscribe.filter);
        break;
    case PACKET_PUBLISH:
        on_publish(broker, session, &packet->publish);
        break;
    case PACKET_PING:
        send_to(broker, session, &(struct packet){ .kind = PACKET_PONG });
        break;
    case PACKET_DISCONNECT:
        session->will.topic = NULL;
        session_end(broker, session);
        break;
    default: /* PACKET_CLOSE */
        session_end(broker, session);
        break;
    }
}

static struct wire *wire_with_earliest(const struct fake_broker *broker)
{
    struct wire *wire, *found = NULL;
    DL_FOREACH(broker->network->wires, wire)
    {
        if (!found || wire_arrival(wire, SIDE_BROKER) < wire_arrival(found, SIDE_BROKER))
            found = wire;
    }
    return found;
}

static ms_t timeout_ends(const struct session *session)
{
    return session->keep_alive ? session->received_at + session->keep_alive * 3 / 2 : MS_NEVER;
}

#define SYS_MESSAGES "$SYS/broker/publish/messages/"
#define SYS_EXPIRY_S 60

static void publish_count(struct fake_broker *broker, const char *topic, uint64_t count)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)count);
    (void)route(
        broker, NULL,
        &(struct publish){ .topic = topic, .payload = text_of(text), .retain = true, .expiry_s = SYS_EXPIRY_S });
}

/* `dropped` first, and only what has changed. */
static void publish_counts(struct fake_broker *broker)
{
    if (broker->dropped != broker->dropped_said || broker->sys_at == 0)
        publish_count(broker, SYS_MESSAGES "dropped", broker->dropped);
    broker->dropped_said = broker->dropped;
    publish_count(broker, SYS_MESSAGES "sent", broker->published);
    broker->sys_at = broker->network->now + broker->sys_every;
}

static void drop_silent(struct fake_broker *broker)
{
    struct session *session, *after;
    char name[CLIENT_ID_SIZE];
    DL_FOREACH_SAFE(broker->sessions, session, after)
    {
        if (timeout_ends(session) > broker->network->now)
            continue;
        tell(broker, "keep alive over, closes", short_name(session->client_id, name));
        session_end(broker, session);
    }
}

void fake_broker_turn(struct fake_broker *broker)
{
    struct wire *wire;
    struct packet *packet;
    while (broker->running && (wire = wire_with_earliest(broker)) &&
           (packet = wire_take(broker->network, wire, SIDE_BROKER)))
        handle(broker, wire, packet);
    if (broker->running && broker->sys_every > 0 && broker->sys_at <= broker->network->now)
        publish_counts(broker);
    drop_silent(broker);
}

ms_t fake_broker_deadline(const struct fake_broker *broker)
{
    const struct wire *wire = wire_with_earliest(broker);
    const struct session *session;
    ms_t at = wire ? wire_arrival(wire, SIDE_BROKER) : MS_NEVER;
    if (broker->running && broker->sys_every > 0)
        at = ms_min(at, broker->sys_at);
    DL_FOREACH(broker->sessions, session)
    {
        at = ms_min(at, timeout_ends(session));
    }
    return at;
}

static void replace(struct retained_store *to, const struct retained_store *from)
{
    retained_clear(to);
    retained_copy(from, to);
}

void fake_broker_save(struct fake_broker *broker)
{
    replace(&broker->saved, &broker->stored);
}

static void close_all(struct fake_broker *broker)
{
    struct wire *wire, *after;
    DL_FOREACH_SAFE(broker->network->wires, wire, after)
    {
        wire_close(broker->network, wire, SIDE_BROKER);
    }
    broker->sessions = NULL;
    broker->running = false;
}

void fake_broker_stop(struct fake_broker *broker)
{
    struct session *session;
    if (!broker->running)
        return;
    DL_FOREACH(broker->sessions, session)
    {
        publish_will(broker, session);
    }
    fake_broker_save(broker);
    close_all(broker);
}

void fake_broker_kill(struct fake_broker *broker)
{
    if (!broker->running)
        return;
    close_all(broker);
    replace(&broker->stored, &broker->saved);
}

void fake_broker_start(struct fake_broker *broker)
{
    broker->running = true;
}
