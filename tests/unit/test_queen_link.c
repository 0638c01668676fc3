#include "queen_script.h"

#define OWN "own {\"presence\":\"online\",\"session\":\"1111222233334444\",\"connection\":1}"
#define RIVAL "\"session\":\"aaaabbbbccccdddd\",\"host\":\"host-b\",\"pid\":7"

static void the_will_names_its_connection(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "connect");
    assert_string_equal(
        buf_str(&scene.will),
        "{\"queen_id\":\"queen\",\"presence\":\"stale\",\"cause\":\"connection_lost\","
        "\"session\":\"1111222233334444\",\"connection\":1,\"interval_ms\":null,"
        "\"retain_s\":null,\"rpc\":true,\"connect_ms\":null,\"exit\":null,\"pid\":42,\"host\":\"host-a\","
        "\"version\":\"1.2.3\",\"endpoint\":null,"
        "\"timestamp\":\"2023-11-14T22:13:20.000Z\"}");
    assert_non_null(strstr(buf_str(&scene.birth), "\"presence\":\"online\",\"cause\":null"));
    scene_run(&scene, "down; connect");
    assert_non_null(strstr(buf_str(&scene.will), "\"connection\":2"));
    assert_non_null(strstr(buf_str(&scene.birth), "\"connection\":2"));
    assert_int_equal(scene.births, 2);
    scene_clear(&scene);
}

/* Named leaves only, at QoS 0 (but requests), own messages kept out of the fleet's; the birth before the fleet. */
static void the_queen_subscribes_to_named_leaves(void **state)
{
    static const char *const want[] = {
        "skep/v1/queen/queen/presence",     "skep/v1-rpc/reply/skep:q:queen",
        "skep/v1-rpc/queen/queen/+",        NULL,
        "$SYS/broker/publish/messages/+",   "skep/v1/hive/+/presence",
        "skep/v1/hive/+/heartbeat",         "skep/v1/hive/+/worker/+/heartbeat",
        "skep/v1/hive/+/worker/+/presence", "skep/v1/hive/+/worker/+/witness",
    };
    struct scene scene;
    size_t i = 0;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "check; free");
    queen_step(scene.queen, &(struct input){ .kind = INPUT_LINK_UP, .now = scene.now, .wall = scene.wall },
               &scene.outbox);
    for (const struct effect *effect = scene.outbox.first; effect; effect = effect->next, i++) {
        assert_true(i < ARRAY_LEN(want));
        assert_int_equal(effect->kind, want[i] ? EFFECT_SUBSCRIBE : EFFECT_PUBLISH);
        if (!want[i])
            continue;
        assert_string_equal(effect->subscribe.filter, want[i]);
        assert_int_equal(effect->subscribe.qos, 0); /* the broker waits for no PUBACK of a flood */
        assert_int_equal(effect->subscribe.no_local, i >= 5);
        assert_int_equal(effect->subscribe.retain_handling, i == 2 || i >= 5 ? RETAIN_NEVER : RETAIN_ALWAYS);
    }
    assert_int_equal(i, ARRAY_LEN(want));
    scene_clear(&scene);
}

static void r12_the_view_is_live_from_the_end_marker_on(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    assert_false(queen_sees(scene.queen));
    scene_run(&scene, "connect; stored beat 1.1.0");
    assert_false(queen_sees(scene.queen));
    hear_reply(&scene, "0300000000000001");
    assert_false(queen_sees(scene.queen));
    scene_run(&scene, "read");
    assert_true(queen_sees(scene.queen));
    assert_non_null(strstr(buf_str(&scene.event), "{\"fleet\":\"live\""));
    scene_run(&scene, "read; down");
    assert_false(queen_sees(scene.queen));
    assert_non_null(strstr(buf_str(&scene.event), "{\"fleet\":\"blind\""));
    assert_int_equal(scene.events, 2);
    scene_run(&scene, "connect; down");
    assert_int_equal(scene.events, 2); /* blind before, blind after */
    scene_clear(&scene);
}

