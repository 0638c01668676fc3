#include "queen_script.h"

#include "json.h"
#include "rations.h"
#include "view.h"
#include "view_health.h"

static void assert_worker(struct scene *scene, bool whole, const char *want)
{
    struct buf buf = BUF_INIT;
    struct json_write w = json_write_to(&buf);
    struct arena arena = { 0 };
    struct cJSON *tree;
    view_worker(scene->queen, scene_record(scene), whole, &w);
    assert_string_equal(buf_str(&buf), want);
    assert_int_equal(json_parse(&arena, buf_text(&buf), &tree, NULL), OK);
    arena_clear(&arena);
    buf_clear(&buf);
}

static void a_worker_shows_its_heartbeat_as_received(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up");
    scene_hear(&scene, "heartbeat",
               "{ \"worker_id\": \"w1\", \"status\":\"idle\", \"session\":\"00000000000000ff\", \"connection\":3,"
               "\"timestamp\":\"2023-11-14T22:13:19.500Z\", \"unknown\":[1e3, \"\xc3\xa4\"] }");
    scene_run(&scene, "wait 1500");
    assert_worker(&scene, false,
                  "{\"worker_id\":\"w1\",\"hive_id\":\"default\",\"state\":\"online\",\"cause\":\"heartbeat\","
                  "\"since\":\"2023-11-14T22:13:20.000Z\",\"since_ms_ago\":1500,\"last_seen_ms_ago\":1500,"
                  "\"clock_skew_ms\":-500,\"flags\":[],\"session\":\"00000000000000ff\",\"connection\":3,"
                  "\"heartbeat\":{ \"worker_id\": \"w1\", \"status\":\"idle\", \"session\":\"00000000000000ff\", "
                  "\"connection\":3,\"timestamp\":\"2023-11-14T22:13:19.500Z\", \"unknown\":[1e3, \"\xc3\xa4\"] },"
                  "\"witness\":null,\"verification\":null}");
    scene_clear(&scene);
}

static void what_is_not_known_is_null(void **state)
{
    struct queen_options options = scene_options;
    struct scene scene;
    (void)state;
    options.expect = TEXT("w1");
    scene_init_with(&scene, &options);
    scene_run(&scene, "wait 10");
    assert_worker(&scene, true,
                  "{\"worker_id\":\"w1\",\"hive_id\":\"default\",\"state\":\"unverified\",\"cause\":\"never_seen\","
                  "\"since\":\"2023-11-14T22:13:20.000Z\",\"since_ms_ago\":10,\"last_seen_ms_ago\":null,"
                  "\"clock_skew_ms\":null,\"flags\":[],\"session\":null,\"connection\":null,\"heartbeat\":null,"
                  "\"witness\":null,\"verification\":null,\"incident\":null,\"open_incident\":null,\"evidence\":{"
                  "\"path\":\"none\","
                  "\"result\":\"expected\",\"due_at\":\"2023-11-14T22:13:20.000Z\","
                  "\"seen_at\":\"2023-11-14T22:13:20.000Z\",\"last_seen_ms_ago\":null,\"took_ms\":0,\"exit\":null,"
                  "\"text\":\"it is expected, and was never seen\"}}");
    scene_clear(&scene);
}

static void r2_flags_are_shown(void **state)
{
    struct scene scene;
    struct buf buf = BUF_INIT;
    struct json_write w = json_write_to(&buf);
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; birth 2.1; beat 1.1.5; crash 2.1; beat 2.1.0; crash 2.1; beat 2.1.1");
    view_worker(scene.queen, scene_record(&scene), false, &w);
    assert_non_null(strstr(buf_str(&buf), "\"flags\":[\"conflict\",\"flapping\"]"));
    buf_clear(&buf);
    scene_clear(&scene);
}

static void r11_the_hive_has_a_reason(void **state)
{
    static const struct {
        const char *witness, *want;
    } rows[] = {
        { "{\"state\":\"failed\",\"reason\":\"no such \\u00e4gent\"}",
          "\"exit\":null,\"text\":\"no such \xc3\xa4gent\"}" },
        { "{\"state\":\"failed\"}", "\"exit\":null,\"text\":\"its hive cannot start it\"}" },
        { "{\"state\":\"failed\",\"reason\":\"code "
          "127\",\"last_exit\":{\"code\":127,\"session\":\"00000000000000ff\"}}",
          "\"exit\":{\"code\":127,\"signal\":null,\"oom\":null},\"text\":\"code 127\"}" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct buf buf = BUF_INIT;
        struct json_write w = json_write_to(&buf);
        scene_init(&scene);
        scene_run(&scene, "up");
        scene_hear(&scene, "heartbeat", "{\"status\":\"idle\",\"session\":\"00000000000000ff\"}");
        scene_hear(&scene, "presence", "{\"presence\":\"offline\",\"session\":\"00000000000000ff\"}");
        scene_hear(&scene, "witness", rows[i].witness);
        view_worker(scene.queen, scene_record(&scene), true, &w);
        assert_non_null(strstr(buf_str(&buf), "\"cause\":\"start_failed\""));
        assert_non_null(strstr(buf_str(&buf), rows[i].want));
        buf_clear(&buf);
        scene_clear(&scene);
    }
}

static void events_after_an_id(void **state)
{
    struct scene scene;
    uint64_t first;
    static const struct {
        uint64_t skip;
        size_t limit, count;
    } rows[] = { { 0, 1000, 4 }, { 0, 2, 2 }, { 0, 0, 0 }, { 1, 1000, 3 }, { 3, 1000, 1 }, { 4, 1000, 0 } };
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up");
    first = (scene.queen->next_event - 1) - 1;
    scene_run(&scene, "birth 1.1; crash 1.1; birth 2.1");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf buf = BUF_INIT;
        struct json_write w = json_write_to(&buf);
        char tail[80];
        size_t count = 0;
        view_events(scene.queen, first + rows[i].skip, rows[i].limit, &w);
        for (const char *at = buf_str(&buf); (at = strstr(at, "\"event_id\"")); at++)
            count++;
        assert_int_equal(count, rows[i].count);
        snprintf(tail, sizeof tail, "],\"last\":%llu,\"view\":\"live\"}",
                 (unsigned long long)(first + rows[i].skip + rows[i].count));
        assert_non_null(strstr(buf_str(&buf), tail));
        buf_clear(&buf);
    }
    scene_clear(&scene);
}

