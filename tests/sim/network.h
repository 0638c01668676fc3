/* network.h - the clock of a world, and its TCP connections: ordered, delayed, stalled while their path is cut.
 *
 * A cut path loses nothing for good: TCP sends again, so what waits on a wire arrives after the path is mended, unless
 * an end has given up by then. A lost packet is sent again after the retransmission timeout, and all behind it waits.
 */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "agenda.h"
#include "packet.h"
#include "rng.h"

enum side { SIDE_CLIENT, SIDE_BROKER };

/* Where the wires to one broker end. Zero-initialise it. */
struct port {
    struct wire *wires;     /* utlist, in the order in which they were opened */
    struct agenda arrivals; /* of what is sent to the broker */
};

struct wire {
    struct wire *prev, *next;
    struct port *port;
    struct agenda_item arrives; /* at the port */
    const struct door *door;    /* of the broker; NULL = it has only one */
    void *reader;               /* at the client's side: whoever has to know of arrivals; NULL = nobody */
    struct wire *changed;       /* the next one in network_changed's list */
    bool has_changed;
    struct packet *towards[2]; /* by the side that reads; utlist */
    bool closed[2];            /* that side neither reads nor writes any more */
    bool cut[2];               /* the way to that side */
    ms_t in_order[2];          /* when the last packet that was not late arrives */
    ms_t far;                  /* one way, on top of the network's latency */
    ms_t behind;               /* ... and for what the broker sends */
    ms_t handshake;            /* the first packet waits for it */
    struct session *session;   /* of the broker; NULL before CONNECT */
};

struct network {
    ms_t now; /* monotonic time of the world */
    struct packet_pool packets;
    struct rng rng;
    ms_t latency_low, latency_high; /* one way */
    int64_t loss;                   /* percent of all packets */
    struct wire *changed;
    uint64_t carried, steps; /* packets; and how many nodes, filters and stored copies were considered for them */
};

void network_init(struct network *network, struct arena *arena); /* a latency of 1 ms */

struct wire *wire_open(struct network *network, struct port *port);

/* A wire whose next arrival at the client's side is another one than before; NULL = no more. */
struct wire *network_changed(struct network *network);

/* Copies the packet. Nothing happens if the sender has closed its side. */
void wire_send(struct network *network, struct wire *wire, enum side to, const struct packet *packet);

/* The same, `late`: those sent later may arrive before it, but for those of its topic. */
void wire_send_late(struct network *network, struct wire *wire, enum side to, const struct packet *packet, ms_t late);

/* When the next packet for that side arrives; MS_NEVER = none is on its way. And that packet, if it has arrived by now,
 * or NULL; the caller frees it. */
ms_t wire_arrival(const struct wire *wire, enum side reader);
struct packet *wire_take(struct network *network, struct wire *wire, enum side reader);

/* That side closes: what it has sent arrives, and then PACKET_CLOSE. The wire is gone once both have closed. */
void wire_close(struct network *network, struct wire *wire, enum side side);

/* The same, and the other side does not learn of it: its host has no power. */
void wire_vanish(struct network *network, struct wire *wire, enum side side);

/* Both ends see a reset, the broker's at once, however far the client is; what is under way is lost. */
void wire_reset(struct network *network, struct wire *wire);

void wire_set_cut(struct network *network, struct wire *wire, enum side to, bool cut);

/* The wire whose next packet for the broker is the first to arrive by now; NULL = none. And when that is. */
struct wire *port_take(struct port *port, ms_t now);
ms_t port_arrival(const struct port *port);

/* True so many times in a hundred. */
bool network_chance(struct network *network, int64_t percent);

#endif
