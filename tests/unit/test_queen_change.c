#include "queen_script.h"

#include "change.h"
#include "step.h"

static void enter(struct scene *scene, enum state state)
{
    struct evidence evidence = evidence_now(scene->queen, scene_record(scene), PATH_MQTT, RESULT_STALLED);
    queen_enter(scene->queen, scene->now, scene->wall, &scene->outbox);
    change_state(scene->queen, scene_record(scene), state, CAUSE_STALLED, evidence);
    queen_leave(scene->queen);
    scene_look(scene);
}

static void an_illegal_transition_is_refused_counted_and_noticed(void **state)
{
    static const struct {
        const char *script, *worker;
        enum state to;
        const char *notice;
    } rows[] = {
        { "up; birth 1.1; bye 1.1", "w1", STATE_ZOMBIE,
          "refused an illegal transition of default/w1: offline -> zombie (stalled)" },
        { "up; birth 1.1; bye 1.1", "w1", STATE_SUSPECT,
          "refused an illegal transition of default/w1: offline -> suspect (stalled)" },
        { "up; birth 1.1 @h1/", "", STATE_ZOMBIE,
          "refused an illegal transition of hive/h1: unverified -> zombie (stalled)" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        unsigned events;
        enum state before;
        scene_init(&scene);
        scene_run(&scene, rows[i].script);
        if (!rows[i].worker[0]) {
            strcpy(scene.hive, "h1");
            strcpy(scene.worker, "");
        }
        before = scene_record(&scene)->state;
        events = scene.events;
        enter(&scene, rows[i].to);
        assert_int_equal(scene_record(&scene)->state, before);
        assert_int_equal(scene.events, events);
        assert_string_equal(buf_str(&scene.notice), rows[i].notice);
        assert_int_equal(scene.queen->counters.refused_transitions, 1);
        scene_clear(&scene);
    }
}

/* A hive's, too. */
static void r2_a_flag_ends_in_the_verdict(void **state)
{
    static const char script[] = "up; say \"interval_ms\":3600000; birth 1.1 @h1/; birth 2.1 @h1/; beat 1.1.9 @h1/";
    struct scene scene;
    unsigned events;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, script);
    events = scene.events;
    assert_non_null(strstr(buf_str(&scene.hive_verdict), "\"flags\":[\"conflict\"]"));
    scene_run(&scene, "listen 599000");
    assert_non_null(strstr(buf_str(&scene.hive_verdict), "\"flags\":[\"conflict\"]"));
    scene_run(&scene, "listen 1000");
    assert_non_null(strstr(buf_str(&scene.hive_verdict), "\"flags\":[]"));
    assert_int_equal(scene.events, events);
    scene_clear(&scene);
}

/* What was announced stays while it is suspect silently. */
static void r2_a_flag_that_ends_meanwhile_is_taken_out_afterwards(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene,
              "up; say \"lease_ms\":9000000; birth 1.1; birth 2.1; beat 1.1.9; listen 599000; will 2.1; wait 1000");
    assert_int_equal(scene_record(&scene)->state, STATE_SUSPECT);
    assert_non_null(strstr(buf_str(&scene.verdict), "\"flags\":[\"conflict\"]"));
    scene_run(&scene, "birth 2.2; wait 0");
    assert_int_equal(scene_record(&scene)->state, STATE_ONLINE);
    assert_non_null(strstr(buf_str(&scene.verdict), "\"flags\":[]"));
    scene_clear(&scene);
}

static void r18_events_that_were_dropped_are_told_when_there_is_room(void **state)
{
    struct scene scene;
    unsigned events;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up");
    events = scene.events;
    scene_step(&scene, (struct input){ .kind = INPUT_PACKET, .lost = { 5, 9 }, .unsent = 50 });
    scene_step(&scene, (struct input){ .kind = INPUT_PACKET, .lost = { 3, 4 }, .unsent = 50 });
    assert_int_equal(scene.events, events);
    scene_step(&scene, (struct input){ .kind = INPUT_PACKET, .unsent = 49 });
    assert_int_equal(scene.events, events + 1);
    assert_non_null(strstr(buf_str(&scene.event), "{\"fleet\":\"events_lost\",\"from\":3,\"to\":9,\"since\":"));
    scene_step(&scene, (struct input){ .kind = INPUT_PACKET });
    assert_int_equal(scene.events, events + 1);
    scene_run(&scene, "down");
    scene_step(&scene, (struct input){ .kind = INPUT_TICK, .lost = { 11, 11 } });
    assert_int_equal(scene.events, events + 2); /* blind */
    scene_run(&scene, "up");
    assert_int_equal(scene.events, events + 4); /* that, and live */
    scene_clear(&scene);
}

/* Of who was seen longer ago than 32 bits have milliseconds. */
static void how_long_ago_it_was_seen_has_a_bound(void **state)
{
    struct scene scene;
    struct record *record;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; beat 1.1.0");
    record = scene_record(&scene);
    record->received_mono = scene.queen->now - UINT32_MAX - 10;
    assert_int_equal(evidence_now(scene.queen, record, PATH_NONE, RESULT_REMOVED).last_seen_ago, EVIDENCE_AGO_MAX);
    record->received_mono = MS_NEVER;
    assert_int_equal(evidence_now(scene.queen, record, PATH_NONE, RESULT_REMOVED).last_seen_ago, EVIDENCE_NEVER);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_illegal_transition_is_refused_counted_and_noticed),
        cmocka_unit_test(r18_events_that_were_dropped_are_told_when_there_is_room),
        cmocka_unit_test(how_long_ago_it_was_seen_has_a_bound),
        cmocka_unit_test(r2_a_flag_ends_in_the_verdict),
        cmocka_unit_test(r2_a_flag_that_ends_meanwhile_is_taken_out_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
