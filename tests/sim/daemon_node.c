#include "daemon_node.h"

#include <stdio.h>
#include <stdlib.h>

#define ATTEMPT_LIMIT 10000 /* ms; as in common/mqtt/mqtt_client.c */

static ms_t now_of(const struct daemon_node *daemon)
{
    return daemon->node.world->network.now;
}

static void on_packet(void *user)
{
    broker_link_events.packet(((struct daemon_node *)user)->daemon.link);
}

static void on_up(void *user, const struct link_facts *facts)
{
    struct daemon_node *daemon = user;
    daemon->up_at = now_of(daemon);
    broker_link_events.up(daemon->daemon.link, "fake", facts);
}

static void on_message(void *user, const struct publish *publish)
{
    struct message message = packet_message(publish);
    broker_link_events.message(((struct daemon_node *)user)->daemon.link, &message);
}

static void on_acked(void *user, uint64_t token, uint8_t reason)
{
    broker_link_events.acked(((struct daemon_node *)user)->daemon.link, token, reason);
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    if (token)
        broker_link_events.subscribed(((struct daemon_node *)user)->daemon.link, token, reason);
}

static void retry(struct daemon_node *daemon, ms_t lived)
{
    daemon->connect_at = now_of(daemon) + broker_link_events.retry_in(daemon->daemon.link, lived);
}

static void on_down(void *user, const char *why)
{
    struct daemon_node *daemon = user;
    retry(daemon, now_of(daemon) - daemon->up_at);
    broker_link_events.down(daemon->daemon.link, why);
    daemon->is_renewed = false;
}

static void on_failed(void *user, const char *why)
{
    struct daemon_node *daemon = user;
    retry(daemon, -1);
    broker_link_events.failed(daemon->daemon.link, why);
}

static const struct client_events client_events = { on_packet,     on_up,   on_message, on_acked,
                                                    on_subscribed, on_down, on_failed };

/* The client as an MQTT client that broker_link knows: the node is its struct mqtt. */
static struct daemon_node *node_of(struct mqtt *mqtt)
{
    return (struct daemon_node *)mqtt;
}

static void start(struct mqtt *mqtt)
{
    node_of(mqtt)->connect_at = now_of(node_of(mqtt));
}

static void stop(struct mqtt *mqtt, void (*done)(void *user))
{
    client_disconnect(&node_of(mqtt)->node.client);
    node_of(mqtt)->connect_at = MS_NEVER;
    done(node_of(mqtt)->daemon.link);
}

static void drop(struct mqtt *mqtt, const char *why)
{
    (void)why;
    client_reset(&node_of(mqtt)->node.client);
}

static void renew(struct mqtt *mqtt)
{
    drop(mqtt, NULL);
    node_of(mqtt)->is_renewed = true;
    node_of(mqtt)->node.client.stays = true;
}

static bool drain(struct mqtt *mqtt)
{
    client_turn(&node_of(mqtt)->node.client);
    return true;
}

static bool is_up(const struct mqtt *mqtt)
{
    return ((const struct daemon_node *)mqtt)->node.client.phase == CLIENT_UP;
}

static bool is_behind(const struct mqtt *mqtt)
{
    (void)mqtt;
    return false;
}

static enum err publish(struct mqtt *mqtt, const struct publish *publish)
{
    client_publish(&node_of(mqtt)->node.client, publish);
    return OK;
}

static enum err subscribe(struct mqtt *mqtt, const struct subscribe *subscribe)
{
    client_subscribe(&node_of(mqtt)->node.client, subscribe);
    return OK;
}

static enum err unsubscribe(struct mqtt *mqtt, const char *filter)
{
    client_unsubscribe(&node_of(mqtt)->node.client, filter);
    return OK;
}

static void forget(struct mqtt *mqtt)
{
    (void)mqtt; /* it is the node */
}

static const struct mqtt_ops client_ops = { start,     stop,    drop,      renew,       drain, is_up,
                                            is_behind, publish, subscribe, unsubscribe, forget };

static void must(enum err err)
{
    if (err == OK)
        return;
    fprintf(stderr, "simulation: %s\n", err_name(err));
    abort();
}

const char *daemon_node_id(const struct daemon_node *daemon, const struct words *options)
{
    const char *id = words_value(options, "id");
    return id ? arena_copy(&daemon->node.world->arena, text_of(id)) : daemon->node.name;
}

void daemon_node_client_id(struct daemon_node *daemon, const char *hive, const char *queen)
{
    char address[ADDRESS_SIZE];
    address_of(hive, NULL, queen, address);
    client_id_of(WORLD_ROOT, address, rng_next(&daemon->node.rng), daemon->client_id);
}

void daemon_node_start(struct daemon_node *daemon, const struct daemon_ops *ops, const struct words *options,
                       ms_t keep_alive, ms_t reconnect_max)
{
    struct client *client = &daemon->node.client;
    struct broker_link_options link = { .broker = "fake",
                                        .rng = &daemon->node.rng,
                                        .reconnect_max = words_duration(options, "reconnect-max", reconnect_max),
                                        .input = daemon_input,
                                        .left = daemon_left,
                                        .starved = daemon_starved,
                                        .user = &daemon->daemon };
    daemon_init(&daemon->daemon, ops, daemon);
    must(broker_link_new(&link, &daemon->daemon.link));
    broker_link_attach(daemon->daemon.link, &client_ops, (struct mqtt *)daemon);
    client->id = daemon->client_id;
    client->events = &client_events;
    client->attempt_limit = ATTEMPT_LIMIT;
    client->keep_alive = words_duration(options, "keep-alive", keep_alive);
    daemon->connection = 0;
    daemon->node.running = true;
    broker_link_start(daemon->daemon.link);
}

void daemon_node_clock(void *host, ms_t *ret_now, ms_t *ret_wall)
{
    const struct daemon_node *daemon = host;
    *ret_now = now_of(daemon);
    *ret_wall = world_wall(daemon->node.world, &daemon->node);
}

static void go_if_ended(struct daemon_node *daemon)
{
    if (daemon->daemon.has_ended)
        node_kill(&daemon->node);
}

void daemon_node_stop(struct daemon_node *daemon)
{
    daemon_step(&daemon->daemon, (struct input){ .kind = INPUT_STOP });
    go_if_ended(daemon);
}

ms_t daemon_node_deadline(const struct node *node)
{
    const struct daemon_node *daemon = (const struct daemon_node *)node;
    return ms_min(daemon->daemon.ops->deadline(daemon), daemon->connect_at);
}

static void connect_if_due(struct daemon_node *daemon)
{
    struct publish will;
    bool has_will;
    if (daemon->connect_at > now_of(daemon))
        return;
    daemon->connect_at = MS_NEVER;
    has_will = broker_link_events.will(daemon->daemon.link, &will);
    daemon->connection += has_will;
    client_connect(&daemon->node.client, has_will ? &will : NULL);
}

/* As libmosquitto in its loop: what came is handed over first, and that the link has ended last. */
void daemon_node_turn(struct node *node)
{
    struct daemon_node *daemon = (struct daemon_node *)node;
    client_turn(&node->client);
    (void)daemon_turn(&daemon->daemon);
    client_finish(&node->client);
    connect_if_due(daemon);
    go_if_ended(daemon);
}

void daemon_node_clear(struct daemon_node *daemon)
{
    daemon_clear(&daemon->daemon);
}
