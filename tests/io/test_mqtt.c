/* What an MQTT client sends and receives, against a real mosquitto. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include "await.h"
#include "peer.h"

static void options_are_checked(void **state)
{
    static const struct {
        const char *why;
        struct mqtt_options options;
        enum err want;
        const char *sentence;
    } rows[] = {
        { "the shortest", { .login.broker = "mqtt://h", .client_id = "c", .keep_alive_s = 5 }, OK, "" },
        { "v6 and port", { .login.broker = "mqtt://[::1]:1", .client_id = "c", .keep_alive_s = 5 }, OK, "" },
        { "TLS", { .login.broker = "mqtts://h/", .client_id = "c", .keep_alive_s = 5, .login.cafile = "ca" }, OK, "" },
        { "a list", { .login.broker = "mqtt://a,mqtt://b:1884", .client_id = "c", .keep_alive_s = 5 }, OK, "" },
        { "no broker", { .client_id = "c", .keep_alive_s = 5 }, ERR_SYNTAX, "mqtt://HOST" },
        { "user in it",
          { .login.broker = "mqtt://u@h", .client_id = "c", .keep_alive_s = 5 },
          ERR_REFUSED,
          "username" },
        { "keep alive", { .login.broker = "mqtt://h", .client_id = "c", .keep_alive_s = 4 }, ERR_RANGE, "5 to 65535" },
        { "no id", { .login.broker = "mqtt://h", .client_id = "", .keep_alive_s = 5 }, ERR_RANGE, "id" },
        { "half a pair",
          { .login.broker = "mqtts://h", .client_id = "c", .keep_alive_s = 5, .login.cert = "c" },
          ERR_MISSING,
          "key" },
        { "TLS files, no TLS",
          { .login.broker = "mqtt://h", .client_id = "c", .keep_alive_s = 5, .login.cafile = "ca" },
          ERR_CONFLICT,
          "mqtts" },
    };
    struct loop *loop;

    (void)state;
    assert_int_equal(loop_new(&loop, NULL), OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        struct mqtt *mqtt = NULL;
        enum err err = mqtt_new(loop, &rows[i].options, &peer_events, NULL, &mqtt, &e);
        if (err != rows[i].want || !strstr(e.text, rows[i].sentence))
            fail_msg("%s: %s, '%s'", rows[i].why, err_name(err), e.text);
        mqtt_free(mqtt);
    }
    loop_free(loop);
}

static void message_arrives_with_its_properties(void **state)
{
    struct scene scene;
    struct publish publish = { .topic = "test/full",
                               .payload = TEXT("hello"),
                               .qos = 1,
                               .content_type = "application/json",
                               .expiry_s = 300,
                               .response_topic = "test/reply",
                               .correlation = TEXT("c-1"),
                               .token = 5 };
    (void)state;
    scene_init(&scene, NULL);
    scene_connect(&scene);
    peer_subscribe(&scene.b, "test/#", 1);
    scene.b.want = 1;
    assert_int_equal(mqtt_ops.publish(scene.a.mqtt, &publish), OK);
    peer_await(&scene.b, peer_has_messages);
    assert_string_equal(scene.b.topic, "test/full");
    assert_string_equal(scene.b.payload, "hello");
    assert_string_equal(scene.b.response_topic, "test/reply");
    assert_string_equal(scene.b.correlation, "c-1");
    assert_true(scene.b.has_expiry);
    assert_in_range(scene.b.expiry_s, 200, 300);
    assert_false(scene.b.retain);
    peer_await(&scene.a, peer_is_acked);
    assert_int_equal(scene.a.acked_token, 5);
    assert_int_equal(scene.a.reason, 0);

    scene.b.want = 2;
    peer_publish(&scene.a, "test/bare", "", 0);
    peer_await(&scene.b, peer_has_messages);
    assert_string_equal(scene.b.payload, "");
    assert_string_equal(scene.b.response_topic, "(absent)");
    assert_string_equal(scene.b.correlation, "(absent)");
    assert_false(scene.b.has_expiry);
    scene_clear(&scene);
}

static void ack_tells_that_nobody_subscribes(void **state)
{
    struct scene scene;
    struct publish publish = { .topic = "test/nobody", .payload = TEXT("?"), .qos = 1, .token = UINT64_MAX };
    (void)state;
    scene_init(&scene, NULL);
    scene_connect(&scene);
    assert_int_equal(mqtt_ops.publish(scene.a.mqtt, &publish), OK);
    peer_await(&scene.a, peer_is_acked);
    assert_true(scene.a.acked_token == UINT64_MAX);
    assert_int_equal(scene.a.reason, MQTT_NO_SUBSCRIBER);
    scene_clear(&scene);
}

static void retained_messages_are_marked(void **state)
{
    struct scene scene;
    struct publish publish = { .topic = "test/kept", .payload = TEXT("old"), .qos = 1, .retain = true, .token = 1 };
    (void)state;
    scene_init(&scene, NULL);
    scene_connect(&scene);
    assert_int_equal(mqtt_ops.publish(scene.a.mqtt, &publish), OK);
    peer_await(&scene.a, peer_is_acked);
    scene.b.want = 1;
    peer_subscribe(&scene.b, "test/#", 0);
    peer_await(&scene.b, peer_has_messages);
    assert_true(scene.b.retain);
    scene.b.want = 2;
    assert_int_equal(mqtt_ops.publish(scene.a.mqtt, &publish), OK);
    peer_await(&scene.b, peer_has_messages);
    assert_false(scene.b.retain);
    scene_clear(&scene);
}

static void unsubscribed_topics_stay_away(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, NULL);
    scene_connect(&scene);
    peer_subscribe(&scene.b, "test/left", 0);
    assert_int_equal(mqtt_ops.unsubscribe(scene.b.mqtt, "test/left"), OK);
    peer_subscribe(&scene.b, "test/end", 0); /* its SUBACK comes behind UNSUBACK */
    scene.b.want = 1;
    peer_publish(&scene.a, "test/left", "x", 0);
    peer_publish(&scene.a, "test/end", "y", 0);
    peer_await(&scene.b, peer_has_messages);
    assert_string_equal(scene.b.topic, "test/end");
    scene_clear(&scene);
}

