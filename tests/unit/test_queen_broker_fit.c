#include "broker_fit.h"

#include "queen_script.h"
#include "view_health.h"

#define ALL 0x1f /* of the live subscriptions */

/* Up, with what CONNACK says, and a bit for each live subscription that is refused. */
static void connect_with(struct scene *scene, struct link_facts facts, unsigned refused)
{
    if (!scene->is_known)
        scene_run(scene, "check; free");
    scene->subscribing_count = 0;
    scene_step(scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_step(scene, (struct input){ .kind = INPUT_LINK_UP, .facts = &facts });
    assert_int_equal(scene->subscribing_count, SUBSCRIPTIONS);
    scene->subscribing_count = 0;
    for (size_t i = 0; i < SUBSCRIPTIONS; i++)
        scene_step(scene, (struct input){ .kind = INPUT_SUBSCRIBED,
                                          .token = scene->subscribing[i],
                                          .reason = refused & 1u << i ? 0x87 : 0 });
    scene_run(scene, "mark; suback; read");
    assert_true(queen_sees(scene->queen));
}

static void is_health(struct scene *scene, const char *why, int status, const char *want)
{
    struct buf buf = BUF_INIT;
    if (view_health(scene->queen, &buf) != status || !strstr(buf_str(&buf), want))
        fail_msg("%s: %s", why, buf_str(&buf));
    buf_clear(&buf);
}

static void r19_what_the_broker_lacks_is_one_sentence(void **state)
{
    static const struct {
        const char *why;
        struct link_facts facts;
        unsigned refused;
        int status;
        const char *health, *notice; /* notice NULL: none */
    } rows[] = {
        { "all is there", { 0 }, 0, 200, "{\"status\":\"pass\"", NULL },
        { "mosquitto's CONNACK", { .receive_max = 20 }, 0, 200, "{\"status\":\"pass\"", NULL },
        { "no wildcards", { .no_wildcards = true }, 0, 503, "\"queen: the broker allows no wildcards", "no wildcards" },
        { "QoS 0 only", { .qos0_only = true }, 0, 503, "offers only QoS 0", "max_qos 1" },
        { "2 KiB less a byte", { .packet_max = 2047 }, 0, 503, "takes no packets of 2 KiB", "max_packet_size 65536" },
        { "2 KiB", { .packet_max = 2048 }, 0, 200, "takes no packets of 20 KiB", "packets of 20 KiB" },
        { "20 KiB less a byte", { .packet_max = 20479 }, 0, 200, "\"status\":\"warn\"", "packets of 20 KiB" },
        { "20 KiB", { .packet_max = 20480 }, 0, 200, "{\"status\":\"pass\"", NULL },
        { "no retained messages",
          { .no_retain = true },
          0,
          200,
          "offers no retained messages",
          "retain_available true" },
        { "it warns", { .no_retain = true }, 0, 200, "\"status\":\"warn\"", "retain_available true" },
        { "19 at once is a note", { .receive_max = 19 }, 0, 200, "{\"status\":\"pass\"", "max_inflight_messages 20" },
        { "one refused",
          { 0 },
          4,
          200,
          "refuses the subscription to skep/v1/hive/+/worker/+/heartbeat: check its ACL",
          "(reason 0x87)" },
        { "all but one", { 0 }, ALL & ~4u, 200, "\"status\":\"warn\"", "(reason 0x87)" },
        { "all refused", { 0 }, ALL, 503, "refuses all subscriptions", "(reason 0x87)" },
        { "the gravest counts", { .no_retain = true, .qos0_only = true }, 0, 503, "offers only QoS 0", "retained" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        connect_with(&scene, rows[i].facts, rows[i].refused);
        is_health(&scene, rows[i].why, rows[i].status, rows[i].health);
        if (rows[i].notice ? !strstr(buf_str(&scene.notice), rows[i].notice) : scene.notice.len > 0)
            fail_msg("%s: %s", rows[i].why, buf_str(&scene.notice));
        scene_clear(&scene);
    }
}

/* Once for as long as it lasts. */
static void a_lack_is_logged_when_it_begins(void **state)
{
    static const struct {
        bool no_retain;
        bool is_logged;
    } links[] = { { true, true }, { true, false }, { false, false }, { true, true } };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        buf_reset(&scene.notice);
        connect_with(&scene, (struct link_facts){ .no_retain = links[i].no_retain }, 0);
        assert_int_equal(scene.notice.len > 0, links[i].is_logged);
        scene_run(&scene, "down");
    }
    scene_clear(&scene);
}

static void without_a_link_health_has_the_reason(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_FAILED, .why = "a web server answers there" });
    is_health(&scene, "failed", 503, "\"queen: no link to the broker: a web server answers there\"");
    connect_with(&scene, (struct link_facts){ 0 }, 0);
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN, .why = "closed" });
    is_health(&scene, "lost", 503, "\"queen: no link to the broker: closed\"");
    connect_with(&scene, (struct link_facts){ .qos0_only = true }, 0);
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN, .why = "refused" });
    is_health(&scene, "unfit", 503, "offers only QoS 0");
    scene_clear(&scene);
}

