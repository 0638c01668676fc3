#include "observer.h"

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
#include "mqtt.h"

#define TEXTS_MAX 8
#define REPLIES "skep/v1-rpc/reply/observer"

struct seen {
    struct seen *before;
    char *topic, *payload;
};

struct observer {
    struct loop *loop;
    struct mqtt *mqtt;
    struct seen *latest;
    unsigned subscribed; /* how many of its filters */
};

struct search {
    struct observer *observer;
    char topic[256];
    const char *texts[TEXTS_MAX];
    bool is_for_latest;
    const char *found;
};

static ms_t retry_soon(void *user, ms_t lived)
{
    (void)user;
    (void)lived;
    return 20;
}

static void is_up(void *user)
{
    struct observer *observer = user;

    assert_int_equal(mqtt_subscribe(observer->mqtt, &(struct subscribe){ "skep/v1/#", .qos = 1, .token = 1 }), OK);
    assert_int_equal(mqtt_subscribe(observer->mqtt, &(struct subscribe){ REPLIES, .qos = 1, .token = 1 }), OK);
}

static void is_subscribed(void *user, uint64_t token, uint8_t reason)
{
    struct observer *observer = user;

    (void)token;
    observer->subscribed += reason < 0x80;
}

static void has_come(void *user, const struct message *message)
{
    struct observer *observer = user;
    struct seen *seen = malloc(sizeof(*seen));

    assert_non_null(seen);
    seen->topic = strndup(message->topic.at, message->topic.len);
    seen->payload = strndup(message->payload.at ? message->payload.at : "", message->payload.len);
    assert_true(seen->topic && seen->payload);
    seen->before = observer->latest;
    observer->latest = seen;
}

static bool is_ready(void *user)
{
    return ((struct observer *)user)->subscribed == 2;
}

struct observer *observer_new(const char *broker_uri)
{
    static const struct mqtt_events events = {
        .retry_in = retry_soon, .up = is_up, .subscribed = is_subscribed, .message = has_come
    };
    static unsigned count;
    struct observer *observer = calloc(1, sizeof(*observer));
    struct errbuf e = { 0 };
    char client_id[64];
    struct mqtt_options options = { .login.broker = broker_uri, .client_id = client_id, .keep_alive_s = 60 };

    assert_non_null(observer);
    snprintf(client_id, sizeof(client_id), "observer-%d-%u", (int)getpid(), count++);
    assert_int_equal(loop_new(&observer->loop, &e), OK);
    if (mqtt_new(observer->loop, &options, &events, observer, &observer->mqtt, &e) != OK)
        fail_msg("%s", e.text);
    mqtt_start(observer->mqtt);
    assert_true(await_loop(observer->loop, is_ready, observer, AWAIT_LIMIT));
    return observer;
}

void observer_free(struct observer *observer)
{
    if (!observer)
        return;
    mqtt_free(observer->mqtt);
    loop_free(observer->loop);
    while (observer->latest) {
        struct seen *seen = observer->latest;

        observer->latest = seen->before;
        free(seen->topic);
        free(seen->payload);
        free(seen);
    }
    free(observer);
}

static bool holds_all(const char *payload, const char *const *texts)
{
    for (; *texts; texts++) {
        bool is_unwanted = **texts == '!';

        if ((strstr(payload, *texts + is_unwanted) != NULL) == is_unwanted)
            return false;
    }
    return true;
}

static bool look(void *user)
{
    struct search *search = user;

    for (const struct seen *seen = search->observer->latest; seen && !search->found; seen = seen->before) {
        if (strcmp(seen->topic, search->topic) != 0)
            continue;
        if (holds_all(seen->payload, search->texts))
            search->found = seen->payload;
        else if (search->is_for_latest)
            break;
    }
    return search->found != NULL;
}

static void print_seen(const struct seen *seen, const char *topic)
{
    if (!seen)
        return;
    print_seen(seen->before, topic);
    if (strcmp(seen->topic, topic) == 0)
        print_message("%s\n", seen->payload);
}

static void set_topic(char ret[256], const char *id, const char *kind)
{
    snprintf(ret, 256, "skep/v1/hive/default/worker/%s/%s", id, kind);
}

static const char *await_search(struct search *search, va_list texts)
{
    size_t count = 0;

    while ((search->texts[count] = va_arg(texts, const char *)) != NULL)
        assert_true(++count < TEXTS_MAX);
    if (await_loop(search->observer->loop, look, search, AWAIT_LIMIT))
        return search->found;
    print_seen(search->observer->latest, search->topic);
    fail_msg("no message on %s holds all of these: %s ...", search->topic, search->texts[0]);
    return NULL;
}

const char *observer_await(struct observer *observer, const char *id, const char *kind, ...)
{
    struct search search = { .observer = observer };
    const char *found;
    va_list texts;

    set_topic(search.topic, id, kind);
    va_start(texts, kind);
    found = await_search(&search, texts);
    va_end(texts);
    return found;
}

const char *observer_await_latest(struct observer *observer, const char *id, const char *kind, ...)
{
    struct search search = { .observer = observer, .is_for_latest = true };
    const char *found;
    va_list texts;

    set_topic(search.topic, id, kind);
    va_start(texts, kind);
    found = await_search(&search, texts);
    va_end(texts);
    return found;
}

void observer_ask(struct observer *observer, const char *id, const char *method, const char *params, unsigned expiry_s)
{
    char topic[256];
    struct publish request = {
        .topic = topic, .payload = text_of(params), .qos = 1, .expiry_s = expiry_s, .response_topic = REPLIES
    };

    snprintf(topic, sizeof(topic), "skep/v1-rpc/hive/default/worker/%s/%s", id, method);
    assert_int_equal(mqtt_publish(observer->mqtt, &request), OK);
}

const char *observer_await_reply(struct observer *observer, ...)
{
    struct search search = { .observer = observer, .topic = REPLIES };
    const char *found;
    va_list texts;

    va_start(texts, observer);
    found = await_search(&search, texts);
    va_end(texts);
    return found;
}

unsigned observer_count(const struct observer *observer, const char *id, const char *kind, const char *text)
{
    char topic[256];
    unsigned count = 0;

    set_topic(topic, id, kind);
    for (const struct seen *seen = observer->latest; seen; seen = seen->before)
        count += strcmp(seen->topic, topic) == 0 && strstr(seen->payload, text) != NULL;
    return count;
}
