/* health_mqtt.h - health requests over MQTT, one at a time, over a connection that is kept between them. Its owner
 * polls one descriptor and one deadline (mqtt_client.h). */
#ifndef SKEP_CLI_HEALTH_MQTT_H
#define SKEP_CLI_HEALTH_MQTT_H

#include "health_answer.h"
#include "health_target.h"
#include "mqtt_client.h"

struct health_mqtt;

/* Connects as a client of its own. `target` is borrowed for the life of the requests, `options` (but for the client id,
 * which is made here) and `root` during the call. ERR_SYNTAX for a root that is too long, ERR_NOMEM, and the errors of
 * mqtt_client_new; each with a sentence. */
enum err health_mqtt_new(const struct mqtt_options *options, const char *root, const struct health_target *target,
                         struct health_mqtt **ret, struct errbuf *e);
void health_mqtt_free(struct health_mqtt *health);
DEFINE_AUTO_FREE(health_mqtt)

/* Begins a request that ends at `until`, by clock_mono, at the latest. */
void health_mqtt_request(struct health_mqtt *health, ms_t until);

/* ERR_STATE: it has not ended yet. OK: *ret is the answer. ERR_UNREACHABLE: there is none, and why. */
enum err health_mqtt_result(const struct health_mqtt *health, struct health_answer *ret, struct errbuf *why);

bool health_mqtt_is_connecting(const struct health_mqtt *health); /* for the first time; false for NULL */
bool health_mqtt_is_up(const struct health_mqtt *health);         /* connected; false for NULL */

int health_mqtt_fd(const struct health_mqtt *health, short *ret_events);
ms_t health_mqtt_deadline(const struct health_mqtt *health);
void health_mqtt_turn(struct health_mqtt *health);

#endif
