/* mqtt_link.h - one attempt to connect and, if it succeeds, the connection. Each has a libmosquitto client of its own,
 * so that nothing (queued or unacknowledged publishes, state of TLS) reaches the next connection. */
#ifndef SKEP_MQTT_LINK_H
#define SKEP_MQTT_LINK_H

#include "mqtt_target.h"

struct mqtt_link;

struct mqtt_link_owner {
    void (*up)(void *owner); /* CONNACK was fine */
    /* It failed or ended, once. Comes from anywhere, also from within mqtt_link_*: come back later (by a timer), read
     * mqtt_link_why and free it. Never comes from mqtt_link_new and mqtt_link_free. */
    void (*ended)(void *owner);
    void *owner;
    const struct mqtt_events *events; /* borrowed; message, acked, subscribed, packet, drained and will are called */
    void *user;
};

/* Asks for the will and begins to connect on the thread pool. */
enum err mqtt_link_new(struct loop *loop, struct mqtt_target *target, const struct mqtt_link_owner *owner,
                       struct mqtt_link **ret, struct errbuf *e);

/* Closes at once; no event comes any more. One that was never up says DISCONNECT if it can, so that its will is not
 * published. One that the thread pool is busy with is freed when the pool is done. NULL is fine. */
void mqtt_link_free(struct mqtt_link *link);

bool mqtt_link_is_up(const struct mqtt_link *link);
bool mqtt_link_has_ended(const struct mqtt_link *link);
const char *mqtt_link_why(const struct mqtt_link *link); /* one sentence; borrowed until the link is freed */

/* Reads what has arrived, as the loop would. True: nothing is left; false: more lies there. */
bool mqtt_link_drain(struct mqtt_link *link);

void mqtt_link_tick(struct mqtt_link *link);                 /* once a second: keep alive */
void mqtt_link_end(struct mqtt_link *link, const char *why); /* nothing is read or written any more */
void mqtt_link_disconnect(struct mqtt_link *link);           /* DISCONNECT; `ended` comes when it is written */

/* As in mqtt.h; for a link that is up. */
enum err mqtt_link_publish(struct mqtt_link *link, const struct publish *publish);
enum err mqtt_link_subscribe(struct mqtt_link *link, const struct subscribe *subscribe);
enum err mqtt_link_unsubscribe(struct mqtt_link *link, const char *filter);

#endif
