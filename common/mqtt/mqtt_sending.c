#include "mqtt_sending.h"

#include <errno.h>
#include <limits.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "clock.h"
#include "mqtt_fault.h"
#include "mqtt_properties.h"
#include "mqtt_socket.h"

/* UNSUBSCRIBE with it changes nothing, and every broker answers it. */
#define FILTER_OF_NOBODY "$skep/keep-alive"

#define AWAITED_OVERHEAD_BYTES 512 /* what libmosquitto keeps of a message besides its bytes */

enum err mqtt_sending_publish(struct mqtt_sending *sending, const struct publish *publish)
{
    mosquitto_property *properties = NULL;
    int packet_id = 0, fault;
    enum err err;
    if (publish->payload.len > INT_MAX)
        return ERR_TOO_LARGE;
    if (publish->qos > 0 && mqtt_awaited_is_full(&sending->awaited))
        return ERR_FULL;
    if ((err = mqtt_properties_write(publish, &properties)) != OK)
        return err;
    fault = mosquitto_publish_v5(sending->mosquitto, &packet_id, publish->topic, (int)publish->payload.len,
                                 publish->payload.at, publish->qos, publish->retain && !sending->no_retain, properties);
    mosquitto_property_free_all(&properties);
    if (fault == MOSQ_ERR_SUCCESS)
        sending->sent_at = clock_mono();
    if (fault == MOSQ_ERR_SUCCESS && publish->qos > 0)
        mqtt_awaited_add(&sending->awaited, packet_id, publish->token, publish_size(publish) + AWAITED_OVERHEAD_BYTES);
    return mqtt_fault_err(fault);
}

enum err mqtt_sending_subscribe(struct mqtt_sending *sending, const struct subscribe *subscribe)
{
    int options = (subscribe->no_local ? MQTT_SUB_OPT_NO_LOCAL : 0) | subscribe->retain_handling << 4;
    int packet_id = 0, fault;
    if (subscribe->token && mqtt_awaited_is_full(&sending->awaited))
        return ERR_FULL;
    fault = mosquitto_subscribe_v5(sending->mosquitto, &packet_id, subscribe->filter, subscribe->qos, options, NULL);
    if (fault == MOSQ_ERR_SUCCESS && subscribe->token)
        mqtt_awaited_add(&sending->awaited, packet_id, subscribe->token, 0);
    return mqtt_fault_err(fault);
}

enum err mqtt_sending_unsubscribe(struct mqtt_sending *sending, const char *filter)
{
    return mqtt_fault_err(mosquitto_unsubscribe_v5(sending->mosquitto, NULL, filter, NULL));
}

/* Each packet is a call to the kernel, which is to send them together. */
int mqtt_sending_write(struct mqtt_sending *sending)
{
    int fault, fd = mosquitto_socket(sending->mosquitto);
    if (!mosquitto_want_write(sending->mosquitto))
        return MOSQ_ERR_SUCCESS;
    mqtt_socket_hold(fd, true);
    errno = 0;
    fault = mosquitto_loop_write(sending->mosquitto, 1);
    if (fault == MOSQ_ERR_SUCCESS)
        mqtt_socket_hold(fd, false);
    return fault;
}

int mqtt_sending_prove_life(struct mqtt_sending *sending, ms_t now, ms_t keep_alive)
{
    if (now - sending->sent_at < keep_alive * 3 / 4)
        return MOSQ_ERR_SUCCESS;
    sending->sent_at = now;
    return mosquitto_unsubscribe_v5(sending->mosquitto, NULL, FILTER_OF_NOBODY, NULL);
}