static void bad_publishes_are_refused(void **state)
{
    static const struct {
        const char *why;
        struct publish publish;
        enum err want;
    } rows[] = {
        { "wildcard in a topic", { .topic = "test/#" }, ERR_TOPIC },
        { "empty topic", { .topic = "" }, ERR_TOPIC },
        { "topic not UTF-8", { .topic = "test/\xff" }, ERR_TOPIC },
        { "empty response topic", { .topic = "t", .response_topic = "" }, ERR_TOPIC },
        { "correlation too long", { .topic = "t", .correlation = { "", 65536 } }, ERR_TOO_LARGE },
        { "beyond the broker's packet size", { .topic = "t", .payload = { NULL, 2000 } }, ERR_TOO_LARGE },
        { "a QoS that the broker does not offer", { .topic = "t", .qos = 1 }, ERR_REFUSED },
    };
    struct scene scene;
    char payload[2000] = { 0 };

    (void)state;
    scene_init(&scene, "max_packet_size 1000\nlistener @PORT@ 127.0.0.1\nmax_qos 0\n");
    peer_start(&scene.a, scene.loop, broker_uri(scene.broker), "a");
    peer_await(&scene.a, peer_is_up);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct publish publish = rows[i].publish;
        enum err err;
        if (publish.payload.len)
            publish.payload.at = payload;
        err = mqtt_ops.publish(scene.a.mqtt, &publish);
        if (err != rows[i].want)
            fail_msg("%s: %s", rows[i].why, err_name(err));
    }
    assert_int_equal(mqtt_ops.subscribe(scene.a.mqtt, &(struct subscribe){ "a/#/b", .token = 1 }), ERR_TOPIC);
    assert_true(mqtt_ops.is_up(scene.a.mqtt));
    scene_clear(&scene);
}

