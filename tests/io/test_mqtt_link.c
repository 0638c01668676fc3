/* How the links of an MQTT client begin and end, against a real mosquitto. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "peer.h"
#include "proxy.h"
#include "socket.h"

static void killed_broker_is_noticed_and_found_again(void **state)
{
    struct scene scene;
    struct publish publish = { .topic = "t" };
    (void)state;
    scene_init(&scene, NULL);
    peer_start(&scene.a, scene.loop, broker_uri(scene.broker), "a");
    assert_int_equal(mqtt_ops.publish(scene.a.mqtt, &publish), ERR_UNREACHABLE);
    peer_await(&scene.a, peer_is_up);
    scene.a.retry = 5;
    broker_kill(scene.broker);
    peer_await(&scene.a, peer_is_down);
    assert_false(mqtt_ops.is_up(scene.a.mqtt));
    assert_true(scene.a.lived >= 0);
    assert_non_null(strstr(scene.a.why, "lost"));
    assert_int_equal(mqtt_ops.publish(scene.a.mqtt, &publish), ERR_UNREACHABLE);
    peer_await(&scene.a, peer_has_failed);
    assert_non_null(strstr(scene.a.why, "Connection refused"));
    assert_true(scene.a.lived == -1);
    assert_true(broker_restart(scene.broker));
    peer_await(&scene.a, peer_is_up_again);
    assert_int_equal(scene.a.retries, scene.a.downs + scene.a.fails);
    scene_clear(&scene);
}

static void nothing_unacknowledged_is_sent_again(void **state)
{
    struct scene scene;
    struct proxy *proxy;
    struct publish publish = { .topic = "test/lost", .payload = TEXT("old"), .qos = 1, .token = 1 };
    char uri[64];
    (void)state;
    scene_init(&scene, NULL);
    proxy = proxy_start(broker_port(scene.broker));
    assert_non_null(proxy);
    snprintf(uri, sizeof uri, "mqtt://127.0.0.1:%d", proxy_port(proxy));
    peer_start(&scene.a, scene.loop, uri, "a");
    peer_start(&scene.b, scene.loop, broker_uri(scene.broker), "b");
    peer_await(&scene.a, peer_is_up);
    peer_await(&scene.b, peer_is_up);
    peer_subscribe(&scene.b, "test/#", 1);
    proxy_freeze(proxy, true);
    assert_int_equal(mqtt_ops.publish(scene.a.mqtt, &publish), OK);
    proxy_reset(proxy, 50);
    proxy_freeze(proxy, false);
    peer_await(&scene.a, peer_is_up_again);
    scene.b.want = 1;
    peer_publish(&scene.a, "test/new", "new", 1);
    peer_await(&scene.b, peer_has_messages);
    assert_string_equal(scene.b.payload, "new");
    assert_int_equal(scene.a.acked_token, 0);
    scene_clear(&scene);
    proxy_free(proxy);
}

static void every_connect_has_a_will_of_its_own(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, NULL);
    scene.a.gives_will = true;
    scene_connect(&scene);
    peer_subscribe(&scene.b, "test/will", 1);
    scene.b.want = 1;
    mqtt_ops.drop(scene.a.mqtt, "tired");
    assert_false(mqtt_ops.is_up(scene.a.mqtt));
    peer_await(&scene.b, peer_has_messages);
    assert_string_equal(scene.b.payload, "will 1");
    assert_true(scene.b.has_expiry);
    peer_await(&scene.a, peer_is_up_again);
    assert_string_equal(scene.a.why, "tired");
    scene.b.want = 2;
    mqtt_ops.drop(scene.a.mqtt, "again");
    peer_await(&scene.b, peer_has_messages);
    assert_string_equal(scene.b.payload, "will 2");
    scene_clear(&scene);
}

static void stop_says_goodbye(void **state)
{
    struct scene scene;
    struct publish publish = { .topic = "test/bye", .payload = TEXT("bye"), .qos = 1, .token = 9 };
    (void)state;
    scene_init(&scene, NULL);
    scene.a.gives_will = scene.a.stop_in_ack = true;
    scene_connect(&scene);
    peer_subscribe(&scene.b, "test/#", 1);
    assert_int_equal(mqtt_ops.publish(scene.a.mqtt, &publish), OK);
    peer_await(&scene.a, peer_is_stopped);
    assert_false(mqtt_ops.is_up(scene.a.mqtt));
    assert_int_equal(mqtt_ops.publish(scene.a.mqtt, &publish), ERR_UNREACHABLE);
    scene.b.want = 2;
    peer_publish(&scene.b, "test/end", "end", 1);
    peer_await(&scene.b, peer_has_messages);
    assert_string_equal(scene.b.topic, "test/end"); /* "bye" before it, no will between */
    assert_int_equal(scene.b.messages, 2);
    mqtt_ops.stop(scene.a.mqtt, peer_on_stopped);
    await_span(scene.loop, 20);
    assert_int_equal(scene.a.stops, 1);
    assert_int_equal(scene.a.downs + scene.a.fails, 0);
    scene_clear(&scene);
}

