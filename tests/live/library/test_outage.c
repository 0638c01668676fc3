/* test_outage.c - brokers that go, hang or are away, links that break, identities that are shared. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bucket.h"
#include "mqtt_client.h"
#include "proxy.h"
#include "scene.h"
#include "socket.h"

static bool is_offline(void *user)
{
    return skep_worker_is_online(user) == 0;
}

static void test_it_returns_after_the_broker_was_killed(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    (void)state;

    watcher_close(watcher);
    broker_kill(broker);
    assert_true(await(is_offline, worker, AWAIT_LIMIT));
    assert_int_equal(skep_worker_set_status(worker, "busy"), SKEP_OK);
    assert_true(broker_restart(broker));
    watcher = watcher_open(broker_uri(broker), "#");
    AWAIT_MESSAGE(watcher, HEARTBEAT, "\"status\":\"busy\"", skep_worker_session(worker));
    assert_int_equal(watcher_count(watcher, HEARTBEAT, "\"connection\":1,"), 0); /* no leftovers of the first link */
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

static void test_it_returns_after_a_reset_link(void **state)
{
    struct proxy *proxy = proxy_start(broker_port(broker));
    struct skep_worker *worker;
    char uri[64];
    (void)state;

    assert_non_null(proxy);
    snprintf(uri, sizeof uri, "mqtt://127.0.0.1:%d", proxy_port(proxy));
    worker = online_at(uri);
    for (int i = 0; i < 3; i++) {
        proxy_reset(proxy, 100);
        AWAIT_MESSAGE(watcher, PRESENCE, "\"cause\":\"connection_lost\"");
        AWAIT_MESSAGE(watcher, PRESENCE, "\"presence\":\"online\"");
        assert_true(await(is_online, worker, AWAIT_LIMIT));
    }
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
    proxy_free(proxy);
}

static void test_every_broker_of_the_list_is_tried(void **state)
{
    int hole = socket_black_hole();
    struct skep_worker *worker;
    char uri[128];
    (void)state;

    assert_true(hole >= 0);
    snprintf(uri, sizeof uri, "mqtt://127.0.0.1:%d,mqtt://127.0.0.1:%d,%s", socket_free_port(), socket_port(hole),
             broker_uri(broker));
    worker = online_at(uri);
    AWAIT_MESSAGE(watcher, PRESENCE, "\"presence\":\"online\"", skep_worker_session(worker), "\"connection\":1,");
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
    close(hole);
}

static void test_a_hanging_broker_does_not_hold_the_end_up(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    (void)state;

    broker_pause(broker);
    assert_int_equal(skep_worker_set_status(worker, "busy"), SKEP_OK);
    assert_int_equal(skep_worker_close(worker, NULL, 300), SKEP_TIMEOUT);
    broker_resume(broker);
    AWAIT_MESSAGE(watcher, PRESENCE, "\"cause\":\"connection_lost\""); /* the will speaks instead */
}

static void test_a_broker_that_is_away(void **state)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct skep_worker *worker;
    (void)state;

    broker_kill(broker);
    worker = open_at(broker_uri(broker), options);
    assert_int_equal(skep_worker_set_status(worker, "idle"), SKEP_OK);
    assert_int_equal(skep_worker_close(worker, NULL, 100), SKEP_TIMEOUT);
    worker = open_at("mqtt://no-such-host.invalid", options);
    assert_int_equal(skep_worker_close(worker, NULL, 100), SKEP_TIMEOUT);
}

/* Counts the messages of the log that have `text`. */
struct counter {
    const char *text;
    atomic_int count;
};

static void count_text(void *user, enum skep_log_level level, const char *message)
{
    struct counter *counter = user;
    (void)level;
    if (strstr(message, counter->text))
        atomic_fetch_add(&counter->count, 1);
}

static bool has_counted(void *counter)
{
    return atomic_load(&((struct counter *)counter)->count) > 0;
}

static void test_two_with_one_identity_notice(void **state)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct skep_worker *first, *second;
    struct counter noticed = { .text = "another process uses the id" };
    (void)state;

    options.log = count_text;
    options.user = &noticed;
    first = open_at(broker_uri(broker), options);
    assert_true(await(is_online, first, AWAIT_LIMIT));
    second = open_at(broker_uri(broker), options);
    assert_true(await(has_counted, &noticed, AWAIT_LIMIT));
    skep_worker_close(first, NULL, 0);
    skep_worker_close(second, NULL, 0);
}

/* Named by the linker's --wrap: what is limited in time is on a clock of this test, unless that is 0. */
static _Atomic(ms_t) bucket_clock;
bool __real_bucket_take(struct bucket *bucket, struct bucket_size size, ms_t now);
bool __wrap_bucket_take(struct bucket *bucket, struct bucket_size size, ms_t now);