static void burst_arrives_complete(void **state)
{
    enum { COUNT = 20000 };
    struct scene scene;
    char topic[64], last[16];

    (void)state;
    scene_init(&scene, NULL);
    scene_connect(&scene);
    peer_subscribe(&scene.b, "test/#", 0);
    scene.b.want = COUNT;
    for (int i = 0; i < COUNT; i++) {
        snprintf(topic, sizeof topic, "test/%d", i);
        snprintf(last, sizeof last, "%d", i);
        peer_publish(&scene.a, topic, last, 0);
        if (i % 500 == 0)
            await_span(scene.loop, 0);
    }
    peer_await(&scene.b, peer_has_messages);
    assert_int_equal(scene.b.messages, COUNT);
    assert_string_equal(scene.b.payload, "19999");
    assert_true(scene.b.packets < COUNT / 4); /* bursts, not single packets */
    scene_clear(&scene);
}

/* Of all connections, those that are watched by a duplicate twice. */
static unsigned count_segments(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 100; fd++) {
        struct tcp_info info = { 0 };
        socklen_t len = sizeof info;
        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0)
            count += info.tcpi_data_segs_out;
    }
    return count;
}

/* Each alone would be another turn of the kernel's, and of the broker's. */
static void what_is_published_in_a_burst_is_sent_together(void **state)
{
    enum { COUNT = 1000 };
    struct scene scene;
    unsigned before;

    (void)state;
    scene_init(&scene, NULL);
    scene_connect(&scene);
    peer_subscribe(&scene.b, "test/#", 0);
    peer_subscribe(&scene.a, "answer", 0);
    scene.b.answers = scene.a.want = COUNT;
    before = count_segments();
    peer_publish(&scene.a, "test/1", "x", 0);
    peer_await(&scene.a, peer_has_messages);
    assert_in_range(count_segments() - before, 2, COUNT / 50);
    scene_clear(&scene);
}

/* A busy link is read again after a wait, and that nothing came is no sign of life. */
static void only_packets_prove_a_link(void **state)
{
    enum { COUNT = 200 };
    struct scene scene;
    unsigned packets;

    (void)state;
    scene_init(&scene, NULL);
    scene_connect(&scene);
    peer_subscribe(&scene.b, "test/#", 0);
    scene.b.want = COUNT;
    for (int i = 0; i < COUNT; i++)
        peer_publish(&scene.a, "test/1", "x", 0);
    peer_await(&scene.b, peer_has_messages);
    peer_publish(&scene.b, "other", "x", 0); /* else it may soon send something that is answered */
    packets = scene.b.packets;
    await_span(scene.loop, 50);
    assert_int_equal(scene.b.packets, packets);
    scene_clear(&scene);
}

static void retained_burst_arrives_complete(void **state)
{
    enum { COUNT = 5000 };
    struct scene scene;
    char topic[64];

    (void)state;
    scene_init(&scene, NULL);
    scene_connect(&scene);
    for (int i = 0; i < COUNT; i++) {
        struct publish publish = {
            .topic = topic, .payload = TEXT("kept"), .qos = 1, .retain = true, .token = i == COUNT - 1
        };
        enum err err;
        snprintf(topic, sizeof topic, "test/%d", i);
        while ((err = mqtt_ops.publish(scene.a.mqtt, &publish)) == ERR_FULL)
            await_span(scene.a.loop, 1); /* too many acknowledgements are awaited */
        assert_int_equal(err, OK);
    }
    peer_await(&scene.a, peer_is_acked);
    scene.b.want = COUNT;
    peer_subscribe(&scene.b, "test/#", 0);
    peer_await(&scene.b, peer_has_messages);
    assert_int_equal(scene.b.messages, COUNT);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(message_arrives_with_its_properties),
        cmocka_unit_test(ack_tells_that_nobody_subscribes),
        cmocka_unit_test(retained_messages_are_marked),
        cmocka_unit_test(unsubscribed_topics_stay_away),
        cmocka_unit_test(bad_publishes_are_refused),
        cmocka_unit_test(burst_arrives_complete),
        cmocka_unit_test(what_is_published_in_a_burst_is_sent_together),
        cmocka_unit_test(only_packets_prove_a_link),
        cmocka_unit_test(retained_burst_arrives_complete),
    };
    return cmocka_run_group_tests_name("mqtt", tests, NULL, NULL);
}
