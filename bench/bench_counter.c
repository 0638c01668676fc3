/* bench_counter PORT COUNT... - subscribes to the heartbeats and counts them, and does nothing else: what any program
 * pays that hears a fleet through libmosquitto's own loop. Prints `ready`, and a line each time another COUNT of them
 * have come; then it waits to be ended. */
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned long received;

static void on_connect(struct mosquitto *mosquitto, void *user, int reason, int flags, const mosquitto_property *props)
{
    (void)user, (void)flags, (void)props;
    if (reason == 0)
        mosquitto_subscribe_v5(mosquitto, NULL, "skep/v1/hive/+/worker/+/heartbeat", 0, 0, NULL);
}

static void on_subscribe(struct mosquitto *mosquitto, void *user, int mid, int count, const int *granted,
                         const mosquitto_property *props)
{
    (void)mosquitto, (void)user, (void)mid, (void)count, (void)granted, (void)props;
    puts("ready");
    fflush(stdout);
}

static void on_message(struct mosquitto *mosquitto, void *user, const struct mosquitto_message *message,
                       const mosquitto_property *props)
{
    (void)mosquitto, (void)user, (void)message, (void)props;
    received++;
}

static bool count_to(struct mosquitto *mosquitto, unsigned long goal)
{
    while (received < goal)
        if (mosquitto_loop(mosquitto, -1, 1))
            return false;
    printf("%lu\n", received);
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    struct mosquitto *mosquitto;
    unsigned long goal = 0;
    bool fine;
    if (argc < 3) {
        fprintf(stderr, "usage: %s PORT COUNT...\n", argv[0]);
        return 2;
    }
    mosquitto_lib_init();
    mosquitto = mosquitto_new("bench-counter", true, NULL);
    if (!mosquitto)
        return 1;
    mosquitto_int_option(mosquitto, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_connect_v5_callback_set(mosquitto, on_connect);
    mosquitto_subscribe_v5_callback_set(mosquitto, on_subscribe);
    mosquitto_message_v5_callback_set(mosquitto, on_message);
    fine = mosquitto_connect(mosquitto, "127.0.0.1", atoi(argv[1]), 60) == MOSQ_ERR_SUCCESS;
    for (int i = 2; fine && i < argc; i++)
        fine = count_to(mosquitto, goal += strtoul(argv[i], NULL, 10));
    while (fine)
        pause();
    fprintf(stderr, "bench_counter: lost the broker\n");
    return 1;
}