static void a_pass_whose_marker_does_not_come_back_begins_anew(void **state)
{
    struct scene scene;
    struct scene_request first;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "subscribe; wait 1999");
    assert_int_equal(scene.markers, 1);
    first = scene.marker;
    scene_run(&scene, "wait 1; suback; wait 2000; suback");
    assert_int_equal(scene.markers, 3);
    hear_reply(&scene, first.correlation); /* however late: what it ends has come before it */
    assert_int_equal(scene.queen->snapshot.phase, SNAPSHOT_READING);
    scene_run(&scene, "suback; wait 2000; suback; read");
    assert_true(queen_sees(scene.queen));
    scene_run(&scene, "wait 10000; down; connect");
    hear_reply(&scene, first.correlation);
    assert_false(queen_sees(scene.queen)); /* it was of another link */
    scene_run(&scene, "read");
    assert_true(queen_sees(scene.queen));
    scene_clear(&scene);
}

static void a_refused_subscription_is_said(void **state)
{
    struct scene scene;
    struct http_response response;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up 87");
    assert_non_null(strstr(buf_str(&scene.notice),
                           "the broker refuses the subscription to skep/v1/hive/+/worker/+/witness (reason 0x87)"));
    response = scene_http(&scene, &(struct http_request){ .method = "GET", .path = "/health" });
    assert_int_equal(response.status, 503);
    assert_non_null(strstr(buf_str(&response.body), "\"status\":\"fail\""));
    buf_clear(&response.body);
    scene_step(&scene, (struct input){ .kind = INPUT_SUBSCRIBED, .token = scene.subscribing[0] });
    assert_int_equal(scene.markers, 8); /* a second SUBACK of the same token is none */
    scene_clear(&scene);
}

static void what_is_said_of_her_is_set_right(void **state)
{
    static const struct {
        const char *why, *script;
        unsigned births;
    } rows[] = {
        { "her own birth comes back", "own {\"presence\":\"online\",\"session\":\"1111222233334444\",\"connection\":1}",
          1 },
        { "her own will of this connection: a broker that tells it is about to close",
          "own {\"presence\":\"stale\",\"session\":\"1111222233334444\",\"connection\":1}", 1 },
        { "cleared", "own", 2 },
        { "a will of an earlier connection",
          "own {\"presence\":\"stale\",\"session\":\"1111222233334444\",\"connection\":9}", 2 },
        { "a death of her predecessor, on the first connection", "own {\"presence\":\"stale\"," RIVAL "}", 2 },
        { "a death of a stranger, on a later one", OWN "; down; up; own {\"presence\":\"stale\"," RIVAL "}", 3 },
        { "nonsense", "own {\"presence\":7}", 2 },
        { "many clears are healed once a second", "own; own; own; wait 500; own; wait 500", 3 },
        { "not while the link is down", "own; wait 0; own; down; wait 5000", 2 },
        { "not while she is leaving", "stop; own; wait 100", 2 /* the goodbye is one */ },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, "up");
        scene_run(&scene, rows[i].script);
        scene_run(&scene, "wait 0");
        if (scene.births != rows[i].births)
            print_error("%s\n", rows[i].why);
        assert_int_equal(scene.births, rows[i].births);
        scene_clear(&scene);
    }
}

#define HOLDS "another queen holds the id queen (host host-b, pid 7)"