static void begin_probe(struct scene *scene, struct link_facts facts)
{
    scene_init(scene);
    connect_with(scene, facts, 0);
    scene->unsubscribed = 0;
    scene_step(scene, (struct input){ .kind = INPUT_ACKED, .token = member_token(MEMBER_TOKEN_BIRTH) });
    scene_step(scene, (struct input){ .kind = INPUT_TICK });
}

static void own_presence(struct scene *scene, bool stored, unsigned connection)
{
    char payload[128];
    snprintf(payload, sizeof payload, "{\"presence\":\"online\",\"session\":\"1111222233334444\",\"connection\":%u}",
             connection);
    scene->stored = stored;
    scene_message(scene, "skep/v1/queen/queen/presence", text_of(payload));
    scene->stored = false;
}

static void r19_a_wildcard_must_bring_what_is_stored(void **state)
{
    static const struct {
        const char *why;
        bool stored;
        unsigned connection;
        bool is_undelivered;
    } rows[] = {
        { "its own birth", true, 1, false },
        { "live is no copy", false, 1, true },
        { "an earlier one came without a wildcard", true, 2, true },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        begin_probe(&scene, (struct link_facts){ 0 });
        own_presence(&scene, rows[i].stored, rows[i].connection);
        scene_run(&scene, "wait 5999");
        is_health(&scene, rows[i].why, 200, "{\"status\":\"pass\"");
        scene_run(&scene, "wait 1000");
        is_health(&scene, rows[i].why, 200,
                  rows[i].is_undelivered ? "sends no retained messages to subscriptions with wildcards"
                                         : "{\"status\":\"pass\"");
        assert_int_equal(scene.unsubscribed, 1);
        scene_clear(&scene);
    }
}

static void what_cannot_be_probed_is_not_doubted(void **state)
{
    struct scene scene;
    (void)state;
    begin_probe(&scene, (struct link_facts){ 0 });
    scene_step(
        &scene,
        (struct input){ .kind = INPUT_SUBSCRIBED, .token = (uint64_t)TOKEN_FIT << TOKEN_KIND_SHIFT, .reason = 0x87 });
    scene_run(&scene, "wait 10000");
    is_health(&scene, "refused", 200, "{\"status\":\"pass\"");
    scene_clear(&scene);
    begin_probe(&scene, (struct link_facts){ .no_retain = true });
    assert_int_equal(scene.queen->fit.probes, 0);
    scene_clear(&scene);
    begin_probe(&scene, (struct link_facts){ 0 });
    scene_run(&scene, "down; wait 10000");
    assert_false(scene.queen->fit.is_undelivered);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r19_what_the_broker_lacks_is_one_sentence),
        cmocka_unit_test(a_lack_is_logged_when_it_begins),
        cmocka_unit_test(without_a_link_health_has_the_reason),
        cmocka_unit_test(r19_a_wildcard_must_bring_what_is_stored),
        cmocka_unit_test(what_cannot_be_probed_is_not_doubted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
