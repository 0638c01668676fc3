/* bench_reconnect - how long a worker is away when its link is reset: the worker library, and the same made of paho,
 * through the same proxy to the same broker, as an observer sees it. */
#include <mosquitto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broker.h"
#include "clock.h"
#include "figure.h"
#include "proxy.h"
#include "reconnect_paho.h"
#include "skep/worker.h"

#define ROUNDS 20
#define LIMIT_S 30    /* for a contender that does not return */
#define LIVED_MS 1300 /* longer than any timer of either library runs after a connect */
#define TOPIC "skep/v1/hive/default/worker/bench/presence"
#define BIRTH "\"presence\":\"online\""

struct observer {
    struct mosquitto *mosq;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned births;
    uint64_t seen_us; /* the latest */
};

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000;
}

static void on_message(struct mosquitto *mosq, void *user, const struct mosquitto_message *message)
{
    struct observer *observer = user;
    char text[512];
    (void)mosq;
    snprintf(text, sizeof text, "%.*s", message->payloadlen, (const char *)message->payload);
    if (!strstr(text, BIRTH))
        return;
    pthread_mutex_lock(&observer->mutex);
    observer->births++;
    observer->seen_us = now_us();
    pthread_cond_signal(&observer->changed);
    pthread_mutex_unlock(&observer->mutex);
}

static bool observer_start(struct observer *observer, int port)
{
    *observer = (struct observer){ .mosq = mosquitto_new("bench-observer", true, observer) };
    if (!observer->mosq || pthread_mutex_init(&observer->mutex, NULL) || pthread_cond_init(&observer->changed, NULL))
        return false;
    mosquitto_message_callback_set(observer->mosq, on_message);
    return mosquitto_connect(observer->mosq, "127.0.0.1", port, 60) == MOSQ_ERR_SUCCESS &&
           mosquitto_subscribe(observer->mosq, NULL, TOPIC, 0) == MOSQ_ERR_SUCCESS &&
           mosquitto_loop_start(observer->mosq) == MOSQ_ERR_SUCCESS;
}

static void observer_stop(struct observer *observer)
{
    mosquitto_disconnect(observer->mosq);
    mosquitto_loop_stop(observer->mosq, false);
    mosquitto_destroy(observer->mosq);
}

/* When the birth after the first `before` ones was seen; 0: not within LIMIT_S. */
static uint64_t observer_await(struct observer *observer, unsigned before)
{
    struct timespec until;
    uint64_t seen = 0;
    int rc = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LIMIT_S;
    pthread_mutex_lock(&observer->mutex);
    while (observer->births <= before && rc == 0)
        rc = pthread_cond_timedwait(&observer->changed, &observer->mutex, &until);
    if (observer->births > before)
        seen = observer->seen_us;
    pthread_mutex_unlock(&observer->mutex);
    return seen;
}

static unsigned observer_births(struct observer *observer)
{
    pthread_mutex_lock(&observer->mutex);
    unsigned births = observer->births;
    pthread_mutex_unlock(&observer->mutex);
    return births;
}

/* Contenders: started at `uri`, stopped again. */

static void *library_start(const char *uri)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct skep_worker *worker = NULL;
    options.broker = uri;
    options.worker = "bench";
    options.interval_ms = 3600000;
    return skep_worker_open(&options, &worker, NULL, 0) == SKEP_OK ? worker : NULL;
}

static void library_stop(void *worker)
{
    skep_worker_close(worker, NULL, 1000);
}

static void *same_handle_start(const char *uri)
{
    return reconnect_paho_start(uri, TOPIC, "{" BIRTH "}", PAHO_SAME_HANDLE);
}

static void *new_handle_start(const char *uri)
{
    return reconnect_paho_start(uri, TOPIC, "{" BIRTH "}", PAHO_NEW_HANDLE);
}

static void paho_stop(void *paho)
{
    reconnect_paho_stop(paho);
}

static const struct contender {
    const char *api, *name;
    void *(*start)(const char *uri);
    void (*stop)(void *contender);
} contenders[] = {
    { "libskep-worker", "", library_start, library_stop },
    { reconnect_paho_api, ", same handle", same_handle_start, paho_stop },
    { reconnect_paho_api, ", new handle", new_handle_start, paho_stop },
};

static bool measure_once(struct observer *observer, struct proxy *proxy, ms_t refuse, double *ret_ms)
{
    static const struct timespec lived = { .tv_sec = LIVED_MS / 1000, .tv_nsec = LIVED_MS % 1000 * 1000000L };
    unsigned births;
    uint64_t lost, back;
    nanosleep(&lived, NULL);
    births = observer_births(observer);
    lost = now_us();
    proxy_reset(proxy, refuse);
    back = observer_await(observer, births);
    *ret_ms = (double)(back - lost) / 1000;
    return back != 0;
}

static bool measure(const struct contender *contender, struct observer *observer, struct proxy *proxy, ms_t refuse)
{
    char uri[64], what[96];
    double away[ROUNDS], median;
    void *started;
    bool fine;
    snprintf(uri, sizeof uri, "mqtt://127.0.0.1:%d", proxy_port(proxy));
    unsigned births = observer_births(observer);
    started = contender->start(uri);
    fine = started && observer_await(observer, births) != 0;
    for (size_t i = 0; fine && i < ROUNDS; i++)
        fine = measure_once(observer, proxy, refuse, &away[i]);
    if (started)
        contender->stop(started);
    if (!fine)
        return false;
    median = figure_median(away, ROUNDS);
    snprintf(what, sizeof what, "%s%s, refused %d ms: median", contender->api, contender->name, (int)refuse);
    figure_print(what, median, "ms");
    snprintf(what, sizeof what, "%s%s, refused %d ms: longest", contender->api, contender->name, (int)refuse);
    figure_print(what, away[ROUNDS - 1], "ms");
    return true;
}

int main(int argc, char **argv)
{
    static const ms_t refusals[] = { 0, 100 };
    struct broker *broker = broker_start(NULL);
    struct proxy *proxy = broker ? proxy_start(broker_port(broker)) : NULL;
    struct observer observer;
    bool fine;
    mosquitto_lib_init();
    fine = proxy && observer_start(&observer, broker_port(broker));
    for (size_t r = 0; fine && r < ARRAY_LEN(refusals); r++)
        for (size_t c = 0; fine && c < ARRAY_LEN(contenders); c++)
            fine = measure(&contenders[c], &observer, proxy, refusals[r]);
    if (!fine)
        fputs("bench_reconnect: no broker, or a client that did not return\n", stderr);
    else
        observer_stop(&observer);
    proxy_free(proxy);
    broker_free(broker);
    return fine ? figures_exit(argc, argv) : 1;
}
