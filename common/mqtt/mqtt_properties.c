#include "mqtt_properties.h"

#include <stdlib.h>

#define PAYLOAD_IS_TEXT 1

/* libmosquitto copies the list of a QoS 1 publish with strdup, which an empty string does not survive there. */
static int write_string(mosquitto_property **list, int identifier, const char *value)
{
    return *value ? mosquitto_property_add_string(list, identifier, value) : MOSQ_ERR_INVAL;
}

static int write_all(const struct publish *publish, mosquitto_property **list)
{
    int fault = MOSQ_ERR_SUCCESS;
    if (publish->content_type)
        fault = mosquitto_property_add_byte(list, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, PAYLOAD_IS_TEXT);
    if (publish->content_type && !fault)
        fault = write_string(list, MQTT_PROP_CONTENT_TYPE, publish->content_type);
    if (publish->expiry_s != 0 && !fault)
        fault = mosquitto_property_add_int32(list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, publish->expiry_s);
    if (publish->response_topic && !fault)
        fault = write_string(list, MQTT_PROP_RESPONSE_TOPIC, publish->response_topic);
    if (publish->correlation.at && !fault)
        fault = mosquitto_property_add_binary(list, MQTT_PROP_CORRELATION_DATA, publish->correlation.at,
                                              (uint16_t)publish->correlation.len);
    return fault;
}

enum err mqtt_properties_write(const struct publish *publish, mosquitto_property **ret)
{
    mosquitto_property *list = NULL;
    int fault;
    if (publish->correlation.len > UINT16_MAX)
        return ERR_TOO_LARGE;
    fault = write_all(publish, &list);
    if (fault) {
        mosquitto_property_free_all(&list);
        return fault == MOSQ_ERR_NOMEM ? ERR_NOMEM : ERR_TOPIC;
    }
    *ret = list;
    return OK;
}

static bool read_correlation(const mosquitto_property *at, struct message *message, struct mqtt_copies *copies)
{
    uint16_t len = 0;
    if (!mosquitto_property_read_binary(at, MQTT_PROP_CORRELATION_DATA, &copies->correlation, &len, false))
        return false;
    message->correlation = (struct text){ copies->correlation ? copies->correlation : "", len };
    return true;
}

static bool read_response(const mosquitto_property *at, struct message *message, struct mqtt_copies *copies)
{
    if (!mosquitto_property_read_string(at, MQTT_PROP_RESPONSE_TOPIC, &copies->response_topic, false))
        return false;
    message->response_topic = text_of(copies->response_topic ? copies->response_topic : "");
    return true;
}

/* The standard allows each of these once, and libmosquitto drops the link of a sender that repeats one. */
bool mqtt_properties_read(const mosquitto_property *list, struct message *message, struct mqtt_copies *copies)
{
    for (const mosquitto_property *at = list; at && message->properties <= MESSAGE_PROPERTIES_MAX;
         at = mosquitto_property_next(at)) {
        switch (mosquitto_property_identifier(at)) {
        case MQTT_PROP_MESSAGE_EXPIRY_INTERVAL:
            message->has_expiry =
                mosquitto_property_read_int32(at, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, &message->expiry_s, false);
            break;
        case MQTT_PROP_RESPONSE_TOPIC:
            if (!copies->response_topic && !read_response(at, message, copies))
                return false;
            break;
        case MQTT_PROP_CORRELATION_DATA:
            if (!copies->correlation && !read_correlation(at, message, copies))
                return false;
            break;
        case MQTT_PROP_USER_PROPERTY:
            message->properties++;
            break;
        default:
            break;
        }
    }
    return true;
}

void mqtt_copies_clear(struct mqtt_copies *copies)
{
    free(copies->response_topic);
    free(copies->correlation);
}

static bool is_zero(const mosquitto_property *list, int property)
{
    uint8_t value;
    return mosquitto_property_read_byte(list, property, &value, false) && value == 0;
}

struct link_facts mqtt_properties_facts(const mosquitto_property *list)
{
    struct link_facts facts = { .no_retain = is_zero(list, MQTT_PROP_RETAIN_AVAILABLE),
                                .no_wildcards = is_zero(list, MQTT_PROP_WILDCARD_SUB_AVAILABLE),
                                .qos0_only = is_zero(list, MQTT_PROP_MAXIMUM_QOS) };
    (void)mosquitto_property_read_int32(list, MQTT_PROP_MAXIMUM_PACKET_SIZE, &facts.packet_max, false);
    (void)mosquitto_property_read_int16(list, MQTT_PROP_RECEIVE_MAXIMUM, &facts.receive_max, false);
    return facts;
}

void mqtt_properties_keep_alive(const mosquitto_property *list, ms_t *ret)
{
    uint16_t seconds;
    if (mosquitto_property_read_int16(list, MQTT_PROP_SERVER_KEEP_ALIVE, &seconds, false))
        *ret = seconds * (ms_t)1000;
}
