/* packet.h - what travels between a client and the broker: MQTT 5 packets, as structs.
 *
 * Memory comes from the world's arena and lives as long as the world. Running out of it ends the test. */
#ifndef SIM_PACKET_H
#define SIM_PACKET_H

#include "outbox.h"

enum packet_kind {
    PACKET_CONNECT, /* client_id, keep_alive; publish is the will, its topic NULL = none */
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
    ms_t keep_alive;
    struct publish publish;
    struct subscribe subscribe;
    uint64_t token;
    uint8_t reason;
    ms_t arrives;               /* set by the wire */
    struct packet *prev, *next; /* utlist: in the wire */
};

/* Zeroed; never NULL. */
void *sim_alloc(struct arena *arena, size_t size);
const char *sim_copy(struct arena *arena, const char *text); /* NULL stays NULL */

/* With everything that it points to. */
struct packet *packet_copy(struct arena *arena, const struct packet *packet);

/* A PUBLISH as its receiver sees it; borrowed from `publish`. */
struct message packet_message(const struct publish *publish);

#endif
