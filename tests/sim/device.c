#include "device.h"

#include <stdio.h>

#include "retained.h"
#include "topic.h"

#define SAID_MAX 120 /* bytes of a payload in the trace */

struct device {
    struct node node;
    char client_id[CLIENT_ID_SIZE];
    bool aloud;
    const char *reply;             /* to requests; NULL = none */
    struct retained_store bridged; /* it is a bridge: what the broker at its other end has retained */
};

static void on_packet(void *user)
{
    (void)user;
}

/* As a bridge of mosquitto: what its broker has retained, as live messages, with what is left of their expiry. */
static void send_bridged(struct device *device)
{
    ms_t now = device->node.world->network.now;
    for (const struct retained *stored = device->bridged.by_topic; stored; stored = stored->hh.next) {
        struct publish publish = stored->publish;
        if (stored->expires_at <= now)
            continue;
        if (stored->expires_at != MS_NEVER)
            publish.expiry_s = (uint32_t)((stored->expires_at - now + 999) / 1000);
        client_publish(&device->node.client, &publish);
    }
}

static void on_up(void *user, const struct link_facts *facts)
{
    (void)facts;
    node_say(user, "connected");
    send_bridged(user);
}

static void on_message(void *user, const struct publish *publish)
{
    struct device *device = user;
    int len = publish->payload.len < SAID_MAX ? (int)publish->payload.len : SAID_MAX;
    if (device->aloud)
        node_say(&device->node, "got %s%s %.*s", publish->topic, publish->retain ? " (stored)" : "", len,
                 publish->payload.len ? publish->payload.at : "");
    if (device->reply && publish->response_topic)
        client_publish(&device->node.client, &(struct publish){ .topic = publish->response_topic,
                                                                .payload = text_of(device->reply),
                                                                .correlation = publish->correlation,
                                                                .qos = 1 });
}

static void on_acked(void *user, uint64_t token, uint8_t reason)
{
    (void)user, (void)token, (void)reason;
}

static void on_end(void *user, const char *why)
{
    node_say(user, "lost its link (%s)", why);
}

static const struct client_events client_events = { on_packet, on_up, on_message, on_acked, on_acked, on_end, on_end };

static ms_t deadline(const struct node *node)
{
    (void)node;
    return MS_NEVER;
}

static void turn(struct node *node)
{
    client_turn(&node->client);
    client_finish(&node->client);
}

static void clear(struct node *node)
{
    retained_clear(&((struct device *)node)->bridged);
}

static const struct node_kind kind = { "device", deadline, turn, clear };

bool node_is_device(const struct node *node)
{
    return node->kind == &kind;
}

static bool is_leaf(struct text leaf)
{
    return text_is(leaf, "heartbeat") || text_is(leaf, "presence") || text_is(leaf, "witness");
}

/* `default/d1/heartbeat` is a worker's topic; all else is taken as it is. */
static void topic_expand(const char *text, char ret[TOPIC_SIZE])
{
    struct text rest = text_of(text);
    struct text hive = text_split(&rest, '/');
    struct text name = text_split(&rest, '/');
    if (rest.at && is_leaf(rest) && !text_is(hive, "skep"))
        snprintf(ret, TOPIC_SIZE, WORLD_ROOT "/hive/%.*s/worker/%.*s/%s", (int)hive.len, hive.at, (int)name.len,
                 name.at, rest.at);
    else
        snprintf(ret, TOPIC_SIZE, "%s", text);
}

static struct device *device_find_or_add(struct world *world, const char *name)
{
    struct node *node = world_find(world, name);
    struct device *device;
    if (node)
        return node_is_device(node) ? (struct device *)node : NULL;
    device = sim_alloc(&world->arena, sizeof *device);
    world_add(world, &device->node, &kind, name);
    device->node.client.id = device->client_id;
    device->node.client.events = &client_events;
    device->node.client.attempt_limit = 5000;
    device->bridged.packets = &world->network.packets;
    return device;
}

enum err device_connect(struct world *world, const char *name, const struct words *words, struct errbuf *e)
{
    struct device *device = device_find_or_add(world, name);
    const char *will = words_value(words, "will");
    char topic[TOPIC_SIZE];
    struct publish publish = { .topic = topic, .payload = text_of(words->payload), .qos = 1, .retain = true };
    if (!device || device->node.client.phase != CLIENT_IDLE)
        return err_set(e, ERR_CONFLICT, "%s is connected, or no device", name);
    if (world_place(world, &device->node, words, e) != OK)
        return ERR_NOT_FOUND;
    if (will)
        topic_expand(will, topic);
    snprintf(device->client_id, sizeof device->client_id, "%s", words_text(words, "as", name));
    device->node.client.keep_alive = words_duration(words, "keep-alive", 10000);
    device->reply = words_value(words, "replies");
    if (device->reply)
        device->reply = arena_copy(&world->arena, text_of(device->reply));
    device->node.running = true;
    device->node.paused = false;
    client_connect(&device->node.client, will ? &publish : NULL);
    return OK;
}

enum err device_publish(struct node *node, const struct words *words, struct errbuf *e)
{
    char topic[TOPIC_SIZE];
    struct publish publish = { .topic = topic,
                               .payload = text_of(words->payload),
                               .qos = (uint8_t)words_number(words, "qos", 1),
                               .retain = words_has(words, "retained"),
                               .expiry_s = (uint32_t)words_number(words, "expiry", 0),
                               .response_topic = words_value(words, "reply") };
    if (!words->payload || node->client.phase != CLIENT_UP)
        return err_set(e, ERR_STATE, "%s is not connected, or the payload is missing ('' is an empty one)", node->name);
    topic_expand(words_at(words, 2), topic);
    client_publish(&node->client, &publish);
    return OK;
}

enum err device_store(struct world *world, const char *name, const struct words *words, struct errbuf *e)
{
    struct device *device = device_find_or_add(world, name);
    char topic[TOPIC_SIZE];
    struct publish publish = { .topic = topic,
                               .payload = text_of(words->payload),
                               .qos = 1,
                               .retain = true,
                               .expiry_s = (uint32_t)words_number(words, "expiry", 0) };
    if (!device || !words->payload)
        return err_set(e, ERR_STATE, "%s is no device, or the payload is missing", name);
    topic_expand(words_at(words, 2), topic);
    retained_put(&device->bridged, &publish, world->network.now + (ms_t)publish.expiry_s * 1000);
    return OK;
}

enum err device_subscribe(struct node *node, const struct words *words, struct errbuf *e)
{
    char filter[TOPIC_SIZE];
    if (node->client.phase != CLIENT_UP)
        return err_set(e, ERR_STATE, "%s is not connected", node->name);
    topic_expand(words_at(words, 2), filter);
    ((struct device *)node)->aloud |= words_has(words, "aloud");
    client_subscribe(&node->client, &(struct subscribe){ .filter = filter, .qos = 1 });
    return OK;
}

void device_disconnect(struct node *node)
{
    client_disconnect(&node->client);
}
