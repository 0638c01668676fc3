#include "fake_broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "topic.h"

#define REORDER_MS 200

struct subscription {
    struct filter_leaf leaf;
    struct session *session;
    struct subscribe subscribe;
    uint64_t number; /* in the order in which they were made */
    struct subscription *prev, *next;
};

struct session {
    struct packet *connect; /* where its client id and will are */
    struct wire *wire;
    struct publish will; /* topic NULL = none, or taken back */
    struct agenda_item silence;
    size_t waiting;                     /* bytes of stored copies that wait for those of an earlier SUBSCRIBE */
    struct subscription *subscriptions; /* utlist */
    UT_hash_handle hh;
};

void fake_broker_init(struct fake_broker *broker, struct network *network, struct trace *trace, const char *name)
{
    *broker = (struct fake_broker){ .network = network, .trace = trace, .name = name, .running = true };
    broker->stored.packets = broker->saved.packets = &network->packets;
    broker->filters = (struct filter_tree){ .arena = network->packets.arena, .steps = &network->steps };
}

void fake_broker_clear(struct fake_broker *broker)
{
    HASH_CLEAR(hh, broker->sessions);
    agenda_clear(&broker->silences);
    agenda_clear(&broker->port.arrivals);
    filter_tree_clear(&broker->filters);
    free(broker->matches.at);
    retained_clear(&broker->stored);
    retained_clear(&broker->saved);
}

struct wire *fake_broker_accept(struct fake_broker *broker, const struct door *door)
{
    struct wire *wire;
    if (!broker->running || (door && door->is_lost))
        return NULL;
    wire = wire_open(broker->network, &broker->port);
    wire->door = door;
    return wire;
}

#define RANDOM_SIZE 17 /* ":" and 16 digits, behind the address */

/* `skep:w:default:w1:0123456789abcdef` is w1 in a trace. */
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
        trace_line(broker->trace, broker->network->now, "broker", broker->name, "%s %s", what, whom);
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

static bool are_too_many(const struct fake_broker *broker, const struct session *session)
{
    return broker->queue_messages > 0 && unread(session) >= broker->queue_messages;
}

static struct packet packet_for(const struct subscribe *subscribe, const struct publish *publish, bool retain)
{
    struct packet packet = { .kind = PACKET_PUBLISH, .publish = *publish };
    packet.publish.retain = retain;
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
    struct packet packet =
        packet_for(&subscription->subscribe, publish, publish->retain && session->connect->is_bridge);
    bool is_late = !is_own && network_chance(network, broker->reorders);
    ms_t late = is_late ? rng_between(&network->rng, 1, REORDER_MS) : 0;
    if (is_lost(broker, publish->topic))
        return;
    if (packet.publish.qos == 0 && (is_full(broker, session->waiting) || are_too_many(broker, session))) {
        broker->dropped++;
        return;
    }
    broker->published++;
    wire_send_late(network, session->wire, SIDE_CLIENT, &packet, late);
    if (packet.publish.qos > 0 && network_chance(network, broker->duplicates))
        wire_send_late(network, session->wire, SIDE_CLIENT, &packet, late);
}

static void match(void *user, struct filter_leaf *leaf)
{
    struct matches *matches = user;
    if (matches->len == matches->size) {
        matches->size = 2 * matches->size + 16;
        matches->at = reallocarray(matches->at, matches->size, sizeof *matches->at);
        if (!matches->at)
            abort();
    }
    matches->at[matches->len++] = CONTAINER_OF(leaf, struct subscription, leaf);
}

