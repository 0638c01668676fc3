/* mqtt.h - the MQTT client (mqtt_client.h: options, events, errors) as a guest of the loop. Begins to connect with
 * its `start` and keeps at it, by the schedule that the driver's retry_in gives, which is required. All calls and
 * events on the loop's thread; events may call all but `drain` and `free`. */
#ifndef SKEP_MQTT_H
#define SKEP_MQTT_H

#include "loop.h"
#include "mqtt_client.h"

struct mqtt;

/* As mqtt_client_new. */
enum err mqtt_new(struct loop *loop, const struct mqtt_options *options, const struct mqtt_events *events, void *user,
                  struct mqtt **ret, struct errbuf *e);

/* Closes without DISCONNECT: the broker publishes the will. Does not wait; not from an event. NULL is fine. */
void mqtt_free(struct mqtt *mqtt);
DEFINE_AUTO_FREE(mqtt)

/* As their namesakes in mqtt_client.h; `drain` and `free` not from an event. A table, for those who take another
 * transport, too. */
struct mqtt_ops {
    void (*start)(struct mqtt *mqtt);
    void (*stop)(struct mqtt *mqtt, void (*done)(void *user));
    void (*drop)(struct mqtt *mqtt, const char *why);
    void (*renew)(struct mqtt *mqtt);
    bool (*drain)(struct mqtt *mqtt);
    bool (*is_up)(const struct mqtt *mqtt);
    bool (*is_behind)(const struct mqtt *mqtt);
    enum err (*publish)(struct mqtt *mqtt, const struct publish *publish);
    enum err (*subscribe)(struct mqtt *mqtt, const struct subscribe *subscribe);
    enum err (*unsubscribe)(struct mqtt *mqtt, const char *filter);
    void (*free)(struct mqtt *mqtt);
};

extern const struct mqtt_ops mqtt_ops;

#endif
