#include "hive_link.h"

#include "hive_fixture.h"

#define PRESENCE "skep/v1/hive/hive-a/presence"
#define OWN(state) "{\"presence\":\"" state "\",\"session\":\"1111222233334444\",\"connection\":1}"
#define RIVAL(state) \
    "{\"presence\":\"" state "\",\"session\":\"aaaabbbbccccdddd\",\"connection\":1,\"host\":\"host-b\",\"pid\":7}"
#define REPLIES "skep/v1-rpc/reply/skep:h:hive-a"
#define SUBSCRIPTIONS                                                                                     \
    "subscribe skep/v1/hive/hive-a/presence; "                                                            \
    "subscribe skep/v1-rpc/hive/hive-a/+; subscribe skep/v1/queen/+/hive-verdict/hive-a; tell presence; " \
    "subscribe skep/v1/hive/hive-a/worker/+/witness; tell heartbeat"

static void start(struct scene *scene)
{
    scene_init(scene);
    scene_roster(scene, "w1");
    scene_up(scene);
}

static void what_concerns_the_hive_comes_first(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1");
    scene_forget(&scene);
    scene_up(&scene);
    assert_true(scene_told(&scene, "{\"hive_id\":\"hive-a\",\"presence\":\"online\",\"cause\":null,"
                                   "\"session\":\"1111222233334444\",\"connection\":1,\"interval_ms\":10000,"
                                   "\"retain_s\":86400,\"rpc\":true,\"connect_ms\":null,\"exit\":null,\"pid\":42,"
                                   "\"host\":\"host-a\",\"version\":\"1.2.3\","
                                   "\"endpoint\":\"http://127.0.0.1:7835\","));
    scene_expect(&scene, "a first connection", SUBSCRIPTIONS "; tell worker/w1/witness");
    scene_down(&scene);
    scene_up(&scene);
    assert_true(scene_told(&scene, "\"connection\":2"));
    scene_expect(&scene, "all witnesses again, for the broker may have lost them",
                 SUBSCRIPTIONS "; tell worker/w1/witness");
    scene_clear(&scene);
}

static void the_will_names_its_connection(void **state)
{
    struct scene scene;
    (void)state;
    start(&scene);
    assert_non_null(strstr(buf_str(&scene.will), "\"presence\":\"stale\",\"cause\":\"connection_lost\","
                                                 "\"session\":\"1111222233334444\",\"connection\":1,"));
    scene_down(&scene);
    scene_up(&scene);
    assert_non_null(strstr(buf_str(&scene.will), "\"connection\":2"));
    scene_clear(&scene);
}

static void refused_requests_are_said(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "");
    scene_check(&scene);
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_UP });
    scene_forget(&scene);
    scene_step(&scene, (struct input){ .kind = INPUT_SUBSCRIBED, .token = 99, .reason = 0x87 });
    scene_expect(&scene, "another subscription", "");
    scene_step(&scene, (struct input){ .kind = INPUT_SUBSCRIBED, .token = scene.subscribing, .reason = 0x87 });
    assert_true(scene_told(&scene, "this hive's subscription to its requests (reason 0x87)"));
    assert_true(scene_told(&scene, "\"rpc\":false"));
    scene_expect(&scene, "the birth says so", "notice; tell presence");
    scene_clear(&scene);
}

static void heartbeats_come_every_ten_seconds(void **state)
{
    struct scene scene;
    ms_t last = 0;
    (void)state;
    start(&scene);
    scene_forget(&scene);
    for (int beat = 1; beat < 50; beat++) {
        ms_t due = hive_deadline(scene.hive);
        if (beat == 1)
            assert_true(due - scene.now >= 5000 && due - scene.now <= 10000);
        else
            assert_true(due - last >= 9500 && due - last <= 10500);
        scene_wait(&scene, due - scene.now);
        scene_expect(&scene, "one heartbeat", "tell heartbeat");
        last = scene.now;
    }
    scene_down(&scene);
    scene_wait(&scene, 60000);
    scene_expect(&scene, "none without a link", "");
    scene_clear(&scene);
}

static void the_heartbeat_tells_of_host_and_workers(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1 w2 w3");
    scene_exit(&scene, "w2", 9);
    scene.cannot_start = true;
    scene_roster(&scene, "w1 w2 w3 w4");
    scene_forget(&scene);
    scene_up(&scene);
    assert_true(scene_told(
        &scene, "{\"hive_id\":\"hive-a\",\"status\":\"ready\",\"session\":\"1111222233334444\","
                "\"connection\":1,\"seq\":0,\"interval_ms\":10000,\"retain_s\":86400,\"load1\":0.5,\"cpus\":4,"
                "\"memory_total_bytes\":1000,\"memory_available_bytes\":600,"
                "\"workers\":{\"total\":4,\"running\":2,\"exited\":1,\"failed\":1},"
                "\"endpoint\":\"http://127.0.0.1:7835\",\"version\":\"1.2.3\","));
    scene_clear(&scene);
}

