#include "daemon_node.h"

#define RECONNECT_MAX 30000 /* ms; as in common/daemon/broker_link.c */
#define ATTEMPT_LIMIT 10000 /* ms; as in common/io/mqtt.c */

static ms_t now_of(const struct daemon_node *daemon)
{
    return daemon->node.world->network.now;
}

static void pump(struct daemon_node *daemon)
{
    const struct queued *queued;
    while (daemon->node.client.phase == CLIENT_UP && (queued = send_queue_next(&daemon->queue))) {
        struct publish publish = queued->publish;
        publish.token = queued->number;
        client_publish(&daemon->node.client, &publish);
    }
}

static void publish(struct daemon_node *daemon, const struct publish *publish)
{
    if (send_queue_add(&daemon->queue, publish) != OK)
        daemon->outbox.failed = true;
    pump(daemon);
}

static void carry_out_one(struct daemon_node *daemon, const struct effect *effect)
{
    struct client *client = &daemon->node.client;
    switch (effect->kind) {
    case EFFECT_CONNECT:
        client_connect(client, effect->publish.topic ? &effect->publish : NULL);
        daemon->connection += effect->publish.topic != NULL;
        break;
    case EFFECT_RECONNECT:
        client_reset(client);
        daemon->is_renewed = true;
        break;
    case EFFECT_DISCONNECT:
        client_disconnect(client);
        daemon->connect_at = MS_NEVER;
        break;
    case EFFECT_SUBSCRIBE:
        client_subscribe(client, &effect->subscribe);
        break;
    case EFFECT_UNSUBSCRIBE:
        client_unsubscribe(client, effect->subscribe.filter);
        break;
    case EFFECT_PUBLISH:
        publish(daemon, &effect->publish);
        break;
    case EFFECT_EXIT:
        node_say(&daemon->node, "exits with %d", effect->code);
        daemon->ended = true;
        break;
    case EFFECT_EVENT:
    case EFFECT_NOTICE:
    case EFFECT_HTTP_GET: /* there is no HTTP in this world */
        break;
    }
}

void daemon_carry_out(struct daemon_node *daemon)
{
    for (const struct effect *effect = daemon->outbox.first; effect; effect = effect->next) {
        daemon->events->effect(daemon, effect);
        carry_out_one(daemon, effect);
    }
    if (daemon->outbox.failed) {
        node_say(&daemon->node, "out of memory");
        daemon->ended = true;
    }
    outbox_reset(&daemon->outbox);
}

static void on_packet(void *user)
{
    struct daemon_node *daemon = user;
    if (daemon->events->packet)
        daemon->events->packet(daemon);
}

static void on_up(void *user)
{
    struct daemon_node *daemon = user;
    daemon->up_at = now_of(daemon);
    daemon->events->up(daemon);
    pump(daemon);
}

static void on_message(void *user, const struct publish *publish)
{
    struct daemon_node *daemon = user;
    daemon->events->message(daemon, publish);
}

static void on_acked(void *user, uint64_t number, uint8_t reason)
{
    struct daemon_node *daemon = user;
    uint64_t token = send_queue_acked(&daemon->queue, number);
    if (token)
        daemon->events->acked(daemon, token, reason);
    pump(daemon);
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    struct daemon_node *daemon = user;
    if (token)
        daemon->events->subscribed(daemon, token, reason);
}

static void retry(struct daemon_node *daemon)
{
    daemon->connect_at = now_of(daemon) + backoff_next(&daemon->backoff, &daemon->node.rng);
}

static void lost(struct daemon_node *daemon)
{
    backoff_lost(&daemon->backoff, now_of(daemon) - daemon->up_at);
    retry(daemon);
}

static void on_down(void *user, const char *why)
{
    struct daemon_node *daemon = user;
    if (daemon->is_renewed)
        daemon->connect_at = now_of(daemon);
    else
        lost(daemon);
    send_queue_link_lost(&daemon->queue);
    daemon->events->down(daemon, why);
    daemon->is_renewed = false;
}

static void on_failed(void *user, const char *why)
{
    struct daemon_node *daemon = user;
    (void)why;
    if (daemon->events->failed)
        daemon->events->failed(daemon);
    retry(daemon);
}

static const struct client_events client_events = { on_packet,     on_up,   on_message, on_acked,
                                                    on_subscribed, on_down, on_failed };

const char *daemon_id(const struct daemon_node *daemon, const struct words *options)
{
    const char *id = words_value(options, "id");
    return id ? arena_copy(&daemon->node.world->arena, text_of(id)) : daemon->node.name;
}

void daemon_client_id(struct daemon_node *daemon, const char *id, void (*address_write)(const char *id, char *ret))
{
    char address[ADDRESS_SIZE];
    address_write(id, address);
    client_id_of(WORLD_ROOT, address, (uint32_t)rng_next(&daemon->node.rng), daemon->client_id);
}

void daemon_start(struct daemon_node *daemon, const struct daemon_events *events, const struct words *options,
                  ms_t keep_alive)
{
    struct client *client = &daemon->node.client;
    daemon->events = events;
    outbox_init(&daemon->outbox);
    send_queue_init(&daemon->queue);
    backoff_init(&daemon->backoff, words_duration(options, "reconnect-max", RECONNECT_MAX));
    client->id = daemon->client_id;
    client->events = &client_events;
    client->attempt_limit = ATTEMPT_LIMIT;
    client->keep_alive = words_duration(options, "keep-alive", keep_alive);
    daemon->connection = 0;
    daemon->connect_at = now_of(daemon);
    daemon->ended = false;
    daemon->node.running = true;
}

void daemon_go_if_ended(struct daemon_node *daemon)
{
    if (daemon->ended)
        node_kill(&daemon->node);
}

ms_t daemon_deadline(const struct node *node)
{
    const struct daemon_node *daemon = (const struct daemon_node *)node;
    return ms_min(daemon->events->deadline(daemon), daemon->connect_at);
}

static void connect_if_due(struct daemon_node *daemon)
{
    if (daemon->connect_at > now_of(daemon))
        return;
    daemon->connect_at = MS_NEVER;
    daemon->events->connecting(daemon);
}

/* Reads what lies in the socket before it ticks, and learns last that the link has ended, as the drivers do. */
void daemon_turn(struct node *node)
{
    struct daemon_node *daemon = (struct daemon_node *)node;
    client_turn(&node->client);
    if (!daemon->ended && daemon->events->deadline(daemon) <= now_of(daemon))
        daemon->events->tick(daemon);
    client_finish(&node->client);
    connect_if_due(daemon);
    daemon_go_if_ended(daemon);
}

void daemon_clear(struct daemon_node *daemon)
{
    outbox_clear(&daemon->outbox);
    send_queue_clear(&daemon->queue);
}
