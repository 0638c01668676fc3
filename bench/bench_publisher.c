/* bench_publisher PORT seven|full WORKERS FIRST COUNT - publishes COUNT rounds of heartbeats, one of each worker per
 * round, as fast as the broker takes them, and ends when all are written. FIRST is the number of the first round. */
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "payload.h"

static bool connected;

static void on_connect(struct mosquitto *mosquitto, void *user, int reason, int flags, const mosquitto_property *props)
{
    (void)mosquitto, (void)user, (void)flags, (void)props;
    connected = reason == 0;
}

static mosquitto_property *heartbeat_properties(void)
{
    mosquitto_property *properties = NULL;
    if (mosquitto_property_add_byte(&properties, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1) ||
        mosquitto_property_add_int32(&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, 86400) ||
        mosquitto_property_add_string(&properties, MQTT_PROP_CONTENT_TYPE, "application/json"))
        return NULL;
    return properties;
}

static bool publish(struct mosquitto *mosquitto, enum payload kind, unsigned worker, unsigned round,
                    const mosquitto_property *properties)
{
    char topic[128], name[PAYLOAD_NAME_SIZE], document[PAYLOAD_SIZE];
    size_t len = payload_write(kind, worker, round, document);
    payload_name(worker, name);
    snprintf(topic, sizeof topic, "skep/v1/hive/default/worker/%s/heartbeat", name);
    if (mosquitto_publish_v5(mosquitto, NULL, topic, (int)len, document, 0, true, properties))
        return false;
    while (mosquitto_want_write(mosquitto))
        if (mosquitto_loop(mosquitto, 100, 1))
            return false;
    return true;
}

static bool publish_all(struct mosquitto *mosquitto, char **argv)
{
    enum payload kind = strcmp(argv[2], "full") == 0 ? PAYLOAD_FULL : PAYLOAD_SEVEN;
    unsigned workers = (unsigned)atoi(argv[3]), first = (unsigned)atoi(argv[4]), count = (unsigned)atoi(argv[5]);
    mosquitto_property *properties = heartbeat_properties();
    bool fine = properties != NULL;
    for (unsigned round = first; round < first + count; round++)
        for (unsigned i = 0; fine && i < workers; i++)
            fine = publish(mosquitto, kind, payload_shuffle(i, workers), round, properties);
    mosquitto_property_free_all(&properties);
    return fine;
}

int main(int argc, char **argv)
{
    struct mosquitto *mosquitto;
    bool fine = false;
    if (argc != 6) {
        fprintf(stderr, "usage: %s PORT seven|full WORKERS FIRST COUNT\n", argv[0]);
        return 2;
    }
    mosquitto_lib_init();
    mosquitto = mosquitto_new("bench-publisher", true, NULL);
    if (mosquitto) {
        mosquitto_int_option(mosquitto, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
        mosquitto_connect_v5_callback_set(mosquitto, on_connect);
        fine = mosquitto_connect(mosquitto, "127.0.0.1", atoi(argv[1]), 60) == MOSQ_ERR_SUCCESS;
        while (fine && !connected)
            fine = mosquitto_loop(mosquitto, 100, 1) == MOSQ_ERR_SUCCESS;
        fine = fine && publish_all(mosquitto, argv);
        mosquitto_disconnect(mosquitto);
        mosquitto_destroy(mosquitto);
    }
    mosquitto_lib_cleanup();
    if (!fine)
        fprintf(stderr, "bench_publisher: the broker does not take it\n");
    return fine ? 0 : 1;
}
