#include "bridge.h"

#include <stdio.h>

#define KEEP_ALIVE 5000 /* ms; keepalive_interval 5 */
#define RETRY_LOW 1000  /* ms; restart_timeout 1 2 */
#define RETRY_HIGH 2000

static void say(const struct bridge *bridge, const char *what)
{
    if (bridge->said)
        bridge->said(bridge->user, what);
}

static struct network *network_of(const struct bridge *bridge)
{
    return bridge->local.broker->network;
}

static void subscribe(struct client *client, const struct bridge_topic *topics, enum bridge_direction direction,
                      uint8_t retain_handling)
{
    for (; topics->filter; topics++)
        if (topics->direction & direction)
            client_subscribe(
                client, &(struct subscribe){
                            .filter = topics->filter, .qos = 1, .no_local = true, .retain_handling = retain_handling });
}

static struct publish state_of(const struct bridge *bridge, const char *value)
{
    return (struct publish){ .topic = bridge->state, .payload = text_of(value), .qos = 1, .retain = true };
}

static void on_remote_up(void *user, const struct link_facts *facts)
{
    struct bridge *bridge = user;
    struct publish up = state_of(bridge, "1");
    (void)facts;
    say(bridge, "connected");
    client_publish(bridge->remote, &up);
    subscribe(bridge->remote, bridge->topics, BRIDGE_IN, RETAIN_ALWAYS);
    subscribe(&bridge->local, bridge->topics, BRIDGE_OUT, RETAIN_ALWAYS);
}

static void on_local_up(void *user, const struct link_facts *facts)
{
    struct bridge *bridge = user;
    bool has_link = bridge->remote->phase == CLIENT_UP;
    (void)facts;
    subscribe(&bridge->local, bridge->topics, BRIDGE_OUT, has_link ? RETAIN_ALWAYS : RETAIN_NEVER);
}

static void on_remote_message(void *user, const struct publish *publish)
{
    client_publish(&((struct bridge *)user)->local, publish);
}

static void on_local_message(void *user, const struct publish *publish)
{
    client_publish(((struct bridge *)user)->remote, publish);
}

static void on_packet(void *user)
{
    (void)user;
}

static void on_acked(void *user, uint64_t token, uint8_t reason)
{
    (void)user, (void)token, (void)reason;
}

static void retry(struct bridge *bridge)
{
    struct network *network = network_of(bridge);
    bridge->connect_at = network->now + rng_between(&network->rng, RETRY_LOW, RETRY_HIGH);
}

static void on_remote_down(void *user, const char *why)
{
    (void)why;
    say(user, "lost its link");
    retry(user);
}

static void on_remote_failed(void *user, const char *why)
{
    (void)why;
    retry(user);
}

static void on_local_end(void *user, const char *why)
{
    (void)why;
    bridge_end(user);
}

static const struct client_events remote_events = { on_packet, on_remote_up,   on_remote_message, on_acked,
                                                    on_acked,  on_remote_down, on_remote_failed };
static const struct client_events local_events = { on_packet, on_local_up,  on_local_message, on_acked,
                                                   on_acked,  on_local_end, on_local_end };

void bridge_init(struct bridge *bridge, const char *id, struct fake_broker *own, struct client *remote, void *reader)
{
    *bridge = (struct bridge){ .remote = remote, .connect_at = MS_NEVER };
    snprintf(bridge->id, sizeof bridge->id, "%s", id);
    snprintf(bridge->local_id, sizeof bridge->local_id, "local.%s", id);
    snprintf(bridge->state, sizeof bridge->state, BRIDGE_STATE, id);
    bridge->local = (struct client){ .broker = own,
                                     .events = &local_events,
                                     .user = bridge,
                                     .reader = reader,
                                     .id = bridge->local_id,
                                     .is_bridge = true,
                                     .attempt_limit = remote->attempt_limit };
    remote->events = &remote_events;
    remote->user = bridge;
    remote->reader = reader;
    remote->id = bridge->id;
    remote->is_bridge = true;
    remote->keep_alive = KEEP_ALIVE;
}

void bridge_start(struct bridge *bridge)
{
    client_connect(&bridge->local, NULL);
    bridge->connect_at = network_of(bridge)->now;
}

void bridge_end(struct bridge *bridge)
{
    client_vanish(bridge->remote);
    client_vanish(&bridge->local);
    bridge->connect_at = MS_NEVER;
}

ms_t bridge_deadline(const struct bridge *bridge)
{
    return ms_min(client_deadline(&bridge->local), bridge->connect_at);
}

static void connect_if_due(struct bridge *bridge)
{
    struct publish will = state_of(bridge, "0");
    if (bridge->connect_at > network_of(bridge)->now)
        return;
    bridge->connect_at = MS_NEVER;
    client_connect(bridge->remote, &will);
}

bool bridge_turn(struct bridge *bridge)
{
    client_turn(bridge->remote);
    client_turn(&bridge->local);
    client_finish(bridge->remote);
    client_finish(&bridge->local);
    connect_if_due(bridge);
    return bridge->local.phase != CLIENT_IDLE;
}
