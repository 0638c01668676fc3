/* Which addresses an MQTT client tries, in which order, and that what it has given up stays so. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "peer.h"
#include "proxy.h"
#include "socket.h"

#define LONG_RETRY (3600 * 1000)

static void every_broker_of_the_list_is_tried(void **state)
{
    int hole = socket_black_hole();
    struct scene scene;
    char uri[256];
    (void)state;
    assert_true(hole >= 0);
    scene_init(&scene, NULL);
    scene.a.retry = LONG_RETRY;
    scene.a.gives_will = true;
    snprintf(uri, sizeof uri, "mqtt://127.0.0.1:%d,mqtt://nowhere.invalid,mqtt://127.0.0.1:%d,%s/", socket_free_port(),
             socket_port(hole), broker_uri(scene.broker));
    peer_start(&scene.a, scene.loop, uri, "a");
    peer_await(&scene.a, peer_is_up);
    assert_int_equal(scene.a.fails, 0); /* all of it was one round */
    assert_int_equal(scene.a.wills, 3); /* one for each address: a name without any is none */
    scene_clear(&scene);
    close(hole);
}

/* Of all that a name has. */
static void the_address_of_a_name_is_reported(void **state)
{
    struct scene scene;
    char uri[64], where[64];
    (void)state;
    scene_init(&scene, NULL);
    snprintf(uri, sizeof uri, "mqtt://localhost:%d", broker_port(scene.broker));
    snprintf(where, sizeof where, "127.0.0.1:%d", broker_port(scene.broker));
    peer_start(&scene.a, scene.loop, uri, "a");
    peer_await(&scene.a, peer_is_up);
    assert_string_equal(scene.a.broker, where);
    scene_clear(&scene);
}

static void a_round_without_success_says_why(void **state)
{
    int hole = socket_black_hole();
    struct {
        const char *why, *uri, *sentence;
    } rows[] = {
        { "refused", "mqtt://127.0.0.1:1", "cannot connect to 127.0.0.1:1: Connection refused" },
        { "IPv6 in brackets", "mqtt://[::1]:1", "cannot connect to [::1]:1: " },
        { "no such name", "mqtt://nowhere.invalid", "cannot resolve 'nowhere.invalid'" },
        { "a name with two addresses", "mqtt://localhost:1", "cannot connect to localhost:1: Connection refused" },
        { "the last one says it", "mqtt://nowhere.invalid,mqtt://127.0.0.1:1", "127.0.0.1:1: Connection refused" },
        { "packets are lost", NULL, "in 2 s" },
    };
    char uri[64];

    (void)state;
    assert_true(hole >= 0);
    snprintf(uri, sizeof uri, "mqtt://127.0.0.1:%d", socket_port(hole));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init_offline(&scene);
        scene.a.retry = LONG_RETRY;
        peer_start(&scene.a, scene.loop, rows[i].uri ? rows[i].uri : uri, "a");
        peer_await(&scene.a, peer_has_failed);
        if (!strstr(scene.a.why, rows[i].sentence))
            fail_msg("%s: %s", rows[i].why, scene.a.why);
        scene_clear(&scene);
    }
    close(hole);
}

/* The kernel repeats a SYN 1, 3 and 7 s after the first: nothing may come of it once the attempt was given up. */
static void an_attempt_that_was_given_up_never_completes(void **state)
{
    int hole = socket_black_hole(), first;
    struct pollfd backlog = { .fd = hole, .events = POLLIN };
    struct scene scene;
    char uri[64];
    (void)state;
    assert_true(hole >= 0);
    scene_init_offline(&scene);
    scene.a.retry = LONG_RETRY;
    snprintf(uri, sizeof uri, "mqtt://127.0.0.1:%d", socket_port(hole));
    peer_start(&scene.a, scene.loop, uri, "a");
    peer_await(&scene.a, peer_has_failed);
    first = accept(hole, NULL, NULL); /* makes room */
    await_span(scene.loop, 2000);
    assert_int_equal(poll(&backlog, 1, 0), 0);
    scene_clear(&scene);
    close(first);
    close(hole);
}

