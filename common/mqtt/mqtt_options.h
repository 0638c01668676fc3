/* mqtt_options.h - checks the options of a client, and keeps them. Part of mqtt_client. */
#ifndef SKEP_MQTT_OPTIONS_H
#define SKEP_MQTT_OPTIONS_H

#include "arena.h"
#include "mqtt_events.h"

/* Copies texts into the arena, and puts defaults in place of 0. The errors of broker_login_check; ERR_RANGE, ERR_NOMEM.
 * With a sentence. */
enum err mqtt_options_take(const struct mqtt_options *options, struct arena *arena, struct mqtt_options *ret,
                           struct broker_list *ret_brokers, struct errbuf *e);

#endif
