/* mqtt_properties.h - the MQTT 5 properties of a PUBLISH, a will or CONNACK, to and from libmosquitto's lists. */
#ifndef SKEP_MQTT_PROPERTIES_H
#define SKEP_MQTT_PROPERTIES_H

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "wire.h"

/* The list for `publish`, NULL for none; the caller frees it with mosquitto_property_free_all. ERR_NOMEM, ERR_TOO_LARGE
 * for a correlation over 65,535 bytes, ERR_TOPIC for a response topic or content type that
 * is empty or not UTF-8. */
enum err mqtt_properties_write(const struct publish *publish, mosquitto_property **ret);

/* What libmosquitto hands out as copies; they live until mqtt_copies_clear. */
struct mqtt_copies {
    char *response_topic;
    void *correlation;
};

/* Fills in the message's expiry, response topic and correlation, and counts its user properties. False: out of memory,
 * the message is not complete. */
bool mqtt_properties_read(const mosquitto_property *list, struct message *message, struct mqtt_copies *copies);
void mqtt_copies_clear(struct mqtt_copies *copies);

/* What CONNACK grants, without connect_ms. */
struct link_facts mqtt_properties_facts(const mosquitto_property *list);

/* The keep alive that the broker demands in CONNACK, which counts for libmosquitto too; else `ret` stays as it is. */
void mqtt_properties_keep_alive(const mosquitto_property *list, ms_t *ret);

#endif
