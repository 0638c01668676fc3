/* bench_publisher PORT seven|full WORKERS FIRST COUNT RATE - publishes COUNT rounds of heartbeats, one of each worker
 * per round, RATE a second or, if that is 0, as fast as the broker takes them, and ends when all are written. FIRST is
 * the number of the first round. */
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "payload.h"

#define BURST_NS 2000000

#define CLIENTS 10 /* connections, of which each worker uses one */

static struct mosquitto *clients[CLIENTS];
static unsigned connected;

static void on_connect(struct mosquitto *mosquitto, void *user, int reason, int flags, const mosquitto_property *props)
{
    (void)mosquitto, (void)user, (void)flags, (void)props;
    connected += reason == 0;
}

static bool client_connect(unsigned number, int port)
{
    struct mosquitto *mosquitto = mosquitto_new(NULL, true, NULL);
    bool fine = mosquitto != NULL;
    clients[number] = mosquitto;
    if (!fine)
        return false;
    mosquitto_int_option(mosquitto, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_connect_v5_callback_set(mosquitto, on_connect);
    fine = mosquitto_connect(mosquitto, "127.0.0.1", port, 60) == MOSQ_ERR_SUCCESS;
    while (fine && connected == number)
        fine = mosquitto_loop(mosquitto, 100, 1) == MOSQ_ERR_SUCCESS;
    return fine;
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

static bool publish(enum payload kind, unsigned worker, unsigned round, const mosquitto_property *properties)
{
    struct mosquitto *mosquitto = clients[worker % CLIENTS];
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

/* Sleeps until heartbeat number `i` is due. Those of 2 ms come together. */
static void await_turn(unsigned long i, unsigned rate, const struct timespec *began)
{
    unsigned long long wait = rate ? i * 1000000000ull / rate / BURST_NS * BURST_NS : 0;
    unsigned long long ns = (unsigned long long)began->tv_nsec + wait;
    struct timespec due = { began->tv_sec + (time_t)(ns / 1000000000), (long)(ns % 1000000000) };
    if (rate)
        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static bool publish_all(char **argv)
{
    enum payload kind = strcmp(argv[2], "full") == 0 ? PAYLOAD_FULL : PAYLOAD_SEVEN;
    unsigned workers = (unsigned)atoi(argv[3]), first = (unsigned)atoi(argv[4]), count = (unsigned)atoi(argv[5]);
    unsigned rate = (unsigned)atoi(argv[6]);
    unsigned long sent = 0;
    struct timespec began;
    mosquitto_property *properties = heartbeat_properties();
    bool fine = properties != NULL;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (unsigned round = first; round < first + count; round++)
        for (unsigned i = 0; fine && i < workers; i++) {
            await_turn(sent++, rate, &began);
            fine = publish(kind, payload_shuffle(i, workers), round, properties);
        }
    mosquitto_property_free_all(&properties);
    return fine;
}

int main(int argc, char **argv)
{
    bool fine = true;
    if (argc != 7) {
        fprintf(stderr, "usage: %s PORT seven|full WORKERS FIRST COUNT RATE\n", argv[0]);
        return 2;
    }
    mosquitto_lib_init();
    for (unsigned i = 0; fine && i < CLIENTS; i++)
        fine = client_connect(i, atoi(argv[1]));
    fine = fine && publish_all(argv);
    for (unsigned i = 0; i < CLIENTS; i++) {
        mosquitto_disconnect(clients[i]);
        mosquitto_destroy(clients[i]);
    }
    mosquitto_lib_cleanup();
    if (!fine)
        fprintf(stderr, "bench_publisher: the broker does not take it\n");
    return fine ? 0 : 1;
}
