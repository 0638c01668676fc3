#include "peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"

static ms_t on_retry(void *user, ms_t lived)
{
    struct peer *peer = user;
    peer->lived = lived;
    peer->retries++;
    return peer->retry;
}

static bool on_will(void *user, struct publish *ret)
{
    struct peer *peer = user;
    if (!peer->gives_will)
        return false;
    snprintf(peer->will_payload, sizeof peer->will_payload, "will %u", ++peer->wills);
    *ret = (struct publish){ .topic = "test/will",
                             .payload = text_of(peer->will_payload),
                             .content_type = "text/plain",
                             .expiry_s = 600,
                             .retain = peer->retains_will,
                             .qos = 1 };
    return true;
}

static void on_up(void *user, const char *broker, const struct link_facts *facts)
{
    struct peer *peer = user;
    peer->facts = *facts;
    snprintf(peer->broker, sizeof peer->broker, "%s", broker);
    peer->ups++;
}

static void on_down(void *user, const char *why)
{
    struct peer *peer = user;
    peer->downs++;
    snprintf(peer->why, sizeof peer->why, "%s", why);
}

static void on_failed(void *user, const char *why)
{
    struct peer *peer = user;
    peer->fails++;
    snprintf(peer->why, sizeof peer->why, "%s", why);
}

static void keep(struct text t, char ret[PEER_TEXT_SIZE])
{
    snprintf(ret, PEER_TEXT_SIZE, "%.*s", t.at ? (int)t.len : 8, t.at ? t.at : "(absent)");
}

static void on_message(void *user, const struct message *message)
{
    struct peer *peer = user;
    assert_true(peer->packets > 0);
    peer->messages++;
    peer->burst++;
    peer->longest_burst = peer->burst > peer->longest_burst ? peer->burst : peer->longest_burst;
    usleep(peer->slow_ms * 1000);
    keep(message->topic, peer->topic);
    keep(message->payload, peer->payload);
    keep(message->response_topic, peer->response_topic);
    keep(message->correlation, peer->correlation);
    peer->retain = message->retain;
    peer->has_expiry = message->has_expiry;
    peer->expiry_s = message->expiry_s;
    for (unsigned i = 0; i < peer->answers; i++)
        peer_publish(peer, "answer", "x", 0);
    if (peer->drop_in_message)
        mqtt_ops.drop(peer->mqtt, "enough");
}

void peer_on_stopped(void *user)
{
    struct peer *peer = user;
    peer->stops++;
}

static void on_acked(void *user, uint64_t token, uint8_t reason)
{
    struct peer *peer = user;
    peer->acked_token = token;
    peer->reason = reason;
    if (peer->stop_in_ack)
        mqtt_ops.stop(peer->mqtt, peer_on_stopped);
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    struct peer *peer = user;
    peer->subscribed_token = token;
    peer->reason = reason;
}

static void on_packet(void *user)
{
    struct peer *peer = user;
    peer->burst = 0;
    peer->packets++;
}

const struct mqtt_events peer_events = {
    .retry_in = on_retry,
    .will = on_will,
    .up = on_up,
    .down = on_down,
    .failed = on_failed,
    .message = on_message,
    .acked = on_acked,
    .subscribed = on_subscribed,
    .packet = on_packet,
};

bool peer_is_up(void *user)
{
    return mqtt_ops.is_up(((struct peer *)user)->mqtt);
}

bool peer_is_down(void *user)
{
    return ((struct peer *)user)->downs > 0;
}

/* The attempt is on the thread pool (gives_will only). */
bool peer_has_begun(void *user)
{
    return ((struct peer *)user)->wills > 0;
}

bool peer_has_failed(void *user)
{
    return ((struct peer *)user)->fails > 0;
}

bool peer_has_messages(void *user)
{
    struct peer *peer = user;
    return peer->messages >= peer->want;
}

bool peer_has_packets(void *user)
{
    struct peer *peer = user;
    return peer->packets >= peer->want;
}

bool peer_is_acked(void *user)
{
    return ((struct peer *)user)->acked_token != 0;
}

bool peer_is_subscribed(void *user)
{
    return ((struct peer *)user)->subscribed_token != 0;
}

bool peer_is_stopped(void *user)
{
    return ((struct peer *)user)->stops > 0;
}

bool peer_is_up_again(void *user)
{
    struct peer *peer = user;
    return peer->ups >= 2 && mqtt_ops.is_up(peer->mqtt);
}

void peer_start_with(struct peer *peer, struct loop *loop, const struct mqtt_options *options)
{
    struct errbuf e = { 0 };
    peer->loop = loop;
    if (mqtt_new(loop, options, &peer_events, peer, &peer->mqtt, &e) != OK)
        fail_msg("%s", e.text);
    mqtt_ops.start(peer->mqtt);
}

void peer_start(struct peer *peer, struct loop *loop, const char *uri, const char *id)
{
    struct mqtt_options options = { .login.broker = uri, .client_id = id, .keep_alive_s = 10 };
    peer_start_with(peer, loop, &options);
}

void peer_await(struct peer *peer, bool (*condition)(void *user))
{
    if (!await_loop(peer->loop, condition, peer, AWAIT_LIMIT))
        fail_msg("in vain; %u up, %u down, %u failed, %u messages; last said: %s", peer->ups, peer->downs, peer->fails,
                 peer->messages, peer->why);
}

void peer_subscribe(struct peer *peer, const char *filter, uint8_t qos)
{
    peer->subscribed_token = 0;
    assert_int_equal(mqtt_ops.subscribe(peer->mqtt, &(struct subscribe){ filter, .qos = qos, .token = 77 }), OK);
    peer_await(peer, peer_is_subscribed);
    assert_int_equal(peer->subscribed_token, 77);
    assert_int_equal(peer->reason, qos);
}

void peer_publish(struct peer *peer, const char *topic, const char *payload, uint8_t qos)
{
    struct publish publish = { .topic = topic, .payload = text_of(payload), .qos = qos };
    assert_int_equal(mqtt_ops.publish(peer->mqtt, &publish), OK);
}

void scene_init_offline(struct scene *scene)
{
    *scene = (struct scene){ 0 };
    assert_int_equal(loop_new(&scene->loop, NULL), OK);
}

void scene_init(struct scene *scene, const char *config)
{
    scene_init_offline(scene);
    scene->broker = broker_start(config);
    assert_non_null(scene->broker);
}

void scene_connect(struct scene *scene)
{
    peer_start(&scene->a, scene->loop, broker_uri(scene->broker), "a");
    peer_start(&scene->b, scene->loop, broker_uri(scene->broker), "b");
    peer_await(&scene->a, peer_is_up);
    peer_await(&scene->b, peer_is_up);
}

void scene_clear(struct scene *scene)
{
    mqtt_free(scene->a.mqtt);
    mqtt_free(scene->b.mqtt);
    loop_free(scene->loop);
    broker_free(scene->broker);
}