#define WAYS 3

/* A client with a list of ways to one broker, of which the first is closed: it is up on the second. */
struct walk {
    struct scene scene;
    struct proxy *ways[WAYS];
};

static void walk_begin(struct walk *walk)
{
    char uri[256] = "", where[64];
    scene_init(&walk->scene, NULL);
    for (size_t i = 0; i < WAYS; i++) {
        size_t len = strlen(uri);
        walk->ways[i] = proxy_start(broker_port(walk->scene.broker));
        assert_non_null(walk->ways[i]);
        snprintf(uri + len, sizeof uri - len, "%smqtt://127.0.0.1:%d", i > 0 ? "," : "", proxy_port(walk->ways[i]));
    }
    proxy_reset(walk->ways[0], MS_NEVER);
    peer_start(&walk->scene.a, walk->scene.loop, uri, "a");
    peer_await(&walk->scene.a, peer_is_up);
    snprintf(where, sizeof where, "127.0.0.1:%d", proxy_port(walk->ways[1]));
    assert_string_equal(walk->scene.a.broker, where);
    proxy_accept(walk->ways[0]);
}

/* How often each way was taken. */
static void walk_end(struct walk *walk, unsigned first, unsigned second, unsigned third)
{
    peer_await(&walk->scene.a, peer_is_up_again);
    assert_int_equal(proxy_count(walk->ways[0]), first);
    assert_int_equal(proxy_count(walk->ways[1]), second);
    assert_int_equal(proxy_count(walk->ways[2]), third);
    scene_clear(&walk->scene);
    for (size_t i = 0; i < WAYS; i++)
        proxy_free(walk->ways[i]);
}

static void after_a_loss_the_list_begins_anew(void **state)
{
    struct walk walk;
    (void)state;
    walk_begin(&walk);
    proxy_reset(walk.ways[1], 0);
    walk_end(&walk, 1, 1, 0);
}

static void a_renewed_link_keeps_its_address(void **state)
{
    struct walk walk;
    (void)state;
    walk_begin(&walk);
    mqtt_ops.renew(walk.scene.a.mqtt);
    assert_false(mqtt_ops.is_up(walk.scene.a.mqtt));
    walk_end(&walk, 0, 2, 0);
    assert_string_equal(walk.scene.a.why, "to be made anew");
}

static void a_renewal_that_fails_goes_on_with_the_list(void **state)
{
    struct walk walk;
    (void)state;
    walk_begin(&walk);
    mqtt_ops.renew(walk.scene.a.mqtt);
    proxy_reset(walk.ways[1], MS_NEVER);
    walk_end(&walk, 0, 1, 1);
}

/* Closed from outside, it forgets where it was. */
static void a_link_that_was_closed_begins_anew(void **state)
{
    struct walk walk;
    (void)state;
    walk_begin(&walk);
    mqtt_ops.stop(walk.scene.a.mqtt, peer_on_stopped);
    peer_await(&walk.scene.a, peer_is_stopped);
    mqtt_ops.start(walk.scene.a.mqtt);
    walk_end(&walk, 1, 1, 0);
}