static void what_is_said_of_it_is_set_right(void **state)
{
    static const struct {
        const char *why, *payload;
        bool stored;
        const char *want;
    } rows[] = {
        { "its own birth comes back", OWN("online"), false, "" },
        { "its own will: a broker that tells it is about to close", OWN("stale"), false, "" },
        { "cleared", "", false, "tell presence" },
        { "a will of an earlier connection",
          "{\"presence\":\"stale\",\"session\":\"1111222233334444\",\"connection\":9}", false, "tell presence" },
        { "a death of its predecessor", RIVAL("stale"), false, "tell presence" },
        { "what was stored came before the birth", RIVAL("stale"), true, "" },
        { "nonsense", "{\"presence\":7}", false, "tell presence" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        start(&scene);
        scene_forget(&scene);
        scene_hear(&scene, PRESENCE, rows[i].payload, rows[i].stored);
        scene_wait(&scene, 0);
        scene_expect(&scene, rows[i].why, rows[i].want);
        scene_clear(&scene);
    }
}

static void healing_has_its_limits(void **state)
{
    struct scene scene;
    (void)state;
    start(&scene);
    scene_forget(&scene);
    for (int i = 0; i < 3; i++) {
        scene_hear(&scene, PRESENCE, "", false);
        scene_wait(&scene, 0);
    }
    scene_expect(&scene, "at once", "tell presence");
    scene_wait(&scene, 1000);
    scene_expect(&scene, "and once a second", "tell presence");
    scene_hear(&scene, PRESENCE, "", false);
    scene_down(&scene);
    scene_wait(&scene, 5000);
    scene_expect(&scene, "not without a link", "");
    scene_up(&scene);
    scene_step(&scene, (struct input){ .kind = INPUT_STOP });
    scene_forget(&scene);
    scene_hear(&scene, PRESENCE, "", false);
    scene_wait(&scene, 0);
    scene_expect(&scene, "not while it leaves", "");
    scene_clear(&scene);
}

#define HEALTH "clear skep/v1-rpc/hive/hive-a/health" /* a request has no payload */
#define TAKEN "another hive holds the id hive-a (host host-b, pid 7)"

static void reply_to_health(struct scene *scene, const char *members)
{
    char payload[256];
    snprintf(payload, sizeof payload, "{\"result\":{\"status\":\"pass\"%s}}", members);
    scene_step(scene, (struct input){ .kind = INPUT_MESSAGE,
                                      .message = &(struct message){ .topic = TEXT("skep/v1-rpc/reply/skep:h:hive-a"),
                                                                    .payload = text_of(payload),
                                                                    .correlation = text_of(scene->correlation) } });
}

static void identity_a_hive_that_starts_takes_nothing(void **state)
{
    struct scene scene;
    (void)state;
    scene_init_before_link(&scene);
    scene_roster(&scene, "w1");
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    assert_int_equal(scene.will.len, 0);
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_UP });
    scene_expect(&scene, "it only asks",
                 "subscribe skep/v1/hive/hive-a/presence; subscribe skep/v1-rpc/reply/skep:h:hive-a; " HEALTH);
    scene_hear(&scene, PRESENCE, RIVAL("online"), true);
    scene_step(&scene, (struct input){ .kind = INPUT_ACKED, .token = scene.goodbye });
    reply_to_health(&scene, ",\"session\":\"aaaabbbbccccdddd\",\"held_ms\":70000");
    assert_true(scene_told(&scene, TAKEN ": stop that one, or give this one another --id"));
    scene_expect(&scene, "no worker was started", "disconnect; exit 6");
    scene_clear(&scene);
}

static void identity_workers_wait_until_it_is_known_who_holds_the_id(void **state)
{
    struct scene scene;
    (void)state;
    scene_init_before_link(&scene);
    scene_roster(&scene, "w1");
    scene_wait(&scene, 1999);
    scene_expect(&scene, "not at once", "");
    scene_wait(&scene, 1);
    scene_expect(&scene, "but not for ever", "START w1");
    scene_clear(&scene);

    scene_init_before_link(&scene);
    scene_roster(&scene, "w1");
    scene_up(&scene);
    scene_expect(&scene, "nobody holds it", SUBSCRIPTIONS "; tell worker/w1/witness; START w1; tell worker/w1/witness");
    scene_clear(&scene);
}

