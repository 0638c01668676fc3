/* swarm_client.h - one MQTT session of paho, the independent client. What fails ends the process with a sentence: a
 * swarm that cannot do what it was told has measured nothing. */
#ifndef SWARM_CLIENT_H
#define SWARM_CLIENT_H

#include <stddef.h>

#include "swarm_stage.h"

#define TOPIC_SIZE 256

/* Borrowed until the callback returns; the payload is terminated. */
struct client_message {
    const char *topic, *payload;
    const char *response_topic, *correlation; /* "" if there is none */
    bool is_stored;
};

/* Called on paho's thread, with its lock held: does nothing but hand over. */
typedef void client_receive_fn(void *context, const struct client_message *message);

struct client_will {
    const char *topic, *payload;
};

struct client;

/* Logs in as `user` if the swarm has logins. `will` and `receive` may be NULL. Many at once: first begin all of them,
 * since paho takes half a second for one. */
struct client *client_begin(const struct options *options, const char *user, const struct client_will *will,
                            client_receive_fn *receive, void *context);
void client_await(struct client *client); /* what was begun last */

/* What the caller does every millisecond while one of these functions waits. */
void client_on_wait(void (*idle)(void));

/* Both. */
struct client *client_open(const struct options *options, const char *user, client_receive_fn *receive, void *context);

/* Likewise. */
void client_subscribe_begin(struct client *client, const char *filter, int qos);
void client_subscribe(struct client *client, const char *filter, int qos);

/* At QoS 0; waits while paho's queue is full. False: the link is lost. `expiry_s`: what is left of its time, as a
 * bridge has it of what was stored. */
bool client_publish(struct client *client, const char *topic, const char *payload, bool retain);
bool client_publish_stored(struct client *client, const char *topic, const char *payload, unsigned expiry_s);
/* With `properties` user properties, all empty. */
bool client_publish_crowded(struct client *client, const char *topic, const char *payload, unsigned properties);
bool client_request(struct client *client, const char *topic, const char *payload, const char *response_topic);
bool client_reply(struct client *client, const char *topic, const char *payload, const char *correlation);

/* Closes its socket without DISCONNECT, as the end of its process does. The client is of no more use. */
void client_die(struct client *client);

#endif