/* Whose owner would go on polling a descriptor that was closed, or another one of the same number. */
static void another_descriptor_has_another_epoch(void **state)
{
    int holes[] = { socket_black_hole(), socket_black_hole() };
    struct mqtt_events events = { 0 };
    struct mqtt_client *client;
    char uri[128];
    short wanted;
    unsigned epoch;
    ms_t now = 1000;
    (void)state;
    snprintf(uri, sizeof uri, "mqtt://127.0.0.1:%d,mqtt://127.0.0.1:%d", socket_port(holes[0]), socket_port(holes[1]));
    assert_int_equal(
        mqtt_client_new(&(struct mqtt_options){ .login.broker = uri, .client_id = "a", .keep_alive_s = 10 }, &events,
                        NULL, &client, NULL),
        OK);
    mqtt_client_connect(client);
    mqtt_client_turn(client, now);
    assert_true(mqtt_client_fd(client, &wanted) >= 0);
    epoch = mqtt_client_epoch(client);
    assert_int_equal(mqtt_client_deadline(client), now + 2000);
    mqtt_client_turn(client, now + 1999);
    assert_int_equal(mqtt_client_epoch(client), epoch);
    mqtt_client_turn(client, now + 2000);
    assert_true(mqtt_client_fd(client, &wanted) >= 0);
    assert_int_not_equal(mqtt_client_epoch(client), epoch);
    mqtt_client_free(client);
    close(holes[0]);
    close(holes[1]);
}

/* What has answered TCP may have got a CONNECT: the next one is of another round, with a will of its own. */
static void a_round_ends_where_connect_was_sent(void **state)
{
    int listener = socket_listen(0), fd;
    struct scene scene;
    char uri[128];
    (void)state;
    scene_init(&scene, NULL);
    scene.a.gives_will = true;
    scene.a.retry = 1;
    snprintf(uri, sizeof uri, "mqtt://127.0.0.1:%d,%s", socket_port(listener), broker_uri(scene.broker));
    peer_start(&scene.a, scene.loop, uri, "a");
    peer_await(&scene.a, peer_has_begun);
    fd = accept(listener, NULL, NULL);
    close(fd);
    peer_await(&scene.a, peer_is_up);
    assert_int_equal(scene.a.fails, 1);
    assert_non_null(strstr(scene.a.why, "closed by the other side"));
    assert_int_equal(scene.a.wills, 2);
    scene_clear(&scene);
    close(listener);
}

/* Of QoS 1, 20 would end all that comes on the link (mosquitto 2.0.11). */
static void too_large_packets_do_not_come(void **state)
{
    struct scene scene;
    char payload[2001];
    (void)state;
    memset(payload, 'x', sizeof payload - 1);
    payload[sizeof payload - 1] = '\0';
    scene_init(&scene, NULL);
    peer_start(&scene.a, scene.loop, broker_uri(scene.broker), "a");
    peer_start_with(
        &scene.b, scene.loop,
        &(struct mqtt_options){
            .login.broker = broker_uri(scene.broker), .client_id = "b", .keep_alive_s = 10, .receive_max = 1000 });
    peer_await(&scene.a, peer_is_up);
    peer_await(&scene.b, peer_is_up);
    peer_subscribe(&scene.b, "test/#", 0);
    scene.b.want = 1;
    for (unsigned i = 0; i < 30; i++)
        peer_publish(&scene.a, "test/large", payload, 1);
    peer_publish(&scene.a, "test/small", "small", 1);
    peer_await(&scene.b, peer_has_messages);
    assert_string_equal(scene.b.payload, "small");
    assert_int_equal(scene.b.messages, 1);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_broker_of_the_list_is_tried),
        cmocka_unit_test(the_address_of_a_name_is_reported),
        cmocka_unit_test(a_round_without_success_says_why),
        cmocka_unit_test(an_attempt_that_was_given_up_never_completes),
        cmocka_unit_test(after_a_loss_the_list_begins_anew),
        cmocka_unit_test(a_renewed_link_keeps_its_address),
        cmocka_unit_test(a_renewal_that_fails_goes_on_with_the_list),
        cmocka_unit_test(a_link_that_was_closed_begins_anew),
        cmocka_unit_test(another_descriptor_has_another_epoch),
        cmocka_unit_test(a_round_ends_where_connect_was_sent),
        cmocka_unit_test(too_large_packets_do_not_come),
    };
    return cmocka_run_group_tests_name("mqtt_walk", tests, NULL, NULL);
}
