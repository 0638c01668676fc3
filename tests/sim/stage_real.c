/* A mosquitto process, and clients by libmosquitto. */
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>

#include "await.h"
#include "broker.h"
#include "stage.h"

#define KEEP_ALIVE_S 60
#define LOOP_MS 10
/* With max_queued_messages 0 the other limit would not count at QoS 0. */
#define CONFIG                                                                \
    "persistence true\npersistence_location @DIR@/\nautosave_interval 1800\n" \
    "max_queued_messages 1000000\nmax_queued_bytes " STAGE_QUEUE_BYTES "\n"

/* Its wait to connect again is as short as it can be. */
#define EDGE_CONFIG                                                                                                    \
    "persistence true\npersistence_location @DIR@/\nautosave_interval 1800\nconnection " STAGE_BRIDGE                  \
    "\naddress 127.0.0.1:%d\nremote_clientid " STAGE_BRIDGE "\nbridge_protocol_version mqttv50\ncleansession true\n"   \
    "restart_timeout 1 1\nkeepalive_interval 5\ntopic " STAGE_OUT " out 1\ntopic " STAGE_IN " in 1\ntopic " STAGE_BOTH \
    " both 1\ntopic " SETTLE " both 1\n"
#define SETTLE "settle" /* nobody but stage_settle subscribes to it */

struct actor {
    struct mosquitto *mosquitto; /* NULL = not connected */
    struct buf notes;
    unsigned settled; /* UNSUBACKs of stage_settle that came */
    int settle_id;
    int publish_id; /* of the last QoS 1 publish */
};

struct stage {
    struct broker *broker, *edge; /* edge: NULL = none */
    bool is_up, is_edge_up;
    struct actor actors[STAGE_CLIENTS_MAX];
};

static struct actor *actor_of(struct stage *stage, char name)
{
    return &stage->actors[name - 'a'];
}

static void on_connect(struct mosquitto *mosquitto, void *user, int reason, int flags, const mosquitto_property *all)
{
    (void)mosquitto, (void)flags, (void)all;
    buf_add_str(&((struct actor *)user)->notes, reason ? "failed\n" : "up\n");
}

static void on_disconnect(struct mosquitto *mosquitto, void *user, int reason, const mosquitto_property *all)
{
    (void)mosquitto, (void)reason, (void)all;
    buf_add_str(&((struct actor *)user)->notes, "closed\n");
}

static void on_message(struct mosquitto *mosquitto, void *user, const struct mosquitto_message *message,
                       const mosquitto_property *all)
{
    struct publish publish = { .topic = message->topic,
                               .payload = { message->payload ? message->payload : "", (size_t)message->payloadlen },
                               .qos = (uint8_t)message->qos,
                               .retain = message->retain };
    (void)mosquitto;
    mosquitto_property_read_int32(all, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, &publish.expiry_s, false);
    stage_note_message(&((struct actor *)user)->notes, &publish);
}

static void on_publish(struct mosquitto *mosquitto, void *user, int id, int reason, const mosquitto_property *all)
{
    struct actor *actor = user;
    (void)mosquitto, (void)all;
    if (id == actor->publish_id) /* libmosquitto also calls when a QoS 0 publish is written */
        buf_printf(&actor->notes, "puback %02x\n", (unsigned)reason);
}

static void on_subscribe(struct mosquitto *mosquitto, void *user, int id, int count, const int *granted,
                         const mosquitto_property *all)
{
    (void)mosquitto, (void)id, (void)all;
    buf_printf(&((struct actor *)user)->notes, "suback %d\n", count > 0 ? granted[0] : -1);
}

static void on_unsubscribe(struct mosquitto *mosquitto, void *user, int id, const mosquitto_property *all)
{
    struct actor *actor = user;
    (void)mosquitto, (void)all;
    if (id == actor->settle_id)
        actor->settled++;
}

static struct broker *open_edge(const struct broker *broker)
{
    char config[1024];
    snprintf(config, sizeof config, EDGE_CONFIG, broker_port(broker));
    return broker_start(config);
}

