#include "watcher.h"

#include <MQTTAsync.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "await.h"

#define SEEN_MAX 2000

struct seen {
    char *topic, *payload;
};

struct watcher {
    MQTTAsync client;
    pthread_mutex_t mutex;
    struct seen seen[SEEN_MAX];
    unsigned count, looked;
    int replies; /* of the operation under way: 1 done, -1 failed */
};

static void note(struct watcher *watcher, int reply)
{
    pthread_mutex_lock(&watcher->mutex);
    watcher->replies = reply;
    pthread_mutex_unlock(&watcher->mutex);
}

static void on_success(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    note(context, 1);
}

static void on_failure(void *context, MQTTAsync_failureData5 *data)
{
    (void)data;
    note(context, -1);
}

static int on_arrived(void *context, char *topic, int len, MQTTAsync_message *message)
{
    struct watcher *watcher = context;

    (void)len;
    pthread_mutex_lock(&watcher->mutex);
    if (watcher->count < SEEN_MAX) {
        struct seen *seen = &watcher->seen[watcher->count++];
        seen->topic = strdup(topic);
        seen->payload = strndup(message->payload, (size_t)message->payloadlen);
    }
    pthread_mutex_unlock(&watcher->mutex);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static bool has_reply(void *user)
{
    struct watcher *watcher = user;
    bool has;

    pthread_mutex_lock(&watcher->mutex);
    has = watcher->replies != 0;
    pthread_mutex_unlock(&watcher->mutex);
    return has;
}

static void await_reply(struct watcher *watcher, int rc)
{
    assert_int_equal(rc, MQTTASYNC_SUCCESS);
    assert_true(await(has_reply, watcher, AWAIT_LIMIT));
    assert_int_equal(watcher->replies, 1);
    watcher->replies = 0;
}

static MQTTAsync_responseOptions reply_to(struct watcher *watcher)
{
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;

    options.onSuccess5 = on_success;
    options.onFailure5 = on_failure;
    options.context = watcher;
    return options;
}

static void watcher_connect(struct watcher *watcher)
{
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;

    options.cleanstart = 1;
    options.keepAliveInterval = 60;
    options.onSuccess5 = on_success;
    options.onFailure5 = on_failure;
    options.context = watcher;
    await_reply(watcher, MQTTAsync_connect(watcher->client, &options));
}

struct watcher *watcher_open(const char *uri, const char *filter)
{
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
    struct watcher *watcher = calloc(1, sizeof *watcher);
    MQTTAsync_responseOptions reply;
    char paho_uri[128];

    assert_non_null(watcher);
    snprintf(paho_uri, sizeof paho_uri, "tcp%s", strchr(uri, ':'));
    pthread_mutex_init(&watcher->mutex, NULL);
    assert_int_equal(
        MQTTAsync_createWithOptions(&watcher->client, paho_uri, "watcher", MQTTCLIENT_PERSISTENCE_NONE, NULL, &options),
        MQTTASYNC_SUCCESS);
    MQTTAsync_setCallbacks(watcher->client, watcher, NULL, on_arrived, NULL);
    watcher_connect(watcher);
    reply = reply_to(watcher);
    await_reply(watcher, MQTTAsync_subscribe(watcher->client, filter, 1, &reply));
    return watcher;
}

void watcher_close(struct watcher *watcher)
{
    MQTTAsync_destroy(&watcher->client);
    for (unsigned i = 0; i < watcher->count; i++) {
        free(watcher->seen[i].topic);
        free(watcher->seen[i].payload);
    }
    pthread_mutex_destroy(&watcher->mutex);
    free(watcher);
}

static bool ends_in(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool holds(const struct seen *seen, const char *topic, const char *const *texts)
{
    bool fits = ends_in(seen->topic, topic);

    for (; fits && *texts; texts++)
        fits = strstr(seen->payload, *texts) != NULL;
    return fits;
}

struct search {
    struct watcher *watcher;
    const char *topic;
    const char *const *texts;
};

static bool is_found(void *user)
{
    struct search *search = user;
    struct watcher *watcher = search->watcher;
    bool found = false;

    pthread_mutex_lock(&watcher->mutex);
    while (!found && watcher->looked < watcher->count)
        found = holds(&watcher->seen[watcher->looked++], search->topic, search->texts);
    pthread_mutex_unlock(&watcher->mutex);
    return found;
}

void watcher_await(struct watcher *watcher, const char *topic, const char *const *texts)
{
    struct search search = { watcher, topic, texts };

    if (!await(is_found, &search, AWAIT_LIMIT))
        fail_msg("no message on %s with %s", topic, texts[0]);
}

unsigned watcher_count(struct watcher *watcher, const char *topic, const char *text)
{
    const char *const texts[] = { text, NULL };
    unsigned count = 0;

    pthread_mutex_lock(&watcher->mutex);
    for (unsigned i = 0; i < watcher->count; i++)
        count += holds(&watcher->seen[i], topic, texts);
    pthread_mutex_unlock(&watcher->mutex);
    return count;
}

static void send(struct watcher *watcher, const char *topic, MQTTAsync_message *message)
{
    MQTTAsync_responseOptions reply = reply_to(watcher);

    message->qos = 1;
    await_reply(watcher, MQTTAsync_sendMessage(watcher->client, topic, message, &reply));
}

void watcher_publish(struct watcher *watcher, const char *topic, const char *payload, bool retain)
{
    MQTTAsync_message message = MQTTAsync_message_initializer;
    char *copy = strdup(payload);

    assert_non_null(copy);
    message.payload = copy;
    message.payloadlen = (int)strlen(payload);
    message.retained = retain;
    send(watcher, topic, &message);
    free(copy);
}

static void add_property(MQTTProperties *properties, enum MQTTPropertyCodes code, char *text)
{
    MQTTProperty property = { .identifier = code };

    property.value.data.data = text;
    property.value.data.len = (int)strlen(text);
    assert_int_equal(MQTTProperties_add(properties, &property), 0);
}

static void add_expiry(MQTTProperties *properties, unsigned expiry_s)
{
    MQTTProperty property = { .identifier = MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, .value.integer4 = expiry_s };

    if (expiry_s > 0)
        assert_int_equal(MQTTProperties_add(properties, &property), 0);
}

void watcher_request(struct watcher *watcher, const char *topic, const char *payload, const char *response_topic)
{
    watcher_request_within(watcher, topic, payload, response_topic, 0);
}

void watcher_request_within(struct watcher *watcher, const char *topic, const char *payload, const char *response_topic,
                            unsigned expiry_s)
{
    MQTTAsync_message message = MQTTAsync_message_initializer;
    char *copy = strdup(payload), *response = strdup(response_topic), correlation[] = "c1";

    assert_true(copy && response);
    message.payload = copy;
    message.payloadlen = (int)strlen(payload);
    add_property(&message.properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC, response);
    add_property(&message.properties, MQTTPROPERTY_CODE_CORRELATION_DATA, correlation);
    add_expiry(&message.properties, expiry_s);
    send(watcher, topic, &message);
    MQTTProperties_free(&message.properties);
    free(copy);
    free(response);
}
