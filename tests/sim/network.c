#include "network.h"

#include <utlist.h>

#define RTO_MS 200
#define RTO_MAX_MS 3200

static enum side other(enum side side)
{
    return side == SIDE_CLIENT ? SIDE_BROKER : SIDE_CLIENT;
}

void network_init(struct network *network, struct arena *arena)
{
    *network = (struct network){ .packets.arena = arena, .latency_low = 1, .latency_high = 1 };
}

struct wire *wire_open(struct network *network, struct port *port)
{
    struct wire *wire = sim_alloc(network->packets.arena, sizeof *wire);
    wire->port = port;
    agenda_enter(&port->arrivals, &wire->arrives);
    DL_APPEND(port->wires, wire);
    return wire;
}

/* After whatever may be a change of what arrives next at that side. */
static void announce(struct network *network, struct wire *wire, enum side reader)
{
    if (reader == SIDE_BROKER) {
        agenda_put(&wire->port->arrivals, &wire->arrives, wire_arrival(wire, SIDE_BROKER));
    } else if (!wire->has_changed) {
        wire->has_changed = true;
        wire->changed = network->changed;
        network->changed = wire;
    }
}

struct wire *network_changed(struct network *network)
{
    struct wire *wire = network->changed;
    if (!wire)
        return NULL;
    network->changed = wire->changed;
    wire->has_changed = false;
    return wire;
}

struct wire *port_take(struct port *port, ms_t now)
{
    struct agenda_item *item = agenda_take(&port->arrivals, now);
    return item ? CONTAINER_OF(item, struct wire, arrives) : NULL;
}

ms_t port_arrival(const struct port *port)
{
    return agenda_next(&port->arrivals);
}

bool network_chance(struct network *network, int64_t percent)
{
    return percent > 0 && rng_between(&network->rng, 0, 99) < percent;
}

/* As Linux: 200 ms at first, and twice as long each time. */
static ms_t sent_again_after(struct network *network)
{
    ms_t late = 0;
    for (ms_t timeout = RTO_MS; timeout <= RTO_MAX_MS && network_chance(network, network->loss); timeout *= 2)
        late += timeout;
    return late;
}

static ms_t arrival(struct network *network, struct wire *wire, enum side to)
{
    ms_t at = network->now + rng_between(&network->rng, network->latency_low, network->latency_high) + wire->far +
              (to == SIDE_CLIENT ? wire->behind : 0);
    at = ms_max(at + sent_again_after(network) + wire->handshake, wire->in_order[to]);
    wire->handshake = 0;
    return wire->in_order[to] = at;
}

static bool is_of_topic(const struct packet *packet, const struct packet *other)
{
    return packet->kind == PACKET_PUBLISH && other->kind == PACKET_PUBLISH &&
           strcmp(packet->publish.topic, other->publish.topic) == 0;
}

/* Before those that are late and of another topic; behind all others. */
static void insert(struct wire *wire, enum side to, struct packet *packet)
{
    struct packet *first = wire->towards[to], *behind = first ? first->prev : NULL;
    while (behind && behind->arrives > packet->arrives && behind->arrives != MS_NEVER && !is_of_topic(packet, behind))
        behind = behind == first ? NULL : behind->prev;
    if (behind)
        packet->arrives = ms_max(packet->arrives, behind->arrives);
    DL_APPEND_ELEM(wire->towards[to], behind, packet);
}

static void enqueue(struct network *network, struct wire *wire, enum side to, struct packet *packet, ms_t late)
{
    packet->arrives = wire->cut[to] ? MS_NEVER : arrival(network, wire, to) + late;
    insert(wire, to, packet);
    network->carried++;
    announce(network, wire, to);
}

void wire_send_late(struct network *network, struct wire *wire, enum side to, const struct packet *packet, ms_t late)
{
    if (!wire->closed[other(to)] && !wire->closed[to])
        enqueue(network, wire, to, packet_copy(&network->packets, packet), late);
}

void wire_send(struct network *network, struct wire *wire, enum side to, const struct packet *packet)
{
    wire_send_late(network, wire, to, packet, 0);
}

ms_t wire_arrival(const struct wire *wire, enum side reader)
{
    const struct packet *first = wire->towards[reader];
    return first && !wire->closed[reader] ? first->arrives : MS_NEVER;
}

struct packet *wire_take(struct network *network, struct wire *wire, enum side reader)
{
    struct packet *first = wire->towards[reader];
    if (wire_arrival(wire, reader) > network->now)
        return NULL;
    DL_DELETE(wire->towards[reader], first);
    announce(network, wire, reader);
    return first;
}

static void forget(struct network *network, struct wire *wire, enum side to)
{
    struct packet *packet, *after;
    DL_FOREACH_SAFE(wire->towards[to], packet, after)
    {
        packet_free(&network->packets, packet);
    }
    wire->towards[to] = NULL;
    announce(network, wire, to);
}

void wire_close(struct network *network, struct wire *wire, enum side side)
{
    wire_send(network, wire, other(side), &(struct packet){ .kind = PACKET_CLOSE });
    wire_vanish(network, wire, side);
}

void wire_vanish(struct network *network, struct wire *wire, enum side side)
{
    if (wire->closed[side])
        return;
    wire->closed[side] = true;
    forget(network, wire, side);
    if (wire->closed[other(side)])
        DL_DELETE(wire->port->wires, wire);
}

void wire_reset(struct network *network, struct wire *wire)
{
    for (int side = SIDE_CLIENT; side <= SIDE_BROKER; side++) {
        forget(network, wire, (enum side)side);
        wire->in_order[side] = 0;
        wire->far = side == SIDE_CLIENT ? wire->far : 0;
        if (!wire->closed[side])
            enqueue(network, wire, (enum side)side,
                    packet_copy(&network->packets, &(struct packet){ .kind = PACKET_CLOSE }), 0);
    }
}

static void resend(struct network *network, struct wire *wire, enum side to)
{
    struct packet *packet;
    DL_FOREACH(wire->towards[to], packet)
    {
        if (packet->arrives == MS_NEVER)
            packet->arrives = arrival(network, wire, to);
    }
}

/* What had not arrived when the path was cut waits for it to be mended. */
static void stall(const struct network *network, struct packet *packets)
{
    struct packet *packet;
    DL_FOREACH(packets, packet)
    {
        if (packet->arrives > network->now)
            packet->arrives = MS_NEVER;
    }
}

void wire_set_cut(struct network *network, struct wire *wire, enum side to, bool cut)
{
    if (wire->cut[to] == cut)
        return;
    wire->cut[to] = cut;
    if (cut)
        stall(network, wire->towards[to]);
    else
        resend(network, wire, to);
    announce(network, wire, to);
}
