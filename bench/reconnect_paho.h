/* reconnect_paho.h - the least worker that can be made of paho: connects, publishes a birth, and when the link is lost
 * reconnects by the schedule of the worker library. Made twice, of MQTTAsync and of MQTTClient; a program links one. */
#ifndef BENCH_RECONNECT_PAHO_H
#define BENCH_RECONNECT_PAHO_H

#include <stdbool.h>
#include <time.h>

enum paho_use {
    PAHO_SAME_HANDLE, /* one handle for all connections */
    PAHO_NEW_HANDLE,  /* destroys the handle after each loss and each refusal, and creates another */
};

extern const char reconnect_paho_api[]; /* which of the two */

struct reconnect_paho;

/* Waits before an attempt: 0, 60, 120 and 180 ms after the loss, as the worker library does; then every 500 ms. */
static inline void reconnect_paho_wait(unsigned attempt)
{
    long ms = attempt == 0 ? 0 : attempt < 4 ? 60 : 500;
    struct timespec wait = { .tv_nsec = ms * 1000000L };
    nanosleep(&wait, NULL);
}

/* `uri` is mqtt://host:port; the birth is published on `topic`. NULL on failure. */
struct reconnect_paho *reconnect_paho_start(const char *uri, const char *topic, const char *birth, enum paho_use use);
void reconnect_paho_stop(struct reconnect_paho *paho);

#endif
