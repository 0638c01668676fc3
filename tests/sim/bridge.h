/* bridge.h - the bridge of a fake broker to another one, as mosquitto's with bridge_protocol_version mqttv50 and
 * cleansession true (test_conformance.c runs the same scripts against two real ones):
 *
 *   it subscribes at both ends without No Local's echo, and passes the retain flag on as it was published; what it has
 * no link for is lost; with each new link it sends what its own broker has retained, and is sent what the other has;
 * its will, and a message once it is up, are retained at the other end; it ends with its broker, which publishes the
 * wills of all its clients first.
 *
 * It has no process of its own: whoever embeds it calls bridge_turn when bridge_deadline has come. */
#ifndef SIM_BRIDGE_H
#define SIM_BRIDGE_H

#include "client.h"

#define BRIDGE_STATE "$SYS/broker/connection/%s/state" /* 1, and 0 as its will */

enum bridge_direction { BRIDGE_OUT = 1, BRIDGE_IN = 2, BRIDGE_BOTH = 3 };

struct bridge_topic {
    const char *filter; /* NULL: behind the last */
    enum bridge_direction direction;
};

struct bridge {
    const struct bridge_topic *topics; /* borrowed */
    struct client *remote;             /* the link to the other broker; borrowed */
    struct client local;
    char id[64], local_id[64], state[96];
    ms_t connect_at; /* MS_NEVER = not by itself */
    void (*said)(void *user, const char *what);
    void *user;
};

/* `remote` knows its broker and has a limit on an attempt. `reader` is told of arrivals (client.h). */
void bridge_init(struct bridge *bridge, const char *id, struct fake_broker *own, struct client *remote, void *reader);

void bridge_start(struct bridge *bridge); /* its broker has begun to run */
void bridge_end(struct bridge *bridge);   /* its process is gone */

ms_t bridge_deadline(
    const struct bridge *bridge); /* of the local end and the next attempt; the remote one has its own */

/* False: its broker has ended. */
bool bridge_turn(struct bridge *bridge);

#endif
