#include "mqtt_reading.h"

#include <errno.h>
#include <mosquitto.h>

#include "clock.h"
#include "mqtt_socket.h"
#include "mqtt_tls.h"

/* A turn reads no more packets and no longer than this, so that nothing else starves: in CPU time, for where others
 * run, too, no less shall be read; and by the clock, for who takes the packets may sleep. Both are looked at now and
 * then, by what has come: per packet it would cost more than small packets do. */
#define BURST_MAX 2000
#define BURST_CPU_US 5000
#define BURST_MS 50
#define BURST_CLOCK_EVERY 8      /* calls; each reads as many packets as messages of ours await their acknowledgement */
#define BURST_CLOCK_WEIGHT 16384 /* 0.1 ms, but for the last message: up to 0.6 ms with many properties */

#define COALESCE_BYTES 32768 /* wake it while it is not to be read yet (mqtt_pace.h) */

bool mqtt_reading_is_due(struct mqtt_reading *reading)
{
    bool writes;
    if (mqtt_pace_waits(&reading->pace) || reading->cut)
        return true;
    reading->readable = reading->readable || mqtt_socket_is_readable(mosquitto_socket(reading->mosquitto));
    return reading->readable || mqtt_tls_is_in_handshake(reading->mosquitto, &writes);
}

void mqtt_reading_weigh(struct mqtt_reading *reading, size_t cost)
{
    reading->weight += cost;
    if (reading->weight >= BURST_CLOCK_WEIGHT)
        errno = EAGAIN;
}

/* It has lasted for as long as it may, as far as it is time to look. */
static bool is_over(struct mqtt_reading *reading, unsigned calls, int64_t began_us, ms_t began)
{
    if (calls % BURST_CLOCK_EVERY != 0 && reading->weight < BURST_CLOCK_WEIGHT)
        return false;
    reading->weight = 0;
    return clock_thread_us() - began_us >= BURST_CPU_US || clock_mono() - began >= BURST_MS;
}

/* Each call of libmosquitto handles about one packet. One that brings nothing ends the burst: the rest shows as a
 * readable socket, but for what TLS has decrypted already. */
int mqtt_reading_burst(struct mqtt_reading *reading, const bool *ended, int *ret_number)
{
    unsigned idle_max = reading->tls ? 2 : 1;
    unsigned idle = 0, calls = 0, before;
    int64_t began_us = clock_thread_us();
    ms_t began = clock_mono();
    int fault;
    reading->handed = 0;
    reading->weight = 0;
    do {
        before = reading->handed;
        errno = 0; /* libmosquitto reads it also when nothing failed */
        fault = mosquitto_loop_read(reading->mosquitto, 1);
        *ret_number = errno;
        idle = reading->handed == before ? idle + 1 : 0;
        reading->cut = reading->handed >= BURST_MAX || is_over(reading, ++calls, began_us, began);
    } while (fault == MOSQ_ERR_SUCCESS && !*ended && idle < idle_max && !reading->cut);
    if (reading->handed > 0)
        reading->received_at = clock_mono();
    return fault;
}

/* After a wait it reads without asking. One that brought nothing is not acknowledged: what the broker sends would come
 * in smaller pieces from then on. */
void mqtt_reading_pace(struct mqtt_reading *reading, ms_t sent_at)
{
    int fd = mosquitto_socket(reading->mosquitto);
    bool has_waited = mqtt_pace_waits(&reading->pace);
    bool busy = mqtt_pace_note(&reading->pace, reading->handed, reading->cut, sent_at, clock_mono());
    if (mqtt_pace_waits(&reading->pace) != has_waited)
        mqtt_socket_wake_at(fd, has_waited ? 1 : COALESCE_BYTES);
    if (!busy && (reading->handed > 0 || !has_waited))
        mqtt_socket_acknowledge(fd);
}
