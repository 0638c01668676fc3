/* device.h - a client without a core: it publishes what a script tells it to. A bare device, a person who watches, a
 * foreign program. */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "words.h"
#include "world.h"

/* Connects, and waits for CONNACK; what is published before waits too. Options: keep-alive (duration; default 10s),
 * as=CLIENT-ID, and with a payload a retained QoS 1 will on the topic will=HIVE/NAME/LEAF. It does not reconnect. */
enum err device_connect(struct world *world, const char *name, const struct words *options, struct errbuf *e);

bool node_is_device(const struct node *node);

/* publish NAME TOPIC [retained] [qos=1] [expiry=SECONDS] [reply=TOPIC] PAYLOAD; subscribe NAME FILTER [aloud]: prints
 * what comes. HIVE/NAME/LEAF stands for that worker's topic. */
enum err device_publish(struct node *node, const struct words *words, struct errbuf *e);

/* store NAME TOPIC [expiry=SECONDS] PAYLOAD: it is the bridge of another broker, which has this retained. With each
 * connection it sends what its broker has, as live messages with what is left of their expiry. */
enum err device_store(struct world *world, const char *name, const struct words *words, struct errbuf *e);

enum err device_subscribe(struct node *node, const struct words *words, struct errbuf *e);
void device_disconnect(struct node *node);

#endif
