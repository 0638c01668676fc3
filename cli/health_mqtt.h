/* health_mqtt.h - asks for somebody's health over MQTT, on a link that is kept from one time to the next. */
#ifndef SKEP_CLI_HEALTH_MQTT_H
#define SKEP_CLI_HEALTH_MQTT_H

#include "health_said.h"
#include "health_target.h"
#include "mqtt.h"

struct health_mqtt;

/* Begins to connect. `target` is borrowed, all else copied; the client id in `options` is replaced by a random one.
 * Errors: those of mqtt_new, ERR_TOPIC for a root that does not fit. */
enum err health_mqtt_new(struct loop *loop, const struct mqtt_options *options, const char *root,
                         const struct health_target *target, health_said *said, void *user, struct health_mqtt **ret,
                         struct errbuf *e);
void health_mqtt_free(struct health_mqtt *health);
DEFINE_AUTO_FREE(health_mqtt)

/* Asks; `said` is called by `until` (monotonic), perhaps before this returns. Not while it is being asked. */
void health_mqtt_ask(struct health_mqtt *health, ms_t until);

/* The broker can be reached. NULL: no. */
bool health_mqtt_is_up(const struct health_mqtt *health);

#endif
