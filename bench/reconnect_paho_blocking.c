/* reconnect_paho_blocking.c - the same with paho's blocking MQTTClient and without callbacks, so that paho starts no
 * thread: the one here connects, and receives until the link is lost. */
#include <MQTTClient.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reconnect_paho.h"

#define CONNECT_LIMIT_S 5
#define RECEIVE_MS 200

const char reconnect_paho_api[] = "MQTTClient";

struct reconnect_paho {
    MQTTClient client; /* NULL = none */
    enum paho_use use;
    char uri[64];
    const char *topic, *birth;
    pthread_t thread;
    atomic_bool stop;
};

static bool have_handle(struct reconnect_paho *paho)
{
    MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
    options.MQTTVersion = MQTTVERSION_5;
    if (paho->client && paho->use == PAHO_NEW_HANDLE)
        MQTTClient_destroy(&paho->client); /* sets it to NULL */
    return paho->client ||
           MQTTClient_createWithOptions(&paho->client, paho->uri, "bench-paho", MQTTCLIENT_PERSISTENCE_NONE, NULL,
                                        &options) == MQTTCLIENT_SUCCESS;
}

static bool connect_and_publish(struct reconnect_paho *paho)
{
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer5;
    MQTTResponse response;
    bool fine;
    options.cleanstart = 1;
    options.keepAliveInterval = 10;
    options.connectTimeout = CONNECT_LIMIT_S;
    if (!have_handle(paho))
        return false;
    response = MQTTClient_connect5(paho->client, &options, NULL, NULL);
    fine = response.reasonCode == MQTTREASONCODE_SUCCESS;
    MQTTResponse_free(response);
    if (!fine)
        return false;
    response = MQTTClient_publish5(paho->client, paho->topic, (int)strlen(paho->birth), paho->birth, 1, 1, NULL, NULL);
    fine = response.reasonCode == MQTTREASONCODE_SUCCESS;
    MQTTResponse_free(response);
    return fine;
}

static void receive_until_lost(struct reconnect_paho *paho)
{
    int rc = MQTTCLIENT_SUCCESS;
    while (rc >= 0 && !atomic_load(&paho->stop) && MQTTClient_isConnected(paho->client)) {
        MQTTClient_message *message = NULL;
        char *topic = NULL;
        int len = 0;
        rc = MQTTClient_receive(paho->client, &topic, &len, &message, RECEIVE_MS);
        if (message)
            MQTTClient_freeMessage(&message);
        MQTTClient_free(topic);
    }
}

static void *run(void *object)
{
    struct reconnect_paho *paho = object;
    for (unsigned attempt = 0; !atomic_load(&paho->stop); attempt++) {
        reconnect_paho_wait(attempt);
        if (!connect_and_publish(paho))
            continue;
        receive_until_lost(paho);
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
    if (pthread_create(&paho->thread, NULL, run, paho) != 0) {
        free(paho);
        return NULL;
    }
    return paho;
}

void reconnect_paho_stop(struct reconnect_paho *paho)
{
    atomic_store(&paho->stop, true);
    pthread_join(paho->thread, NULL);
    if (paho->client)
        MQTTClient_destroy(&paho->client);
    free(paho);
}
