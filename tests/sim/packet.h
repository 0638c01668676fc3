/* packet.h - what travels between a client and the broker: MQTT 5 packets, as structs.
 *
 * Memory comes from the world's arena, and what is freed is used again. Running out of it ends the test. */
#ifndef SIM_PACKET_H
#define SIM_PACKET_H

#include "outbox.h"

enum packet_kind {
    PACKET_CONNECT, /* client_id, is_bridge, keep_alive; publish is the will, its topic NULL = none */
    PACKET_CONNACK,
    PACKET_SUBSCRIBE, /* subscribe */
    PACKET_SUBACK,    /* token, reason */
    PACKET_UNSUBSCRIBE,
    PACKET_PUBLISH, /* publish; towards a client `retain` means a stored copy, expiry_s what is left */
    PACKET_PUBACK,  /* token, reason */
    PACKET_PING,
    PACKET_PONG,
    PACKET_DISCONNECT,
    PACKET_CLOSE, /* the end of the TCP connection */
};

struct packet {
    enum packet_kind kind;
    const char *client_id;
    bool is_bridge; /* Retain As Published */
    ms_t keep_alive;
    struct publish publish;
    struct subscribe subscribe;
    uint64_t token;
    uint8_t reason;
    uint8_t size;               /* of its memory: 1 << size bytes; set by packet_copy */
    ms_t arrives;               /* set by the wire */
    struct packet *prev, *next; /* utlist: in the wire */
};

/* Zeroed; never NULL. Lives as long as the world. */
void *sim_alloc(struct arena *arena, size_t size);
const char *sim_copy(struct arena *arena, const char *text); /* NULL stays NULL */

#define PACKET_SIZES 24

/* Zero-initialise it, but for the arena. */
struct packet_pool {
    struct arena *arena;
    struct packet *free[PACKET_SIZES]; /* by the power of two that their bytes take */
};

/* With everything that it points to. */
struct packet *packet_copy(struct packet_pool *pool, const struct packet *packet);
void packet_free(struct packet_pool *pool, struct packet *packet); /* NULL is fine */

/* A PUBLISH as its receiver sees it; borrowed from `publish`. */
struct message packet_message(const struct publish *publish);

#endif