static void stop_while_offline_ends_too(void **state)
{
    struct scene scene;
    (void)state;
    scene_init_offline(&scene);
    peer_start(&scene.a, scene.loop, "mqtt://127.0.0.1:1", "a");
    scene.a.retry = 3600 * 1000;
    peer_await(&scene.a, peer_has_failed);
    mqtt_ops.stop(scene.a.mqtt, peer_on_stopped);
    peer_await(&scene.a, peer_is_stopped);
    scene_clear(&scene);
}

static void link_may_be_dropped_from_a_message(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, NULL);
    scene_connect(&scene);
    peer_subscribe(&scene.b, "test/#", 0);
    scene.b.drop_in_message = true;
    scene.b.retry = 3600 * 1000;
    for (int i = 0; i < 10; i++)
        peer_publish(&scene.a, "test/x", "x", 0);
    peer_await(&scene.b, peer_is_down);
    assert_int_equal(scene.b.messages, 1);
    assert_string_equal(scene.b.why, "enough");
    scene_clear(&scene);
}

/* Whatever lies in the socket, timers and others have their turn: a burst of slow messages ends when the clock is
 * looked at for the first time, not with the last of them. */
static void slow_messages_end_a_burst(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, NULL);
    scene_connect(&scene);
    peer_subscribe(&scene.b, "test/#", 0);
    scene.b.slow_ms = 1;
    scene.b.want = 500;
    for (int i = 0; i < 500; i++)
        peer_publish(&scene.a, "test/x", "x", 0);
    peer_await(&scene.b, peer_has_messages);
    assert_int_equal(scene.b.messages, 500);
    assert_in_range(scene.b.longest_burst, 4, 100); /* and bursts there were */
    scene_clear(&scene);
}

static void refused_login_is_told(void **state)
{
    char *folder = broker_folder_new();
    struct scene scene;
    char path[256];
    FILE *file;
    (void)state;
    assert_non_null(folder);
    snprintf(path, sizeof path, "%s/secret", folder);
    file = fopen(path, "we");
    assert_non_null(file);
    fputs("wrong\n", file);
    fclose(file);
    snprintf(path, sizeof path, "%s/passwd", folder);
    file = fopen(path, "we");
    assert_non_null(file);
    fclose(file);
    scene_init_offline(&scene);
    scene.broker = broker_start_in(folder, "allow_anonymous false\npassword_file @DIR@/passwd\n");
    assert_non_null(scene.broker);
    snprintf(path, sizeof path, "%s/secret", broker_folder(scene.broker));
    peer_start_with(&scene.a, scene.loop,
                    &(struct mqtt_options){ .login.broker = broker_uri(scene.broker),
                                            .client_id = "a",
                                            .login.username = "somebody",
                                            .login.password_file = path,
                                            .keep_alive_s = 10 });
    scene.a.retry = 3600 * 1000;
    peer_await(&scene.a, peer_has_failed);
    assert_non_null(strstr(scene.a.why, "refused the connection"));
    assert_non_null(strstr(scene.a.why, "uthori")); /* "Not authorized" */
    assert_int_equal(scene.a.ups, 0);
    assert_int_equal(scene.a.fails, 1);
    scene_clear(&scene);
}

static void missing_password_file_is_told(void **state)
{
    struct scene scene;
    (void)state;
    scene_init_offline(&scene);
    peer_start_with(&scene.a, scene.loop,
                    &(struct mqtt_options){ .login.broker = "mqtt://127.0.0.1:1",
                                            .client_id = "a",
                                            .login.username = "u",
                                            .login.password_file = "/nowhere/secret",
                                            .keep_alive_s = 10 });
    scene.a.retry = 3600 * 1000;
    peer_await(&scene.a, peer_has_failed);
    assert_non_null(strstr(scene.a.why, "/nowhere/secret"));
    scene_clear(&scene);
}

