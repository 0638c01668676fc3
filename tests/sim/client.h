/* client.h - the client's end of a link: what libmosquitto does for the drivers. CONNECT, keep alive, packets in
 * bursts.
 *
 * Whoever embeds it calls client_turn when client_deadline has come (or later: then more lies in the socket), does what
 * it does at every turn, and calls client_finish last. */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "fake_broker.h"

enum client_phase { CLIENT_IDLE, CLIENT_CONNECTING, CLIENT_UP, CLIENT_ENDED };

/* Every member is called by client_turn, but for the last two: client_finish. */
struct client_events {
    void (*packet)(void *user); /* a burst begins */
    void (*up)(void *user, const struct link_facts *facts);
    void (*message)(void *user, const struct publish *publish);
    void (*acked)(void *user, uint64_t token, uint8_t reason);
    void (*subscribed)(void *user, uint64_t token, uint8_t reason);
    void (*down)(void *user, const char *why); /* a link that was up ended */
    void (*failed)(void *user, const char *why);
};

/* Of a broker; `door` NULL: its only one. */
struct client_address {
    struct fake_broker *broker;
    const struct door *door;
};

#define CLIENT_ADDRESSES_MAX 4

struct client {
    struct fake_broker *broker;
    const struct door *door;                               /* of the broker */
    struct client_address addresses[CLIENT_ADDRESSES_MAX]; /* the next one is taken whenever a link ends */
    size_t address_count, address;                         /* how many; the present one */
    bool stays;                                            /* ... but not when this one does */
    const struct client_events *events;
    void *user;
    void *reader;   /* is noted in its wire; NULL = nobody (network.h) */
    const char *id; /* borrowed */
    bool is_bridge; /* of another broker: what is retained it gets as that */
    ms_t keep_alive, attempt_limit;
    bool cut;     /* its path to the broker, or one way of it: client_set_cut */
    bool cuts[2]; /* ... the way to that side */
    ms_t far;     /* from the broker, one way, for the TCP handshake, too */
    enum client_phase phase;
    struct wire *wire; /* NULL while there is no TCP connection */
    bool was_up, pinged;
    const char *why;
    ms_t began, give_up_at; /* while CONNECTING */
    ms_t received_at, said;
};

/* `will` is borrowed during the call; NULL = none. */
void client_connect(struct client *client, const struct publish *will);

/* Nothing happens unless it is up. */
void client_publish(struct client *client, const struct publish *publish);
void client_subscribe(struct client *client, const struct subscribe *subscribe);
void client_unsubscribe(struct client *client, const char *filter);
void client_disconnect(struct client *client); /* DISCONNECT, then idle */

void client_vanish(struct client *client);                             /* the process died: no DISCONNECT; idle */
void client_reset(struct client *client);                              /* both ends of the link see a reset */
void client_set_cut(struct client *client, enum side to, bool is_cut); /* packets are dropped on that way */

ms_t client_deadline(const struct client *client);
void client_turn(struct client *client);
void client_finish(struct client *client);

#endif