bool __wrap_bucket_take(struct bucket *bucket, struct bucket_size size, ms_t now)
{
    ms_t own = atomic_load(&bucket_clock);
    return __real_bucket_take(bucket, size, own ? own : now);
}

static void count_texts(void *user, enum skep_log_level level, const char *message)
{
    for (struct counter *counter = user; counter->text; counter++)
        count_text(counter, level, message);
}

static void await_notice_of_presences(unsigned presences)
{
    for (unsigned i = 0; i < presences; i++)
        watcher_publish(watcher, "skep/v1/hive/default/worker/w/presence",
                        "{\"presence\":\"online\",\"session\":\"0000000000000009\",\"connection\":1}", false);
    watcher_request(watcher, REQUESTS "health", "", REPLIES); /* which it takes behind them */
    AWAIT_MESSAGE(watcher, REPLIES, "\"result\"");
}

/* Whoever may write the presence could fill the program's log: 10 at once, then one a second, which counts the rest. */
static void test_foreign_presences_do_not_fill_the_log(void **state)
{
    static struct counter noticed[] = { { .text = "another process uses the id" },
                                        { .text = "(490 before it are not shown)" },
                                        { .text = "before it are not shown" },
                                        { 0 } };
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct skep_worker *worker;
    (void)state;

    atomic_store(&bucket_clock, 1000);
    options.log = count_texts;
    options.user = noticed;
    worker = open_at(broker_uri(broker), options);
    assert_true(await(is_online, worker, AWAIT_LIMIT));
    await_notice_of_presences(500);
    assert_int_equal(atomic_load(&noticed[0].count), 10);
    for (int second = 1; second <= 2; second++) {
        atomic_store(&bucket_clock, 1000 + 1000 * second);
        await_notice_of_presences(1);
        assert_int_equal(atomic_load(&noticed[0].count), 10 + second);
        assert_int_equal(atomic_load(&noticed[1].count), 1);
        assert_int_equal(atomic_load(&noticed[2].count), 1);
    }
    skep_worker_close(worker, NULL, 0);
    atomic_store(&bucket_clock, 0);
}

/* What the client says of replies that the broker has not taken: one after the other, then what is so. */
static _Atomic(size_t) awaited[2];
static atomic_uint awaited_left;
size_t __real_mqtt_client_awaited(const struct mqtt_client *client);
size_t __wrap_mqtt_client_awaited(const struct mqtt_client *client);

size_t __wrap_mqtt_client_awaited(const struct mqtt_client *client)
{
    unsigned left = atomic_load(&awaited_left);
    if (left == 0)
        return __real_mqtt_client_awaited(client);
    atomic_store(&awaited_left, left - 1);
    return awaited[ARRAY_LEN(awaited) - left];
}