static void other_servers_are_no_brokers(void **state)
{
    const struct {
        const char *why;
        struct text greeting; /* absent = none */
        bool closes;
        const char *sentence, *scheme; /* NULL = mqtt */
    } rows[] = {
        { "closes at once", { 0 }, true, "perhaps it is a TLS port" },
        { "sends what is no MQTT", TEXT("\xff\xff\xff\xff\xff\xff"), false, "no MQTT connection" },
        { "says something else first", TEXT("\x40\x02\x01\x01"), false, "no MQTT broker" },
        { "speaks HTTP", TEXT("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), true, "a web server" },
        { "speaks HTTP and not TLS", TEXT("HTTP/1.1 400 Bad Request\r\n\r\n"), true, "a web server", "mqtts" },
        { "speaks SSH", TEXT("SSH-2.0-OpenSSH_9.2p1\r\n"), false, "an SSH server" },
        { "speaks SSH and not TLS", TEXT("SSH-2.0-OpenSSH_9.2p1\r\n"), false, "an SSH server", "mqtts" },
        { "expects TLS", TEXT("\x15\x03\x01\0\x02\x02\x46"), true, "use mqtts://" },
        { "speaks MQTT 3.1.1 and refuses", TEXT("\x20\x02\0\x01"), true, "only MQTT 3.1.1" },
        { "speaks MQTT 3.1.1 and accepts", TEXT("\x20\x02\0\0"), false, "only MQTT 3.1.1" },
        { "refuses MQTT 5", TEXT("\x20\x03\0\x84\0"), true, "Unsupported Protocol Version" },
        { "cut off", TEXT("\x20\x03"), true, "no MQTT connection" },
        { "never answers", { 0 }, false, "no answer" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int listener = socket_listen(0), fd;
        struct scene scene;
        char uri[64];
        scene_init_offline(&scene);
        snprintf(uri, sizeof uri, "%s://127.0.0.1:%d", rows[i].scheme ? rows[i].scheme : "mqtt", socket_port(listener));
        scene.a.retry = 3600 * 1000;
        scene.a.gives_will = true;
        peer_start(&scene.a, scene.loop, uri, "a");
        peer_await(&scene.a, peer_has_begun);
        fd = accept(listener, NULL, NULL);
        if (rows[i].greeting.at)
            assert_int_equal(write(fd, rows[i].greeting.at, rows[i].greeting.len), rows[i].greeting.len);
        if (rows[i].closes)
            close(fd);
        peer_await(&scene.a, peer_has_failed);
        if (!strstr(scene.a.why, rows[i].sentence) || strstr(scene.a.why, "Success"))
            fail_msg("%s: %s", rows[i].why, scene.a.why);
        if (!rows[i].closes)
            close(fd);
        close(listener);
        scene_clear(&scene);
    }
}

static void what_the_broker_lacks_is_reported(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, "max_packet_size 3000\nmax_qos 0\n");
    peer_start(&scene.a, scene.loop, broker_uri(scene.broker), "a");
    peer_await(&scene.a, peer_is_up);
    assert_int_equal(scene.a.facts.packet_max, 3000);
    assert_int_equal(scene.a.facts.receive_max, 20);
    assert_true(scene.a.facts.qos0_only);
    assert_false(scene.a.facts.no_retain || scene.a.facts.no_wildcards);
    scene_clear(&scene);
}

/* Such a broker refuses whoever has a retained will, and ends the connection of whoever sends a retained message. */
static void a_broker_that_retains_nothing_serves(void **state)
{
    struct scene scene;
    struct publish publish = { .topic = "test/kept", .payload = TEXT("x"), .qos = 1, .retain = true, .token = 5 };
    (void)state;
    scene_init(&scene, "retain_available false\n");
    scene.a.gives_will = scene.a.retains_will = true;
    peer_start(&scene.a, scene.loop, broker_uri(scene.broker), "a");
    peer_await(&scene.a, peer_is_up);
    assert_true(scene.a.facts.no_retain);
    assert_int_equal(scene.a.fails, 1);
    peer_subscribe(&scene.a, "test/#", 0);
    scene.a.want = 1;
    assert_int_equal(mqtt_ops.publish(scene.a.mqtt, &publish), OK);
    peer_await(&scene.a, peer_has_messages);
    assert_int_equal(scene.a.downs, 0);
    scene_clear(&scene);
}

static void client_may_be_freed_while_it_connects(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, NULL);
    scene.a.gives_will = true;
    peer_start(&scene.b, scene.loop, broker_uri(scene.broker), "b");
    peer_await(&scene.b, peer_is_up);
    peer_subscribe(&scene.b, "test/#", 1);
    broker_pause(scene.broker); /* accepts, but does not answer CONNECT */
    peer_start(&scene.a, scene.loop, broker_uri(scene.broker), "a");
    peer_await(&scene.a, peer_has_begun);
    await_span(scene.loop, 50);
    mqtt_free(scene.a.mqtt);
    scene.a.mqtt = NULL;
    broker_resume(scene.broker);
    scene.b.want = 1;
    peer_publish(&scene.b, "test/end", "end", 1);
    peer_await(&scene.b, peer_has_messages);
    assert_string_equal(scene.b.topic, "test/end"); /* and no will */
    assert_int_equal(scene.a.ups + scene.a.fails, 0);
    scene_clear(&scene);
}

static void silent_broker_is_noticed(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, NULL);
    peer_start_with(
        &scene.a, scene.loop,
        &(struct mqtt_options){ .login.broker = broker_uri(scene.broker), .client_id = "a", .keep_alive_s = 5 });
    peer_await(&scene.a, peer_is_up);
    broker_pause(scene.broker);
    scene.a.retry = 3600 * 1000;
    peer_await(&scene.a, peer_is_down);
    assert_non_null(strstr(scene.a.why, "keep alive"));
    broker_resume(scene.broker);
    scene_clear(&scene);
}

