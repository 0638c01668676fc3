/* network.h - the clock of a world, and its TCP connections: ordered, delayed, stalled while their path is cut.
 *
 * A cut path loses nothing for good: TCP sends again, so what waits on a wire arrives after the path is mended, unless
 * an end has given up by then. */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "packet.h"
#include "rng.h"

enum side { SIDE_CLIENT, SIDE_BROKER };

struct wire {
    struct wire *prev, *next;
    struct packet *towards[2]; /* by the side that reads; utlist */
    bool closed[2];            /* that side neither reads nor writes any more */
    bool cut;
    ms_t far;                /* one way, on top of the network's latency */
    ms_t behind;             /* ... and for what the broker sends */
    ms_t handshake;          /* the first packet waits for it */
    struct session *session; /* of the broker; NULL before CONNECT */
};

struct network {
    ms_t now; /* monotonic time of the world */
    struct arena *arena;
    struct rng rng;
    ms_t latency_low, latency_high; /* one way */
    struct wire *wires;
};

struct wire *wire_open(struct network *network);

/* Copies the packet. Nothing happens if the sender has closed its side. */
void wire_send(struct network *network, struct wire *wire, enum side to, const struct packet *packet);

/* When the next packet for that side arrives; MS_NEVER = none is on its way. And that packet, if it has arrived by now,
 * or NULL. */
ms_t wire_arrival(const struct wire *wire, enum side reader);
struct packet *wire_take(struct network *network, struct wire *wire, enum side reader);

/* That side closes: what it has sent arrives, and then PACKET_CLOSE. The wire is gone once both have closed. */
void wire_close(struct network *network, struct wire *wire, enum side side);

/* Both ends see a reset, the broker's at once, however far the client is; what is under way is lost. */
void wire_reset(struct network *network, struct wire *wire);

void wire_set_cut(struct network *network, struct wire *wire, bool cut);

#endif