/* Session after session in the order of their CONNECT, and in each of them as they were made. */
static int by_order(const void *a, const void *b)
{
    const struct subscription *left = *(struct subscription *const *)a, *right = *(struct subscription *const *)b;
    uint32_t from = left->session->silence.number, to = right->session->silence.number;
    if (from != to)
        return from < to ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

/* The subscriptions that take the topic. */
static const struct matches *find_matches(struct fake_broker *broker, const char *topic)
{
    struct matches *matches = &broker->matches;
    matches->len = 0;
    filter_tree_find(&broker->filters, topic, match, matches);
    if (matches->len > 1)
        qsort(matches->at, matches->len, sizeof *matches->at, by_order);
    return matches;
}

/* True if there is a subscriber, also one that gets no copy of what it sent itself. `from` is NULL for a will. */
static bool route(struct fake_broker *broker, const struct session *from, const struct publish *publish)
{
    struct publish live = *publish;
    const struct matches *matches;
    if (broker->expiry_cap > 0)
        live.expiry_s = (uint32_t)ms_min(live.expiry_s, broker->expiry_cap);
    if (publish->retain)
        retained_put(&broker->stored, &live, broker->network->now + (ms_t)live.expiry_s * 1000);
    matches = find_matches(broker, live.topic);
    for (size_t i = 0; i < matches->len; i++) {
        struct session *session = matches->at[i]->session;
        if (session != from || !matches->at[i]->subscribe.no_local)
            deliver(broker, session, matches->at[i], &live, session == from);
    }
    return matches->len > 0;
}

static void publish_will(struct fake_broker *broker, struct session *session)
{
    struct publish will = session->will;
    char name[CLIENT_ID_SIZE];
    session->will.topic = NULL;
    if (!will.topic)
        return;
    tell(broker, "will", short_name(session->connect->client_id, name));
    route(broker, NULL, &will);
}

static void unsubscribe_all(struct session *session)
{
    struct subscription *subscription;
    DL_FOREACH(session->subscriptions, subscription)
    {
        filter_tree_remove(&subscription->leaf);
    }
    session->subscriptions = NULL;
}

static void session_free(struct fake_broker *broker, struct session *session)
{
    unsubscribe_all(session);
    agenda_put(&broker->silences, &session->silence, MS_NEVER);
    packet_free(&broker->network->packets, session->connect);
    session->wire->session = NULL;
}

/* The subscriptions of a session end with it, before its will is published. */
static void session_end(struct fake_broker *broker, struct session *session)
{
    HASH_DELETE(hh, broker->sessions, session);
    unsubscribe_all(session);
    wire_close(broker->network, session->wire, SIDE_BROKER);
    publish_will(broker, session);
    session_free(broker, session);
}

static struct session *session_find(const struct fake_broker *broker, const char *client_id)
{
    struct session *session;
    HASH_FIND_STR(broker->sessions, client_id, session);
    return session;
}

bool fake_broker_has(const struct fake_broker *broker, const char *client_id)
{
    return session_find(broker, client_id) != NULL;
}

static void hear(struct fake_broker *broker, struct session *session)
{
    ms_t keep_alive = session->connect->keep_alive;
    agenda_put(&broker->silences, &session->silence, keep_alive ? broker->network->now + keep_alive * 3 / 2 : MS_NEVER);
}

/* Keeps the packet. */
static void on_connect(struct fake_broker *broker, struct wire *wire, struct packet *packet)
{
    struct session *older = session_find(broker, packet->client_id);
    struct session *session = sim_alloc(broker->network->packets.arena, sizeof *session);
    if (older)
        session_end(broker, older);
    session->connect = packet;
    session->wire = wire;
    session->will = packet->publish;
    wire->session = session;
    agenda_enter(&broker->silences, &session->silence);
    hear(broker, session);
    HASH_ADD_KEYPTR(hh, broker->sessions, packet->client_id, strlen(packet->client_id), session);
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

/* What one SUBSCRIBE has been sent of what is stored. */
struct copies {
    struct fake_broker *broker;
    struct session *session;
    const struct subscribe *subscribe;
    size_t count, bytes;
    bool is_cut;
};

static void send_copy(struct copies *copies, const struct retained *stored)
{
    struct fake_broker *broker = copies->broker;
    ms_t now = broker->network->now;
    struct packet packet = packet_for(copies->subscribe, &stored->publish, true);
    if (stored->expires_at <= now)
        return;
    if (stored->expires_at != MS_NEVER)
        packet.publish.expiry_s = (uint32_t)((stored->expires_at - now + 999) / 1000);
    if (broker->retained_limit > 0 && copies->count == broker->retained_limit) {
        copies->is_cut = true;
    } else if (packet.publish.qos == 0 && (is_full(broker, copies->bytes) || are_too_many(broker, copies->session))) {
        broker->dropped++;
    } else {
        copies->count++;
        copies->bytes += packet.publish.payload.len;
        send_to(broker, copies->session, &packet);
    }
}

static void send_stored(struct fake_broker *broker, struct session *session, const struct subscribe *subscribe)
{
    const char *filter = subscribe->filter;
    bool waits = has_unread_copies(session);
    struct copies copies = { broker, session, subscribe, 0, waits ? session->waiting : 0, false };
    const struct retained *stored =
        filter[strcspn(filter, "+#")] ? NULL : retained_find(&broker->stored, filter, broker->network->now);
    if (stored)
        send_copy(&copies, stored);
    if (filter[strcspn(filter, "+#")])
        for (stored = broker->stored.by_topic; stored && !copies.is_cut; stored = stored->hh.next) {
            broker->network->steps++;
            if (filter_matches(filter, stored->publish.topic))
                send_copy(&copies, stored);
        }
    session->waiting = waits ? copies.bytes : 0;
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

static struct subscription *subscription_add(struct fake_broker *broker, struct session *session, const char *filter)
{
    struct arena *arena = broker->network->packets.arena;
    struct subscription *subscription = sim_alloc(arena, sizeof *subscription);
    subscription->session = session;
    subscription->subscribe.filter = sim_copy(arena, filter);
    subscription->number = broker->subscribed++;
    filter_tree_add(&broker->filters, &subscription->leaf, filter);
    DL_APPEND(session->subscriptions, subscription);
    return subscription;
}

static void on_subscribe(struct fake_broker *broker, struct session *session, const struct packet *packet)
{
    const struct subscribe *subscribe = &packet->subscribe;
    struct subscription *subscription = subscription_find(session, subscribe->filter);
    bool is_new = !subscription;
    const char *filter;
    if (is_new)
        subscription = subscription_add(broker, session, subscribe->filter);
    filter = subscription->subscribe.filter;
    subscription->subscribe = *subscribe;
    subscription->subscribe.filter = filter;
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
    if (!subscription)
        return;
    filter_tree_remove(&subscription->leaf);
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

static void handle_of_session(struct fake_broker *broker, struct session *session, const struct packet *packet)
{
    hear(broker, session);
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

static void handle(struct fake_broker *broker, struct wire *wire, struct packet *packet)
{
    if (packet->kind == PACKET_CONNECT) {
        on_connect(broker, wire, packet);
        return;
    }
    if (wire->session)
        handle_of_session(broker, wire->session, packet);
    else /* closed before CONNECT came */
        wire_close(broker->network, wire, SIDE_BROKER);
    packet_free(&broker->network->packets, packet);
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
    const struct agenda_item *item;
    char name[CLIENT_ID_SIZE];
    while ((item = agenda_take(&broker->silences, broker->network->now))) {
        struct session *session = CONTAINER_OF(item, struct session, silence);
        tell(broker, "keep alive over, closes", short_name(session->connect->client_id, name));
        session_end(broker, session);
    }
}

void fake_broker_turn(struct fake_broker *broker)
{
    struct wire *wire;
    while ((wire = port_take(&broker->port, broker->network->now)))
        handle(broker, wire, wire_take(broker->network, wire, SIDE_BROKER));
    if (broker->running && broker->sys_every > 0 && broker->sys_at <= broker->network->now)
        publish_counts(broker);
    drop_silent(broker);
}

ms_t fake_broker_deadline(const struct fake_broker *broker)
{
    ms_t at = ms_min(port_arrival(&broker->port), agenda_next(&broker->silences));
    return broker->running && broker->sys_every > 0 ? ms_min(at, broker->sys_at) : at;
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

static void lose(struct fake_broker *broker, struct wire *wire, bool silently)
{
    struct session *session = wire->session;
    if (silently)
        wire_vanish(broker->network, wire, SIDE_BROKER);
    else
        wire_close(broker->network, wire, SIDE_BROKER);
    if (!session)
        return;
    session->will.topic = NULL;
    session_end(broker, session);
}

void fake_broker_lose(struct fake_broker *broker, struct door *door, bool silently)
{
    struct wire *wire, *after;
    door->is_lost = true;
    DL_FOREACH_SAFE(broker->port.wires, wire, after)
    {
        if (wire->door == door)
            lose(broker, wire, silently);
    }
}

static void close_all(struct fake_broker *broker)
{
    struct session *session, *next;
    struct wire *wire, *after;
    DL_FOREACH_SAFE(broker->port.wires, wire, after)
    {
        wire_close(broker->network, wire, SIDE_BROKER);
    }
    HASH_ITER(hh, broker->sessions, session, next)
    {
        HASH_DELETE(hh, broker->sessions, session);
        session_free(broker, session);
    }
    broker->running = false;
}

void fake_broker_stop(struct fake_broker *broker)
{
    if (!broker->running)
        return;
    for (struct session *session = broker->sessions; session; session = session->hh.next)
        publish_will(broker, session);
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