/* PINGRESP lies behind 14 s of messages, and keep alive is 5 s. */
static void pings_behind_messages_end_no_link(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, NULL);
    peer_start(&scene.b, scene.loop, broker_uri(scene.broker), "b");
    peer_start_with(
        &scene.a, scene.loop,
        &(struct mqtt_options){ .login.broker = broker_uri(scene.broker), .client_id = "a", .keep_alive_s = 5 });
    peer_await(&scene.a, peer_is_up);
    peer_await(&scene.b, peer_is_up);
    peer_subscribe(&scene.a, "test/#", 0);
    scene.a.slow_ms = 200;
    scene.a.want = 70;
    for (int i = 0; i < 70; i++)
        peer_publish(&scene.b, "test/x", "x", 0);
    peer_await(&scene.a, peer_has_messages);
    assert_int_equal(scene.a.downs, 0);
    scene_clear(&scene);
}

static void idle_link_is_proven_by_pings(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, NULL);
    peer_start_with(
        &scene.a, scene.loop,
        &(struct mqtt_options){ .login.broker = broker_uri(scene.broker), .client_id = "a", .keep_alive_s = 5 });
    peer_await(&scene.a, peer_is_up);
    scene.a.want = scene.a.packets + 2; /* the first is UNSUBACK: CONNACK has come within the keep alive */
    peer_await(&scene.a, peer_has_packets);
    assert_true(mqtt_ops.is_up(scene.a.mqtt));
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_broker_is_noticed_and_found_again),
        cmocka_unit_test(nothing_unacknowledged_is_sent_again),
        cmocka_unit_test(every_connect_has_a_will_of_its_own),
        cmocka_unit_test(stop_says_goodbye),
        cmocka_unit_test(stop_while_offline_ends_too),
        cmocka_unit_test(link_may_be_dropped_from_a_message),
        cmocka_unit_test(slow_messages_end_a_burst),
        cmocka_unit_test(refused_login_is_told),
        cmocka_unit_test(missing_password_file_is_told),
        cmocka_unit_test(other_servers_are_no_brokers),
        cmocka_unit_test(what_the_broker_lacks_is_reported),
        cmocka_unit_test(a_broker_that_retains_nothing_serves),
        cmocka_unit_test(client_may_be_freed_while_it_connects),
        cmocka_unit_test(silent_broker_is_noticed),
        cmocka_unit_test(pings_behind_messages_end_no_link),
        cmocka_unit_test(idle_link_is_proven_by_pings),
    };
    umask(022); /* no file is trusted that others may write */
    return cmocka_run_group_tests_name("mqtt_link", tests, NULL, NULL);
}
