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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_illegal_transition_is_refused_counted_and_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