static struct stage *stage_open(bool edge)
{
    struct stage *stage = calloc(1, sizeof *stage);
    mosquitto_lib_init();
    if (!stage)
        return NULL;
    stage->broker = broker_start(CONFIG);
    stage->edge = stage->broker && edge ? open_edge(stage->broker) : NULL;
    stage->is_up = true;
    stage->is_edge_up = edge;
    if (stage->broker && (stage->edge || !edge))
        return stage;
    broker_free(stage->broker);
    free(stage);
    return NULL;
}

static void actor_leave(struct actor *actor)
{
    mosquitto_destroy(actor->mosquitto);
    actor->mosquitto = NULL;
}

static void stage_close(struct stage *stage)
{
    for (size_t i = 0; i < STAGE_CLIENTS_MAX; i++) {
        actor_leave(&stage->actors[i]);
        buf_clear(&stage->actors[i].notes);
    }
    broker_free(stage->edge);
    broker_free(stage->broker);
    free(stage);
    mosquitto_lib_cleanup();
}

static bool was_answered(const struct actor *actor, size_t before)
{
    return actor->notes.len > before;
}

/* Runs the client until something new is noted; false: not within the limit, or it has no link. */
static bool await_note(struct actor *actor, size_t before)
{
    for (int waited = 0; waited < AWAIT_LIMIT && !was_answered(actor, before); waited += LOOP_MS)
        if (mosquitto_loop(actor->mosquitto, LOOP_MS, 1) != MOSQ_ERR_SUCCESS)
            break;
    return was_answered(actor, before);
}

