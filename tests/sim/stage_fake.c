#include <stdlib.h>

#include "bridge.h"
#include "stage.h"

#define SETTLED_AFTER 5000 /* ms; of fake time: a bridge has connected again */

static const struct bridge_topic topics[] = {
    { STAGE_OUT, BRIDGE_OUT }, { STAGE_IN, BRIDGE_IN }, { STAGE_BOTH, BRIDGE_BOTH }, { NULL, BRIDGE_BOTH }
};

struct actor {
    struct client client;
    struct buf notes;
};

struct stage {
    struct arena arena;
    struct network network;
    struct fake_broker broker, edge;
    struct client remote;
    struct bridge bridge;
    bool has_edge;
    struct actor actors[STAGE_CLIENTS_MAX];
};

static void on_packet(void *user)
{
    (void)user;
}

static void on_up(void *user, const struct link_facts *facts)
{
    (void)facts;
    buf_add_str(&((struct actor *)user)->notes, "up\n");
}

static void on_message(void *user, const struct publish *publish)
{
    stage_note_message(&((struct actor *)user)->notes, publish);
}

static void on_acked(void *user, uint64_t token, uint8_t reason)
{
    (void)token;
    buf_printf(&((struct actor *)user)->notes, "puback %02x\n", reason);
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    (void)token;
    buf_printf(&((struct actor *)user)->notes, "suback %u\n", reason);
}

static void on_down(void *user, const char *why)
{
    (void)why;
    buf_add_str(&((struct actor *)user)->notes, "closed\n");
}

static void on_failed(void *user, const char *why)
{
    (void)why;
    buf_add_str(&((struct actor *)user)->notes, "failed\n");
}

static const struct client_events events = {
    on_packet, on_up, on_message, on_acked, on_subscribed, on_down, on_failed
};

static struct actor *actor_of(struct stage *stage, char name)
{
    return &stage->actors[name - 'a'];
}

static void open_edge(struct stage *stage)
{
    fake_broker_init(&stage->edge, &stage->network, NULL, STAGE_BRIDGE);
    stage->remote = (struct client){ .broker = &stage->broker, .attempt_limit = 1000 };
    bridge_init(&stage->bridge, STAGE_BRIDGE, &stage->edge, &stage->remote, NULL);
    stage->bridge.topics = topics;
    bridge_start(&stage->bridge);
    stage->has_edge = true;
}

static struct stage *stage_open(bool edge)
{
    struct stage *stage = calloc(1, sizeof *stage);
    if (!stage)
        return NULL;
    stage->arena = (struct arena){ 0 };
    network_init(&stage->network, &stage->arena);
    fake_broker_init(&stage->broker, &stage->network, NULL, "");
    stage->broker.queue_bytes = strtoul(STAGE_QUEUE_BYTES, NULL, 10);
    stage->broker.sys_every = 10000;
    for (size_t i = 0; i < STAGE_CLIENTS_MAX; i++)
        stage->actors[i].client = (struct client){
            .broker = &stage->broker, .events = &events, .user = &stage->actors[i], .attempt_limit = 1000
        };
    if (edge)
        open_edge(stage);
    return stage;
}

static void stage_close(struct stage *stage)
{
    for (size_t i = 0; i < STAGE_CLIENTS_MAX; i++)
        buf_clear(&stage->actors[i].notes);
    fake_broker_clear(&stage->broker);
    if (stage->has_edge)
        fake_broker_clear(&stage->edge);
    arena_clear(&stage->arena);
    free(stage);
}

static void stage_connect(struct stage *stage, char name, bool at_edge, const char *client_id,
                          const struct publish *will)
{
    struct client *client = &actor_of(stage, name)->client;
    client->broker = at_edge ? &stage->edge : &stage->broker;
    client->id = sim_copy(&stage->arena, client_id);
    client_connect(client, will);
}

static void stage_subscribe(struct stage *stage, char name, const struct subscribe *subscribe)
{
    client_subscribe(&actor_of(stage, name)->client, subscribe);
}

static void stage_unsubscribe(struct stage *stage, char name, const char *filter)
{
    client_unsubscribe(&actor_of(stage, name)->client, filter);
}

static void stage_publish(struct stage *stage, char name, const struct publish *publish)
{
    client_publish(&actor_of(stage, name)->client, publish);
}

static void stage_disconnect(struct stage *stage, char name)
{
    client_disconnect(&actor_of(stage, name)->client);
}

static void stage_drop(struct stage *stage, char name)
{
    client_vanish(&actor_of(stage, name)->client);
}

static void carry_out(struct fake_broker *broker, const char *verb)
{
    if (strcmp(verb, "stop") == 0)
        fake_broker_stop(broker);
    else if (strcmp(verb, "kill") == 0)
        fake_broker_kill(broker);
    else
        fake_broker_start(broker);
}

static void stage_broker(struct stage *stage, const char *verb)
{
    carry_out(&stage->broker, verb);
}

static void stage_edge(struct stage *stage, const char *verb)
{
    carry_out(&stage->edge, verb);
    if (strcmp(verb, "kill") == 0)
        bridge_end(&stage->bridge);
    else if (strcmp(verb, "start") == 0)
        bridge_start(&stage->bridge);
}

static void turn(struct stage *stage)
{
    fake_broker_turn(&stage->broker);
    if (stage->has_edge) {
        fake_broker_turn(&stage->edge);
        (void)bridge_turn(&stage->bridge);
    }
    for (size_t i = 0; i < STAGE_CLIENTS_MAX; i++) {
        client_turn(&stage->actors[i].client);
        client_finish(&stage->actors[i].client);
    }
}

static void stage_settle(struct stage *stage)
{
    for (ms_t end = stage->network.now + SETTLED_AFTER; stage->network.now < end; stage->network.now++)
        turn(stage);
}

static const struct buf *stage_notes(struct stage *stage, char name)
{
    return &actor_of(stage, name)->notes;
}

const struct stage_kind stage_fake = { stage_open,        stage_close,   stage_connect,    stage_subscribe,
                                       stage_unsubscribe, stage_publish, stage_disconnect, stage_drop,
                                       stage_broker,      stage_edge,    stage_settle,     stage_notes };
