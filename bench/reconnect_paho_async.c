/* reconnect_paho_async.c - with paho's MQTTAsync, whose thread calls back. */
#include <MQTTAsync.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reconnect_paho.h"

#define CONNECT_LIMIT_S 5

const char reconnect_paho_api[] = "MQTTAsync";

enum paho_state { PAHO_IDLE, PAHO_CONNECTING, PAHO_UP, PAHO_DOWN };

struct reconnect_paho {
    MQTTAsync client; /* NULL = none */
    enum paho_use use;
    char uri[64];
    const char *topic, *birth;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum paho_state state;
    bool stop;
};

/* paho's callbacks run with its own lock held: they only hand over. */
static void set_state(struct reconnect_paho *paho, enum paho_state state)
{
    pthread_mutex_lock(&paho->mutex);
    paho->state = state;
    pthread_cond_signal(&paho->changed);
    pthread_mutex_unlock(&paho->mutex);
}

static void on_connected(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    set_state(context, PAHO_UP);
}

static void on_refused(void *context, MQTTAsync_failureData5 *data)
{
    (void)data;
    set_state(context, PAHO_DOWN);
}

static void on_lost(void *context, char *cause)
{
    (void)cause;
    set_state(context, PAHO_DOWN);
}

static int on_arrived(void *context, char *topic, int len, MQTTAsync_message *message)
{
    (void)context, (void)len;
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static bool have_handle(struct reconnect_paho *paho)
{
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
    if (paho->client && paho->use == PAHO_NEW_HANDLE)
        MQTTAsync_destroy(&paho->client); /* sets it to NULL */
    if (paho->client)
        return true;
    return MQTTAsync_createWithOptions(&paho->client, paho->uri, "bench-paho", MQTTCLIENT_PERSISTENCE_NONE, NULL,
                                       &options) == MQTTASYNC_SUCCESS &&
           MQTTAsync_setCallbacks(paho->client, paho, on_lost, on_arrived, NULL) == MQTTASYNC_SUCCESS;
}

static void connect(struct reconnect_paho *paho)
{
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
    options.cleanstart = 1;
    options.keepAliveInterval = 10;
    options.connectTimeout = CONNECT_LIMIT_S;
    options.onSuccess5 = on_connected;
    options.onFailure5 = on_refused;
    options.context = paho;
    set_state(paho, PAHO_CONNECTING);
    if (!have_handle(paho) || MQTTAsync_connect(paho->client, &options) != MQTTASYNC_SUCCESS)
        set_state(paho, PAHO_DOWN);
}

static void publish_birth(struct reconnect_paho *paho)
{
    MQTTAsync_send(paho->client, paho->topic, (int)strlen(paho->birth), paho->birth, 1, 1, NULL);
}

/* Returns the state that it was left for. */
static enum paho_state await_other(struct reconnect_paho *paho, enum paho_state state)
{
    pthread_mutex_lock(&paho->mutex);
    while (paho->state == state && !paho->stop)
        pthread_cond_wait(&paho->changed, &paho->mutex);
    state = paho->stop ? PAHO_IDLE : paho->state;
    pthread_mutex_unlock(&paho->mutex);
    return state;
}

static void *run(void *object)
{
    struct reconnect_paho *paho = object;
    enum paho_state state = PAHO_DOWN;
    for (unsigned attempt = 0; state == PAHO_DOWN; attempt++) {
        reconnect_paho_wait(attempt);
        connect(paho);
        state = await_other(paho, PAHO_CONNECTING);
        if (state != PAHO_UP)
            continue;
        publish_birth(paho);
        state = await_other(paho, PAHO_UP);
        attempt = (unsigned)-1; /* the next one is the first again */
    }
    return NULL;
}

struct reconnect_paho *reconnect_paho_start(const char *uri, const char *topic, const char *birth, enum paho_use use)
{
    struct reconnect_paho *paho = calloc(1, sizeof *paho);
    if (!paho)
        return NULL;
    snprintf(paho->uri, sizeof paho->uri, "tcp%s", strchr(uri, ':'));
    paho->topic = topic;
    paho->birth = birth;
    paho->use = use;
    pthread_mutex_init(&paho->mutex, NULL);
    pthread_cond_init(&paho->changed, NULL);
    if (pthread_create(&paho->thread, NULL, run, paho) != 0) {
        free(paho);
        return NULL;
    }
    return paho;
}

void reconnect_paho_stop(struct reconnect_paho *paho)
{
    pthread_mutex_lock(&paho->mutex);
    paho->stop = true;
    pthread_cond_signal(&paho->changed);
    pthread_mutex_unlock(&paho->mutex);
    pthread_join(paho->thread, NULL);
    if (paho->client)
        MQTTAsync_destroy(&paho->client);
    pthread_cond_destroy(&paho->changed);
    pthread_mutex_destroy(&paho->mutex);
    free(paho);
}