static void identity_of_two_that_run_the_younger_ends(void **state)
{
    struct scene scene;
    (void)state;
    start(&scene);
    scene_forget(&scene);
    scene_wait(&scene, 1000);
    scene_hear(&scene, PRESENCE, RIVAL("online"), false);
    scene_expect(&scene, "it asks", "subscribe " REPLIES "; " HEALTH);
    reply_to_health(&scene, ",\"session\":\"1111222233334444\",\"held_ms\":1000");
    scene_expect(&scene, "its own answer does not count", "");
    reply_to_health(&scene, ",\"session\":\"aaaabbbbccccdddd\",\"held_ms\":999");
    scene_wait(&scene, 0);
    scene_expect(&scene, "the other one ends", "unsubscribe " REPLIES "; tell presence");
    scene_hear(&scene, PRESENCE, RIVAL("online"), false);
    reply_to_health(&scene, ",\"session\":\"aaaabbbbccccdddd\",\"held_ms\":70000");
    assert_true(scene_told(&scene, TAKEN " and has held it for longer"));
    scene_expect(&scene, "the link goes, the workers end",
                 "subscribe " REPLIES "; " HEALTH "; disconnect; notice; TERM w1");
    scene_exit(&scene, "w1", 15);
    assert_true(scene_told(&scene, TAKEN));
    scene_expect(&scene, "and the hive, without a goodbye", "SWEEP w1; exit 6");
    scene_clear(&scene);
}

#define VERDICT "skep/v1/queen/q/hive-verdict/hive-a"

static void told_that_it_is_down_it_beats(void **state)
{
    static const struct {
        const char *why, *payload, *want;
    } rows[] = {
        { "down", "{\"state\":\"down\",\"session\":\"1111222233334444\"}", "tell heartbeat" },
        { "ready", "{\"state\":\"ready\",\"session\":\"1111222233334444\"}", "" },
        { "its predecessor is down", "{\"state\":\"down\",\"session\":\"aaaabbbbccccdddd\"}", "" },
        { "forgotten", "", "" },
        { "nonsense", "[]", "" },
    };
    struct scene scene;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        start(&scene);
        scene_forget(&scene);
        scene_hear(&scene, VERDICT, rows[i].payload, false);
        scene_expect(&scene, rows[i].why, rows[i].want);
        scene_clear(&scene);
    }
    start(&scene);
    scene_forget(&scene);
    scene_hear(&scene, VERDICT, rows[0].payload, false);
    scene_hear(&scene, VERDICT, rows[0].payload, false);
    scene_expect(&scene, "at most once a second", "tell heartbeat");
    scene_wait(&scene, 1000);
    scene_hear(&scene, VERDICT, rows[0].payload, false);
    scene_expect(&scene, "a second later", "tell heartbeat");
    scene_clear(&scene);
}

static void stored_witnesses_of_nobody_go(void **state)
{
    static const struct {
        const char *why, *topic, *payload;
        bool stored;
        const char *want;
    } rows[] = {
        { "a ghost", "skep/v1/hive/hive-a/worker/ghost/witness", "{}", true, "clear worker/ghost/witness" },
        { "whatever it says", "skep/v1/hive/hive-a/worker/ghost/witness", "x", true, "clear worker/ghost/witness" },
        { "a worker of the roster", "skep/v1/hive/hive-a/worker/w1/witness", "{}", true, "" },
        { "its end", "skep/v1/hive/hive-a/worker/ghost/witness", "", true, "" },
        { "somebody writes one now", "skep/v1/hive/hive-a/worker/ghost/witness", "{}", false, "" },
        { "another hive's", "skep/v1/hive/hive-b/worker/ghost/witness", "{}", true, "" },
        { "a heartbeat", "skep/v1/hive/hive-a/worker/ghost/heartbeat", "{}", true, "" },
        { "no topic of ours", "skep/v2/hive/hive-a/worker/ghost/witness", "{}", true, "" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        start(&scene);
        scene_forget(&scene);
        scene_hear(&scene, rows[i].topic, rows[i].payload, rows[i].stored);
        scene_expect(&scene, rows[i].why, rows[i].want);
        scene_clear(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_concerns_the_hive_comes_first),
        cmocka_unit_test(the_will_names_its_connection),
        cmocka_unit_test(refused_requests_are_said),
        cmocka_unit_test(heartbeats_come_every_ten_seconds),
        cmocka_unit_test(the_heartbeat_tells_of_host_and_workers),
        cmocka_unit_test(what_is_said_of_it_is_set_right),
        cmocka_unit_test(healing_has_its_limits),
        cmocka_unit_test(identity_a_hive_that_starts_takes_nothing),
        cmocka_unit_test(identity_workers_wait_until_it_is_known_who_holds_the_id),
        cmocka_unit_test(identity_of_two_that_run_the_younger_ends),
        cmocka_unit_test(told_that_it_is_down_it_beats),
        cmocka_unit_test(stored_witnesses_of_nobody_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
