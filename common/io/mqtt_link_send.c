#include "mqtt_link_parts.h"

#include <errno.h>
#include <limits.h>

#include "mqtt_properties.h"

/* Faults of libmosquitto as callers see them; what is not listed is ERR_IO. */
static const struct {
    int fault;
    enum err err;
} errors[] = {
    { MOSQ_ERR_SUCCESS, OK },
    { MOSQ_ERR_NOMEM, ERR_NOMEM },
    { MOSQ_ERR_NO_CONN, ERR_UNREACHABLE },
    { MOSQ_ERR_CONN_LOST, ERR_UNREACHABLE },
    { MOSQ_ERR_OVERSIZE_PACKET, ERR_TOO_LARGE },
    { MOSQ_ERR_PAYLOAD_SIZE, ERR_TOO_LARGE },
    { MOSQ_ERR_INVAL, ERR_TOPIC },
    { MOSQ_ERR_MALFORMED_UTF8, ERR_TOPIC },
    { MOSQ_ERR_QOS_NOT_SUPPORTED, ERR_REFUSED },
};

enum err mqtt_link_error(int fault)
{
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        if (errors[i].fault == fault)
            return errors[i].err;
    }
    return ERR_IO;
}

void mqtt_link_write(struct mqtt_link *link)
{
    int fault;

    errno = 0;
    if (link->ended || !mosquitto_want_write(link->mosquitto))
        return;
    fault = mosquitto_loop_write(link->mosquitto, 1);
    if (fault)
        mqtt_link_end_by_fault(link, fault, errno);
}

void mqtt_link_disconnect(struct mqtt_link *link)
{
    if (!link->up)
        return;
    if (mosquitto_disconnect_v5(link->mosquitto, MQTT_RC_NORMAL_DISCONNECTION, NULL))
        mqtt_link_end(link, "disconnected");
    mqtt_link_set_interests(link);
}

enum err mqtt_link_publish(struct mqtt_link *link, const struct publish *publish)
{
    mosquitto_property *properties = NULL;
    int packet_id = 0;
    enum err err;
    int fault;

    if (publish->payload.len > INT_MAX)
        return ERR_TOO_LARGE;
    err = mqtt_properties_write(publish, &properties);
    if (err)
        return err;
    fault = mosquitto_publish_v5(link->mosquitto, &packet_id, publish->topic, (int)publish->payload.len,
                                 publish->payload.at, publish->qos, publish->retain, properties);
    mosquitto_property_free_all(&properties);
    if (!fault && publish->qos > 0)
        link->tokens[packet_id & UINT16_MAX] = publish->token;
    mqtt_link_set_interests(link);
    return mqtt_link_error(fault);
}

enum err mqtt_link_subscribe(struct mqtt_link *link, const struct subscribe *subscribe)
{
    int options = (subscribe->no_local ? MQTT_SUB_OPT_NO_LOCAL : 0) | subscribe->retain_handling << 4;
    int packet_id = 0;
    int fault = mosquitto_subscribe_v5(link->mosquitto, &packet_id, subscribe->filter, subscribe->qos, options, NULL);

    if (!fault)
        link->tokens[packet_id & UINT16_MAX] = subscribe->token;
    mqtt_link_set_interests(link);
    return mqtt_link_error(fault);
}

enum err mqtt_link_unsubscribe(struct mqtt_link *link, const char *filter)
{
    int fault = mosquitto_unsubscribe_v5(link->mosquitto, NULL, filter, NULL);

    mqtt_link_set_interests(link);
    return mqtt_link_error(fault);
}