static void identity_a_queen_takes_nothing_from_one_that_runs(void **state)
{
    static const struct {
        const char *why, *script, *want, *notice;
    } rows[] = {
        { "one that starts", "check; stored own {\"presence\":\"online\"," RIVAL "}; held aaaabbbbccccdddd 5",
          "disconnect, exit", HOLDS ": stop that one, or give this one another --id" },
        { "one that starts and may not ask", "check; stored own {\"presence\":\"online\"," RIVAL "}; cack 87",
          "disconnect, exit",
          HOLDS
          ", and the broker does not let this one request its health: stop that one, or give this one another --id; if "
          "it is gone, clear its retained presence: mosquitto_pub -r -n -t skep/v1/queen/queen/presence" },
        { "the younger of two that run",
          "up; wait 1000; own {\"presence\":\"online\"," RIVAL "}; held aaaabbbbccccdddd 5000",
          "claim, disconnect, exit",
          HOLDS " and has held it for longer: stop that one, or give this one another --id" },
        { "the elder of them",
          "up; wait 1000; own {\"presence\":\"online\"," RIVAL "}; held aaaabbbbccccdddd 5; wait 0", "claim", "" },
        { "one that leaves", "up; stop; own {\"presence\":\"online\"," RIVAL "}", "", "" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, rows[i].script);
        if (strcmp(buf_str(&scene.trace), rows[i].want) != 0)
            print_error("%s\n", rows[i].why);
        assert_string_equal(buf_str(&scene.trace), rows[i].want);
        assert_string_equal(buf_str(&scene.notice), rows[i].notice);
        if (i == 3)
            assert_int_equal(scene.births, 2); /* what is stored is the queen's own again */
        scene_clear(&scene);
    }
}

static void she_leaves_with_a_goodbye(void **state)
{
    static const struct {
        const char *why, *script, *want;
    } rows[] = {
        { "waits for its acknowledgement", "up; stop; wait 999", "" },
        { "which ends the link", "up; stop; ack 0", "disconnect, exit" },
        { "or a second does", "up; stop; wait 1000", "disconnect, exit" },
        { "once", "up; stop; stop; ack 0; wait 5000", "disconnect, exit" },
        { "without a link there is nothing to wait for", "stop", "disconnect, exit" },
        { "the link is lost meanwhile", "up; stop; down; wait 1000", "disconnect, exit" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, rows[i].script);
        if (strcmp(buf_str(&scene.trace), rows[i].want) != 0)
            print_error("%s\n", rows[i].why);
        assert_string_equal(buf_str(&scene.trace), rows[i].want);
        scene_clear(&scene);
    }
}

static void the_goodbye_is_retained(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; stop");
    assert_non_null(strstr(buf_str(&scene.birth), "\"presence\":\"offline\",\"cause\":\"goodbye\""));
    scene_clear(&scene);
}

static void a_link_that_returns_while_she_leaves_gets_the_goodbye(void **state)
{
    struct scene scene;
    int births;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; stop; down");
    births = (int)scene.births;
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_UP });
    assert_int_equal(scene.births, births + 2); /* a goodbye counts only behind the birth of its connection */
    assert_non_null(strstr(buf_str(&scene.birth), "\"presence\":\"offline\""));
    scene_clear(&scene);
}

static void r19_a_marker_that_never_returns_is_said(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "subscribe; wait 5999");
    assert_null(strstr(buf_str(&scene.notice), "not received back"));
    scene_run(&scene, "wait 1");
    assert_non_null(strstr(buf_str(&scene.notice), "not received back"));
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_will_names_its_connection),
        cmocka_unit_test(the_queen_subscribes_to_named_leaves),
        cmocka_unit_test(r12_the_view_is_live_from_the_end_marker_on),
        cmocka_unit_test(a_pass_whose_marker_does_not_come_back_begins_anew),
        cmocka_unit_test(a_refused_subscription_is_said),
        cmocka_unit_test(what_is_said_of_her_is_set_right),
        cmocka_unit_test(identity_a_queen_takes_nothing_from_one_that_runs),
        cmocka_unit_test(she_leaves_with_a_goodbye),
        cmocka_unit_test(the_goodbye_is_retained),
        cmocka_unit_test(a_link_that_returns_while_she_leaves_gets_the_goodbye),
        cmocka_unit_test(r19_a_marker_that_never_returns_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
