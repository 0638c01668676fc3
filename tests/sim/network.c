#include "network.h"

#include <utlist.h>

static enum side other(enum side side)
{
    return side == SIDE_CLIENT ? SIDE_BROKER : SIDE_CLIENT;
}

struct wire *wire_open(struct network *network)
{
    struct wire *wire = sim_alloc(network->arena, sizeof *wire);
    DL_APPEND(network->wires, wire);
    return wire;
}

static ms_t arrival_after(struct network *network, const struct wire *wire, enum side to, const struct packet *before)
{
    ms_t at = network->now + rng_between(&network->rng, network->latency_low, network->latency_high) + wire->far +
              (to == SIDE_CLIENT ? wire->behind : 0);
    return before && before->arrives != MS_NEVER ? ms_max(at, before->arrives) : at;
}

static void enqueue(struct network *network, struct wire *wire, enum side to, struct packet *packet)
{
    struct packet *first = wire->towards[to];
    packet->arrives =
        wire->cut ? MS_NEVER : arrival_after(network, wire, to, first ? first->prev : NULL) + wire->handshake;
    wire->handshake = 0;
    DL_APPEND(wire->towards[to], packet);
}

void wire_send(struct network *network, struct wire *wire, enum side to, const struct packet *packet)
{
    if (!wire->closed[other(to)] && !wire->closed[to])
        enqueue(network, wire, to, packet_copy(network->arena, packet));
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
    return first;
}

void wire_close(struct network *network, struct wire *wire, enum side side)
{
    if (wire->closed[side])
        return;
    wire_send(network, wire, other(side), &(struct packet){ .kind = PACKET_CLOSE });
    wire->closed[side] = true;
    wire->towards[side] = NULL;
    if (wire->closed[other(side)])
        DL_DELETE(network->wires, wire);
}

void wire_reset(struct network *network, struct wire *wire)
{
    for (int side = SIDE_CLIENT; side <= SIDE_BROKER; side++) {
        wire->towards[side] = NULL;
        wire->far = side == SIDE_CLIENT ? wire->far : 0;
        if (!wire->closed[side])
            enqueue(network, wire, (enum side)side,
                    packet_copy(network->arena, &(struct packet){ .kind = PACKET_CLOSE }));
    }
}

static void resend(struct network *network, const struct wire *wire, enum side to)
{
    struct packet *packet, *before = NULL;
    DL_FOREACH(wire->towards[to], packet)
    {
        if (packet->arrives == MS_NEVER)
            packet->arrives = arrival_after(network, wire, to, before);
        before = packet;
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

void wire_set_cut(struct network *network, struct wire *wire, bool cut)
{
    if (wire->cut == cut)
        return;
    wire->cut = cut;
    for (int side = SIDE_CLIENT; side <= SIDE_BROKER; side++)
        if (cut)
            stall(network, wire->towards[side]);
        else
            resend(network, wire, (enum side)side);
}
