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
#include <unistd.h>

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
    static unsigned count;
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
    struct watcher *watcher = calloc(1, sizeof *watcher);
    char paho_uri[128], client_id[64];
    assert_non_null(watcher);
    snprintf(paho_uri, sizeof paho_uri, "tcp%s", strchr(uri, ':'));
    snprintf(client_id, sizeof client_id, "watcher-%d-%u", (int)getpid(), count++);
    pthread_mutex_init(&watcher->mutex, NULL);
    assert_int_equal(
        MQTTAsync_createWithOptions(&watcher->client, paho_uri, client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &options),
        MQTTASYNC_SUCCESS);
    MQTTAsync_setCallbacks(watcher->client, watcher, NULL, on_arrived, NULL);
    watcher_connect(watcher);
    watcher_subscribe(watcher, filter);
    return watcher;
}

void watcher_subscribe(struct watcher *watcher, const char *filter)
{
    MQTTAsync_responseOptions reply = reply_to(watcher);
    await_reply(watcher, MQTTAsync_subscribe(watcher->client, filter, 1, &reply));
}

void watcher_close(struct watcher *watcher)
{
    if (!watcher)
        return;
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

static bool holds(const struct seen *seen, const char *const *texts)
{
    for (; *texts; texts++) {
        bool is_unwanted = **texts == '!';
        if ((strstr(seen->payload, *texts + is_unwanted) != NULL) == is_unwanted)
            return false;
    }
    return true;
}

struct search {
    struct watcher *watcher;
    const char *topic;
    const char *const *texts;
    bool is_for_latest;
    const struct seen *found;
};

static bool find_next(void *user)
{
    struct search *search = user;
    struct watcher *watcher = search->watcher;
    pthread_mutex_lock(&watcher->mutex);
    while (!search->found && watcher->looked < watcher->count) {
        const struct seen *seen = &watcher->seen[watcher->looked++];
        if (ends_in(seen->topic, search->topic) && holds(seen, search->texts))
            search->found = seen;
    }
    pthread_mutex_unlock(&watcher->mutex);
    return search->found != NULL;
}

static bool find_any(void *user)
{
    struct search *search = user;
    bool is_over = false;
    pthread_mutex_lock(&search->watcher->mutex);
    for (unsigned i = search->watcher->count; i > 0 && !search->found && !is_over; i--) {
        const struct seen *seen = &search->watcher->seen[i - 1];
        if (!ends_in(seen->topic, search->topic))
            continue;
        if (holds(seen, search->texts))
            search->found = seen;
        is_over = search->is_for_latest;
    }
    pthread_mutex_unlock(&search->watcher->mutex);
    return search->found != NULL;
}

static const char *await_search(bool (*find)(void *user), struct search search)
{
    if (await(find, &search, AWAIT_LIMIT))
        return search.found->payload;
    pthread_mutex_lock(&search.watcher->mutex);
    for (unsigned i = 0; i < search.watcher->count; i++)
        if (ends_in(search.watcher->seen[i].topic, search.topic))
            print_message("%s\n", search.watcher->seen[i].payload);
    pthread_mutex_unlock(&search.watcher->mutex);
    fail_msg("no message on %s holds all of these: %s ...", search.topic, search.texts[0]);
    return NULL;
}

void watcher_await(struct watcher *watcher, const char *topic, const char *const *texts)
{
    await_search(find_next, (struct search){ watcher, topic, texts, false, NULL });
}

const char *watcher_await_any(struct watcher *watcher, const char *topic, const char *const *texts)
{
    return await_search(find_any, (struct search){ watcher, topic, texts, false, NULL });
}

const char *watcher_await_latest(struct watcher *watcher, const char *topic, const char *const *texts)
{
    return await_search(find_any, (struct search){ watcher, topic, texts, true, NULL });
}

unsigned watcher_count(struct watcher *watcher, const char *topic, const char *text)
{
    const char *const texts[] = { text, NULL };
    unsigned count = 0;
    pthread_mutex_lock(&watcher->mutex);
    for (unsigned i = 0; i < watcher->count; i++)
        count += ends_in(watcher->seen[i].topic, topic) && holds(&watcher->seen[i], texts);
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
