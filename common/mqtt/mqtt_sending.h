/* mqtt_sending.h - what is sent on a connection, and what of it awaits an acknowledgement. Part of mqtt_session. */
#ifndef SKEP_MQTT_SENDING_H
#define SKEP_MQTT_SENDING_H

#include "mqtt_awaited.h"
#include "wire.h"

struct mosquitto;

struct mqtt_sending {
    struct mosquitto *mosquitto; /* borrowed */
    bool no_retain;              /* as struct mqtt_peer has it, or CONNACK says */
    ms_t sent_at;                /* the latest packet of ours but for acknowledgements and PINGREQ */
    struct mqtt_awaited awaited;
};

/* As in mqtt_client.h. */
enum err mqtt_sending_publish(struct mqtt_sending *sending, const struct publish *publish);
enum err mqtt_sending_subscribe(struct mqtt_sending *sending, const struct subscribe *subscribe);
enum err mqtt_sending_unsubscribe(struct mqtt_sending *sending, const char *filter);

/* Writes what libmosquitto holds back, as far as the socket takes it. Its fault, with errno as it was then, or
 * MOSQ_ERR_SUCCESS. */
int mqtt_sending_write(struct mqtt_sending *sending);

/* The broker must receive something in 1.5 keep alives: sends it what changes nothing, unless something was sent in the
 * last three quarters of one. libmosquitto's fault, or MOSQ_ERR_SUCCESS. */
int mqtt_sending_prove_life(struct mqtt_sending *sending, ms_t now, ms_t keep_alive);

#endif