static void health_says_how_she_is(void **state)
{
    static const struct {
        const char *script;
        int status;
        const char *want;
    } rows[] = {
        { "", 503,
          "\"status\":\"fail\",\"version\":\"1.2.3\",\"serviceId\":\"queen/queen\","
          "\"description\":\"queen: no link to the broker\"" },
        { "connect", 503, "\"description\":\"queen: reading what the broker has stored\"" },
        { "up", 200,
          "\"status\":\"pass\",\"version\":\"1.2.3\",\"serviceId\":\"queen/queen\",\"description\":\"queen\"" },
        { "up 80", 503,
          "\"description\":\"queen: the broker refuses all subscriptions to workers and hives, first to "
          "skep/v1/hive/+/presence" },
        { "subscribe; mark; wait 20000", 200,
          "\"status\":\"warn\",\"version\":\"1.2.3\",\"serviceId\":\"queen/queen\",\"description\":\"queen: the broker "
          "dropped part of what it has stored" },
        { "up; down", 503, "\"registry:view\":[{\"observedValue\":\"blind\"" },
        { "up; birth 1.1; beat @w2", 200, "\"workers:total\":[{\"observedValue\":2," },
        { "up; birth 1.1; beat @w2", 200, "\"workers:online\":[{\"observedValue\":2," },
        { "up; birth 1.1; beat @w2", 200, "\"messages:accepted\":[{\"observedValue\":10," },
        { "up; birth 1.1; birth 1.1; beat 1.1.5; beat 1.1.5", 200,
          "\"messages:ignored:old_seq\":[{\"observedValue\":1," },
        { "up; say \"queue_depth\":-1; beat 1.1.5", 200, "\"messages:rejected:out_of_range\":[{\"observedValue\":1," },
        { "up; birth 1.1", 200, "\"events:total\":[{\"observedValue\":2," },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct buf buf = BUF_INIT;
        scene_init(&scene);
        scene_run(&scene, rows[i].script);
        assert_int_equal(view_health(scene.queen, &buf), rows[i].status);
        if (!strstr(buf_str(&buf), rows[i].want))
            print_error("%s: %s\n", rows[i].script, buf_str(&buf));
        assert_non_null(strstr(buf_str(&buf), rows[i].want));
        buf_clear(&buf);
        scene_clear(&scene);
    }
}

static void health_counts_what_was_refused(void **state)
{
    struct scene scene;
    struct buf buf = BUF_INIT;
    (void)state;
    scene_init(&scene);
    scene.queen->counters.refused_transitions = 2;
    (void)view_health(scene.queen, &buf);
    assert_non_null(strstr(buf_str(&buf), "\"transitions:refused\":[{\"observedValue\":2,"));
    buf_clear(&buf);
    scene_clear(&scene);
}

/* What the broker was too slow for. */
static void health_warns_of_messages_that_were_dropped(void **state)
{
    static const struct {
        ms_t later;
        const char *want;
    } rows[] = {
        { 0, "{\"status\":\"warn\"" },
        { 0, "\"description\":\"queen: the broker is so slow that messages to it were dropped\"" },
        { 0, "\"messages:dropped\":[{\"observedValue\":7," },
        { RATION_WARN_MS, "{\"status\":\"pass\"" },
        { 0, "\"messages:dropped\":[{\"observedValue\":7," },
    };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf buf = BUF_INIT;
        scene.now += rows[i].later;
        scene_step(&scene, (struct input){ .kind = INPUT_PACKET, .dropped = 7 });
        (void)view_health(scene.queen, &buf);
        if (!strstr(buf_str(&buf), rows[i].want))
            print_error("%s: %s\n", rows[i].want, buf_str(&buf));
        assert_non_null(strstr(buf_str(&buf), rows[i].want));
        buf_clear(&buf);
    }
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_shows_its_heartbeat_as_received),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(r2_flags_are_shown),
        cmocka_unit_test(r11_the_hive_has_a_reason),
        cmocka_unit_test(events_after_an_id),
        cmocka_unit_test(health_says_how_she_is),
        cmocka_unit_test(health_counts_what_was_refused),
        cmocka_unit_test(health_warns_of_messages_that_were_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
