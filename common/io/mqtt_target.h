/* mqtt_target.h - where and as whom an MQTT client connects. Immutable and shared: an attempt that the thread pool is
 * still busy with may outlive its client. References are counted on the loop's thread only. */
#ifndef SKEP_MQTT_TARGET_H
#define SKEP_MQTT_TARGET_H

#include "mqtt.h"

struct mqtt_target {
    struct broker_list brokers;
    size_t current;                                                   /* of brokers, for the next attempt */
    char *client_id, *username, *password_file, *cafile, *cert, *key; /* NULL = none */
    int keep_alive_s;
    unsigned references;
    unsigned attempts; /* that the thread pool is busy with; for whoever starts them */
};

/* Checks and copies; one reference. ERR_NOMEM, ERR_SYNTAX or ERR_RANGE with a sentence. */
enum err mqtt_target_new(const struct mqtt_options *options, struct mqtt_target **ret, struct errbuf *e);
struct mqtt_target *mqtt_target_ref(struct mqtt_target *target);
void mqtt_target_unref(struct mqtt_target *target); /* NULL is fine */
const struct address *mqtt_target_address(const struct mqtt_target *target);

#endif