/* They would fill the program's memory. */
static void test_replies_that_the_broker_does_not_take_are_left_out(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    (void)state;

    awaited[0] = 64 * 1024 + 1;
    awaited[1] = 64 * 1024;
    atomic_store(&awaited_left, ARRAY_LEN(awaited));
    watcher_request(watcher, REQUESTS "health", "", "skep/v1-rpc/reply/first");
    watcher_request(watcher, REQUESTS "health", "", "skep/v1-rpc/reply/second");
    AWAIT_MESSAGE(watcher, "reply/second", "\"result\"");
    assert_int_equal(watcher_count(watcher, "reply/first", "result"), 0);
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

/* The link stays, and what fits still comes. */
static void test_a_heartbeat_too_large_for_the_broker_is_not_sent(void **state)
{
    struct broker *small = broker_start("max_packet_size 600");
    struct watcher *there = watcher_open(broker_uri(small), "#");
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct skep_worker *worker;
    static const char *const names[] = { "a", "b", "c" };
    char label[201] = "";
    struct counter said = { .text = "larger than the broker accepts" };
    (void)state;

    assert_non_null(small);
    memset(label, 'x', sizeof label - 1);
    options.log = count_text;
    options.user = &said;
    worker = open_at(broker_uri(small), options);
    AWAIT_MESSAGE(there, HEARTBEAT, "\"seq\":0");
    for (int i = 0; i < 20; i++) { /* more than may be under way */
        label[0] = (char)('a' + i);
        for (int name = 0; name < 3; name++)
            assert_int_equal(skep_worker_set_label(worker, names[name], label), SKEP_OK);
        skep_worker_beat(worker);
        usleep(150000);
    }
    for (int name = 0; name < 3; name++)
        assert_int_equal(skep_worker_set_label(worker, names[name], "short"), SKEP_OK);
    skep_worker_beat(worker);
    AWAIT_MESSAGE(there, HEARTBEAT, "\"short\"");
    assert_int_equal(watcher_count(there, PRESENCE, "online"), 1);
    assert_int_equal(atomic_load(&said.count), 1);
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
    watcher_close(there);
    broker_free(small);
}

/* Stands before the client's: what it returns for heartbeats, unless OK. */
static _Atomic(enum err) heartbeat_fault = OK;

enum err __real_mqtt_client_publish(struct mqtt_client *client, const struct publish *publish);
enum err __wrap_mqtt_client_publish(struct mqtt_client *client, const struct publish *publish);

enum err __wrap_mqtt_client_publish(struct mqtt_client *client, const struct publish *publish)
{
    enum err fault = atomic_load(&heartbeat_fault);
    return fault != OK && strstr(publish->topic, HEARTBEAT) ? fault : __real_mqtt_client_publish(client, publish);
}

/* More of them than may be under way. */
static void test_what_no_link_can_send_costs_no_link(void **state)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct counter refused = { .text = "the broker refused a message (reason 0x90)" };
    struct skep_worker *worker;
    (void)state;

    options.log = count_text;
    options.user = &refused;
    atomic_store(&heartbeat_fault, ERR_TOPIC);
    worker = open_at(broker_uri(broker), options);
    for (int i = 1; i <= 6; i++) {
        assert_true(await(is_online, worker, AWAIT_LIMIT));
        assert_true(await(has_counted, &refused, AWAIT_LIMIT));
        atomic_store(&refused.count, 0);
        skep_worker_beat(worker);
    }
    assert_true(await(has_counted, &refused, AWAIT_LIMIT));
    atomic_store(&heartbeat_fault, OK);
    assert_int_equal(skep_worker_set_status(worker, "busy"), SKEP_OK);
    AWAIT_MESSAGE(watcher, HEARTBEAT, "\"status\":\"busy\"");
    assert_int_equal(watcher_count(watcher, PRESENCE, "\"presence\":\"online\""), 1);
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

static void test_what_another_link_may_send_comes_with_that(void **state)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct counter lost = { .text = "lost the broker: cannot send" };
    struct skep_worker *worker;
    (void)state;

    options.log = count_text;
    options.user = &lost;
    atomic_store(&heartbeat_fault, ERR_REFUSED);
    worker = open_at(broker_uri(broker), options);
    assert_true(await(has_counted, &lost, AWAIT_LIMIT));
    atomic_store(&heartbeat_fault, OK);
    AWAIT_MESSAGE(watcher, HEARTBEAT, skep_worker_session(worker));
    assert_true(await(is_online, worker, AWAIT_LIMIT));
    assert_int_equal(watcher_count(watcher, HEARTBEAT, "\"connection\":1,"), 0);
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

/* A broker without QoS 1 takes no will of ours. When it has it, everything comes. */
static void test_it_returns_when_the_broker_offers_qos_1_again(void **state)
{
    struct broker *poor = broker_start("listener @PORT@ 127.0.0.1\nmax_qos 0\n");
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct counter lost = { .text = "cannot reach the broker: the broker refused the connection" };
    struct skep_worker *worker;
    struct watcher *there;
    char command[512];
    (void)state;

    assert_non_null(poor);
    options.log = count_text;
    options.user = &lost;
    worker = open_at(broker_uri(poor), options);
    assert_true(await(has_counted, &lost, AWAIT_LIMIT));
    assert_int_equal(skep_worker_is_online(worker), 0);
    broker_stop(poor);
    snprintf(command, sizeof command, "sed -i 's/^max_qos 0/max_qos 1/' %s/mosquitto.conf", broker_folder(poor));
    assert_int_equal(system(command), 0);
    assert_true(broker_restart(poor));
    there = watcher_open(broker_uri(poor), "#");
    AWAIT_MESSAGE(there, PRESENCE, "\"presence\":\"online\"", skep_worker_session(worker));
    AWAIT_MESSAGE(there, HEARTBEAT, skep_worker_session(worker));
    assert_true(await(is_online, worker, AWAIT_LIMIT));
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
    watcher_close(there);
    broker_free(poor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_returns_after_the_broker_was_killed, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_it_returns_after_a_reset_link, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_every_broker_of_the_list_is_tried, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_a_hanging_broker_does_not_hold_the_end_up, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_a_broker_that_is_away, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_two_with_one_identity_notice, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_foreign_presences_do_not_fill_the_log, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_replies_that_the_broker_does_not_take_are_left_out, scene_open,
                                        scene_close),
        cmocka_unit_test(test_a_heartbeat_too_large_for_the_broker_is_not_sent),
        cmocka_unit_test_setup_teardown(test_what_no_link_can_send_costs_no_link, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_what_another_link_may_send_comes_with_that, scene_open, scene_close),
        cmocka_unit_test(test_it_returns_when_the_broker_offers_qos_1_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