static struct mosquitto *client_new(struct actor *actor, const char *client_id, const struct publish *will)
{
    struct mosquitto *mosquitto = mosquitto_new(client_id, true, actor);
    if (!mosquitto)
        return NULL;
    mosquitto_int_option(mosquitto, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    if (will)
        mosquitto_will_set_v5(mosquitto, will->topic, (int)will->payload.len, will->payload.at, will->qos, will->retain,
                              NULL);
    mosquitto_connect_v5_callback_set(mosquitto, on_connect);
    mosquitto_disconnect_v5_callback_set(mosquitto, on_disconnect);
    mosquitto_message_v5_callback_set(mosquitto, on_message);
    mosquitto_publish_v5_callback_set(mosquitto, on_publish);
    mosquitto_subscribe_v5_callback_set(mosquitto, on_subscribe);
    mosquitto_unsubscribe_v5_callback_set(mosquitto, on_unsubscribe);
    return mosquitto;
}

static void stage_connect(struct stage *stage, char name, bool at_edge, const char *client_id,
                          const struct publish *will)
{
    struct actor *actor = actor_of(stage, name);
    size_t before = actor->notes.len;
    actor_leave(actor);
    actor->mosquitto = client_new(actor, client_id, will);
    if (mosquitto_connect(actor->mosquitto, "127.0.0.1", broker_port(at_edge ? stage->edge : stage->broker),
                          KEEP_ALIVE_S) != MOSQ_ERR_SUCCESS ||
        !await_note(actor, before)) {
        buf_add_str(&actor->notes, "failed\n");
        actor_leave(actor);
    }
}

static void stage_subscribe(struct stage *stage, char name, const struct subscribe *subscribe)
{
    int options = subscribe->retain_handling << 4 | (subscribe->no_local ? MQTT_SUB_OPT_NO_LOCAL : 0);
    mosquitto_subscribe_v5(actor_of(stage, name)->mosquitto, NULL, subscribe->filter, subscribe->qos, options, NULL);
}

static void stage_unsubscribe(struct stage *stage, char name, const char *filter)
{
    mosquitto_unsubscribe(actor_of(stage, name)->mosquitto, NULL, filter);
}

static void stage_publish(struct stage *stage, char name, const struct publish *publish)
{
    struct actor *actor = actor_of(stage, name);
    mosquitto_property *properties = NULL;
    int id = 0;
    if (publish->expiry_s)
        mosquitto_property_add_int32(&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, publish->expiry_s);
    mosquitto_publish_v5(actor->mosquitto, &id, publish->topic, (int)publish->payload.len, publish->payload.at,
                         publish->qos, publish->retain, properties);
    actor->publish_id = publish->qos ? id : 0;
    mosquitto_property_free_all(&properties);
}

/* DISCONNECT is written at once where the socket takes it. */
static void stage_disconnect(struct stage *stage, char name)
{
    struct actor *actor = actor_of(stage, name);
    mosquitto_disconnect_v5_callback_set(actor->mosquitto, NULL);
    mosquitto_disconnect(actor->mosquitto);
    actor_leave(actor);
}

static void stage_drop(struct stage *stage, char name)
{
    actor_leave(actor_of(stage, name));
}

/* True if it runs then. */
static bool carry_out(struct broker *broker, const char *verb)
{
    if (strcmp(verb, "stop") == 0)
        broker_stop(broker);
    else if (strcmp(verb, "kill") == 0)
        broker_kill(broker);
    else
        return broker_restart(broker);
    return false;
}

static void stage_broker(struct stage *stage, const char *verb)
{
    stage->is_up = carry_out(stage->broker, verb);
}

static void stage_edge(struct stage *stage, const char *verb)
{
    stage->is_edge_up = carry_out(stage->edge, verb);
}

/* A round trip of a packet that nobody else sees, or the end of the link. */
static void actor_settle(struct actor *actor)
{
    unsigned before = actor->settled;
    int waited = 0;
    if (!actor->mosquitto)
        return;
    (void)mosquitto_unsubscribe(actor->mosquitto, &actor->settle_id, "settle");
    while (actor->settled == before && waited < AWAIT_LIMIT) {
        if (mosquitto_loop(actor->mosquitto, LOOP_MS, 1) != MOSQ_ERR_SUCCESS) {
            actor_leave(actor);
            return;
        }
        waited += LOOP_MS;
    }
}

struct crossing {
    struct mosquitto *from, *to;
    bool has_arrived;
};

static void on_crossed(struct mosquitto *mosquitto, void *user, const struct mosquitto_message *message)
{
    (void)mosquitto, (void)message;
    ((struct crossing *)user)->has_arrived = true;
}

static bool has_crossed(void *user)
{
    struct crossing *crossing = user;
    mosquitto_publish(crossing->from, NULL, SETTLE, 0, NULL, 1, false);
    mosquitto_loop(crossing->from, LOOP_MS, 1);
    mosquitto_loop(crossing->to, LOOP_MS, 1);
    return crossing->has_arrived;
}

/* A message of one broker to the other: the bridge has a link, and what went the same way before has arrived. */
static void cross(const struct broker *from, const struct broker *to)
{
    struct crossing crossing = { mosquitto_new(NULL, true, NULL), NULL, false };
    crossing.to = mosquitto_new(NULL, true, &crossing);
    mosquitto_message_callback_set(crossing.to, on_crossed);
    mosquitto_connect(crossing.from, "127.0.0.1", broker_port(from), KEEP_ALIVE_S);
    mosquitto_connect(crossing.to, "127.0.0.1", broker_port(to), KEEP_ALIVE_S);
    mosquitto_subscribe(crossing.to, NULL, SETTLE, 1);
    (void)await(has_crossed, &crossing, AWAIT_LIMIT);
    mosquitto_destroy(crossing.from);
    mosquitto_destroy(crossing.to);
}

/* What one client sent the others get with their next round trip; an end of a link that the broker had not yet seen in
 * the first round it has seen in the second. */
static void stage_settle(struct stage *stage)
{
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < STAGE_CLIENTS_MAX; i++)
            actor_settle(&stage->actors[i]);
        if (stage->is_up && stage->is_edge_up) {
            cross(stage->edge, stage->broker);
            cross(stage->broker, stage->edge);
        }
    }
}

static const struct buf *stage_notes(struct stage *stage, char name)
{
    return &actor_of(stage, name)->notes;
}

const struct stage_kind stage_real = { stage_open,        stage_close,   stage_connect,    stage_subscribe,
                                       stage_unsubscribe, stage_publish, stage_disconnect, stage_drop,
                                       stage_broker,      stage_edge,    stage_settle,     stage_notes };
