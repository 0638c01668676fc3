#include "client.h"

static struct network *network_of(const struct client *client)
{
    return client->broker->network;
}

static void take_next_address(struct client *client)
{
    bool stays = client->stays || client->address_count == 0;
    client->stays = false;
    if (stays)
        return;
    client->address = (client->address + 1) % client->address_count;
    client->broker = client->addresses[client->address].broker;
    client->door = client->addresses[client->address].door;
}

static void end(struct client *client, const char *why)
{
    if (client->wire)
        wire_close(network_of(client), client->wire, SIDE_CLIENT);
    client->wire = NULL;
    client->was_up = client->phase == CLIENT_UP;
    client->phase = CLIENT_ENDED;
    client->why = why;
    take_next_address(client);
}

static void send(struct client *client, const struct packet *packet)
{
    wire_send(network_of(client), client->wire, SIDE_BROKER, packet);
    client->said = network_of(client)->now;
}

static void open_wire(struct client *client, const struct packet *connect)
{
    struct network *network = network_of(client);
    client->wire = fake_broker_accept(client->broker, client->door);
    if (client->wire) {
        client->wire->reader = client->reader;
        client->wire->far = client->far;
        client->wire->handshake = 2 * client->far;
        send(client, connect);
    } else { /* refused: the answer takes a round trip */
        client->give_up_at = network->now + 2 * (network->latency_low + client->far);
    }
}

void client_connect(struct client *client, const struct publish *will)
{
    struct packet connect = { .kind = PACKET_CONNECT,
                              .client_id = client->id,
                              .is_bridge = client->is_bridge,
                              .keep_alive = client->keep_alive };
    if (will)
        connect.publish = *will;
    client->phase = CLIENT_CONNECTING;
    client->pinged = false;
    client->began = client->received_at = client->said = network_of(client)->now;
    client->give_up_at = client->received_at + client->attempt_limit;
    client->why = "no answer";
    if (!client->cut)
        open_wire(client, &connect);
}

void client_publish(struct client *client, const struct publish *publish)
{
    if (client->phase == CLIENT_UP)
        send(client, &(struct packet){ .kind = PACKET_PUBLISH, .publish = *publish });
}

void client_subscribe(struct client *client, const struct subscribe *subscribe)
{
    if (client->phase == CLIENT_UP)
        send(client, &(struct packet){ .kind = PACKET_SUBSCRIBE, .subscribe = *subscribe });
}

void client_unsubscribe(struct client *client, const char *filter)
{
    if (client->phase == CLIENT_UP)
        send(client, &(struct packet){ .kind = PACKET_UNSUBSCRIBE, .subscribe.filter = filter });
}

void client_disconnect(struct client *client)
{
    if (client->phase == CLIENT_UP)
        send(client, &(struct packet){ .kind = PACKET_DISCONNECT });
    client_vanish(client);
}

void client_vanish(struct client *client)
{
    if (client->wire)
        wire_close(network_of(client), client->wire, SIDE_CLIENT);
    client->wire = NULL;
    client->phase = CLIENT_IDLE;
}

void client_reset(struct client *client)
{
    if (client->wire)
        wire_reset(network_of(client), client->wire);
}

void client_set_cut(struct client *client, enum side to, bool is_cut)
{
    client->cuts[to] = is_cut;
    client->cut = client->cuts[SIDE_CLIENT] || client->cuts[SIDE_BROKER];
    if (client->wire)
        wire_set_cut(network_of(client), client->wire, to, is_cut);
}

static void up(struct client *client)
{
    struct link_facts facts = { network_of(client)->now - client->began };
    client->phase = CLIENT_UP;
    client->events->up(client->user, &facts);
}

static void handle(struct client *client, const struct packet *packet)
{
    switch (packet->kind) {
    case PACKET_CONNACK:
        up(client);
        break;
    case PACKET_PUBLISH:
        client->events->message(client->user, &packet->publish);
        break;
    case PACKET_PUBACK:
        client->events->acked(client->user, packet->token, packet->reason);
        break;
    case PACKET_SUBACK:
        client->events->subscribed(client->user, packet->token, packet->reason);
        break;
    case PACKET_PONG:
        break;
    default: /* PACKET_CLOSE */
        end(client, "closed");
        break;
    }
}

/* An event may end the link or start a new one. */
static void read_burst(struct client *client)
{
    const struct wire *wire = client->wire;
    struct packet *packet;
    bool in_burst = false;
    while (client->wire && client->wire == wire &&
           (packet = wire_take(network_of(client), client->wire, SIDE_CLIENT))) {
        client->received_at = network_of(client)->now;
        client->pinged = false;
        if (!in_burst && packet->kind != PACKET_CLOSE && client->phase == CLIENT_UP) {
            client->events->packet(client->user);
            in_burst = true;
        }
        handle(client, packet);
        packet_free(&network_of(client)->packets, packet);
    }
}

/* Silence of either side for a keep alive makes a PINGREQ, one more without any packet ends the link (mqtt_session.c).
 */
static ms_t ping_due(const struct client *client)
{
    if (client->phase != CLIENT_UP || !client->keep_alive)
        return MS_NEVER;
    return ms_min(client->received_at, client->said) + client->keep_alive;
}

static void keep_alive(struct client *client)
{
    if (client->pinged) {
        end(client, "keep alive");
        return;
    }
    client->pinged = true;
    client->received_at = network_of(client)->now;
    send(client, &(struct packet){ .kind = PACKET_PING });
}

ms_t client_deadline(const struct client *client)
{
    ms_t at = client->wire ? wire_arrival(client->wire, SIDE_CLIENT) : MS_NEVER;
    if (client->phase == CLIENT_CONNECTING)
        at = ms_min(at, client->give_up_at);
    return ms_min(at, ping_due(client));
}

void client_turn(struct client *client)
{
    ms_t now = network_of(client)->now;
    read_burst(client);
    if (client->phase == CLIENT_CONNECTING && client->give_up_at <= now)
        end(client, client->wire || client->cut ? "no answer" : "refused");
    if (ping_due(client) <= now)
        keep_alive(client);
}

void client_finish(struct client *client)
{
    if (client->phase != CLIENT_ENDED)
        return;
    client->phase = CLIENT_IDLE;
    if (client->was_up)
        client->events->down(client->user, client->why);
    else
        client->events->failed(client->user, client->why);
}
