/* test_queen_verify_turns.c - one hive's verifications, lists and suspects do not hold up another's. */
#include "queen_script.h"

#include "rations.h"
#include "verify.h"

#define MANY (RATION_VERIFICATIONS + 100)

static struct record *find(struct scene *scene, const char *hive, const char *name)
{
    return registry_find(&scene->queen->registry, text_of(hive), text_of(name));
}

static const struct share *share_of(struct scene *scene, const char *hive)
{
    return share_find(&scene->queen->registry.shares, text_of(hive));
}

/* Hive `evil` with many workers, hive `good` with one. */
static void populate(struct scene *scene)
{
    struct queen_options options = scene_options;
    options.max_workers = MANY + 1;
    scene_init_with(scene, &options);
    scene_run(scene, "up; birth 1.1 @good/w");
    for (int i = 0; i < MANY; i++) {
        char topic[TOPIC_SIZE];
        snprintf(topic, sizeof topic, "skep/v1/hive/evil/worker/w%d/presence", i);
        scene_message(scene, topic, TEXT("{\"presence\":\"online\",\"rpc\":true}"));
    }
    buf_reset(&scene->trace);
}

static enum err begin(struct scene *scene, const char *hive, const char *name, enum verify_class class)
{
    scene->queen->out = &scene->outbox;
    return verify_begin(scene->queen, find(scene, hive, name), class);
}

/* Begins `count` of evil's. How many were taken. */
static unsigned begin_many(struct scene *scene, unsigned count, enum verify_class class)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%u", i);
        taken += begin(scene, "evil", name, class) == OK;
    }
    return taken;
}

static void a_hive_of_many_suspects_holds_nobody_else_up(void **state)
{
    (void)state;
    for (enum verify_class class = 0; class < VERIFY_STORM; class ++) {
        struct scene scene;
        populate(&scene);
        assert_int_equal(begin_many(&scene, MANY, class), RATION_VERIFICATIONS);
        assert_int_equal(begin(&scene, "evil", "w3099", class), ERR_FULL);
        scene_run(&scene, "wait 1"); /* the burst is spent */
        assert_int_equal(scene.queen->verifying.running, VERIFY_PER_SECOND);
        assert_int_equal(begin(&scene, "good", "w", class), OK);
        scene_run(&scene, "wait 40"); /* two starts: one of each */
        assert_int_equal(share_of(&scene, "good")->verifying, 1);
        scene_run(&scene, "answer ok @good/w");
        assert_int_equal(verify_latest(find(&scene, "good", "w"))->result, VERIFY_OK);
        assert_int_equal(share_of(&scene, "good")->verifying, 0);
        scene_clear(&scene);
    }
}

static void health_names_the_hive_that_has_too_many(void **state)
{
    struct scene scene;
    (void)state;
    populate(&scene);
    (void)begin_many(&scene, RATION_VERIFICATIONS, VERIFY_AUTOMATIC);
    scene_check_health(&scene, "{\"status\":\"pass\"");
    (void)begin_many(&scene, MANY, VERIFY_AUTOMATIC);
    scene_check_health(&scene, "{\"status\":\"warn\"");
    scene_check_health(&scene, "\"verifications:refused\":[{\"observedValue\":100");
    scene_check_health(&scene, "\"verifications:rationed_hive\":[{\"observedValue\":\"evil\"");
    scene.now += RATION_WARN_MS;
    scene_check_health(&scene, "{\"status\":\"pass\"");
    scene_clear(&scene);
}

static void one_by_hand_waits_for_one_start_of_others_at_most(void **state)
{
    struct scene scene;
    (void)state;
    populate(&scene);
    (void)begin_many(&scene, MANY / 2, VERIFY_FOR_LIST);
    for (unsigned i = MANY / 2; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%u", i);
        (void)begin(&scene, "evil", name, VERIFY_AUTOMATIC);
    }
    scene_run(&scene, "wait 1");
    for (int i = 0; i < 4; i++) { /* whichever turn it comes in */
        scene_run(&scene, "wait 20");
        assert_int_equal(begin(&scene, "good", "w", VERIFY_BY_HAND), OK);
        scene_run(&scene, "wait 40");
        assert_int_equal(share_of(&scene, "good")->verifying, 1);
        scene_run(&scene, "answer ok @good/w");
    }
    scene_clear(&scene);
}

/* Ticks often: more is due at once than a tick does. */
static void tick_for(struct scene *scene, ms_t time)
{
    for (ms_t end = scene->now + time; scene->now < end;) {
        pass(scene, 10);
        scene_step(scene, (struct input){ .kind = INPUT_TICK });
    }
}

/* R15: all are verified that are known from stored copies only, also those of a hive that has too many at once. */
static void who_was_refused_is_asked_later(void **state)
{
    struct queen_options options = scene_options;
    struct scene scene;
    (void)state;
    options.max_workers = MANY;
    scene_init_with(&scene, &options);
    scene_run(&scene, "connect");
    scene.stored = true;
    for (int i = 0; i < MANY; i++) {
        char topic[TOPIC_SIZE];
        snprintf(topic, sizeof topic, "skep/v1/hive/evil/worker/w%d/presence", i);
        scene_message(&scene, topic, TEXT("{\"presence\":\"online\",\"rpc\":true,\"interval_ms\":3600000}"));
    }
    scene.stored = false;
    scene_run(&scene, "read");
    tick_for(&scene, 61000);
    assert_true(scene.queen->verifying.refusals.count > 0);
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%d", i);
        assert_int_not_equal(find(&scene, "evil", name)->asks, find(&scene, "evil", name)->ask_refused);
    }
    tick_for(&scene, 61000);
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%d", i);
        assert_int_equal(find(&scene, "evil", name)->asks, 1);
    }
    scene_clear(&scene);
}

/* By hand leaves others a part of the budget, and is begun anew where it was queued for less. */
static void those_by_hand_do_not_starve_the_others(void **state)
{
    struct scene scene;
    (void)state;
    populate(&scene);
    (void)begin_many(&scene, MANY, VERIFY_AUTOMATIC);
    assert_int_equal(begin_many(&scene, RATION_VERIFICATIONS, VERIFY_BY_HAND), RATION_VERIFICATIONS);
    assert_int_equal(share_of(&scene, "evil")->verifications[VERIFY_AUTOMATIC].count, 0);
    assert_int_equal(begin_many(&scene, RATION_VERIFICATIONS, VERIFY_AUTOMATIC), RATION_VERIFICATIONS);
    assert_int_equal(share_of(&scene, "evil")->verifications[VERIFY_AUTOMATIC].count, 0); /* it does not move back */
    scene_run(&scene, "wait 1");
    assert_int_equal(begin(&scene, "good", "w", VERIFY_AUTOMATIC), OK);
    scene_run(&scene, "wait 80");
    assert_int_equal(share_of(&scene, "good")->verifying, 1);
    scene_clear(&scene);
}

/* Begins so many of evil's, from the `first`th on. */
static void begin_from(struct scene *scene, unsigned first, unsigned count, enum verify_class class)
{
    for (unsigned i = first; i < first + count; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%u", i);
        assert_int_equal(begin(scene, "evil", name, class), OK);
    }
}

/* Of the first burst: every other one is by hand, lists and suspects share the rest, or all, in equal parts. */
static void each_class_has_its_part(void **state)
{
    static const struct {
        unsigned by_hand, lists, suspects; /* that wait ... */
        unsigned want[VERIFY_STORM];       /* ... and are started */
    } rows[] = {
        { 100, 100, 100, { VERIFY_PER_SECOND / 2, VERIFY_PER_SECOND / 4 + 1, VERIFY_PER_SECOND / 4 } },
        { 0, 100, 100, { 0, VERIFY_PER_SECOND / 2, VERIFY_PER_SECOND / 2 } },
        { 100, 100, 0, { VERIFY_PER_SECOND / 2 + VERIFY_PER_SECOND / 4, VERIFY_PER_SECOND / 4 + 1, 0 } },
        { 0, 0, 100, { 0, 0, VERIFY_PER_SECOND } },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const unsigned before[] = { rows[i].by_hand, rows[i].lists, rows[i].suspects };
        struct scene scene;
        populate(&scene);
        for (enum verify_class class = 0; class < VERIFY_STORM; class ++)
            begin_from(&scene, class * 100, before[class], class);
        scene_run(&scene, "wait 1");
        for (enum verify_class class = 0; class < VERIFY_STORM; class ++)
            assert_int_equal(before[class] - scene.queen->verifying.queued[class].count, rows[i].want[class]);
        scene_clear(&scene);
    }
}

static void who_never_answers_leaves_some_free_for_others(void **state)
{
    struct scene scene;
    (void)state;
    populate(&scene);
    (void)begin_many(&scene, MANY, VERIFY_AUTOMATIC);
    scene_run(&scene, "wait 4900");
    assert_in_range(share_of(&scene, "evil")->verifying, VERIFY_RUNNING * 3 / 4, VERIFY_RUNNING * 3 / 4 + 1);
    assert_int_equal(begin(&scene, "good", "w", VERIFY_AUTOMATIC), OK);
    scene_run(&scene, "wait 1");
    assert_int_equal(share_of(&scene, "good")->verifying, 1);
    scene_run(&scene, "wait 30000"); /* and those that are given up make room for the next */
    assert_in_range(scene.queen->verifying.finished, 6 * VERIFY_RUNNING * 3 / 4, 7 * VERIFY_RUNNING);
    scene_run(&scene, "down");
    assert_int_equal(scene.queen->verifying.running, 0);
    assert_int_equal(share_of(&scene, "evil")->verifying, 0);
    scene_clear(&scene);
}

static void a_hive_that_is_forgotten_leaves_nothing_queued(void **state)
{
    struct scene scene;
    (void)state;
    populate(&scene);
    assert_int_equal(begin_many(&scene, 100, VERIFY_AUTOMATIC), 100);
    scene_run(&scene, "wait 1");
    for (int i = 0; i < MANY; i++) {
        char step[40];
        snprintf(step, sizeof step, "delete force @evil/w%d", i);
        scene_run(&scene, step);
    }
    assert_int_equal(scene.queen->registry.count, 1);
    assert_int_equal(scene.queen->verifying.running, 0);
    assert_int_equal(scene.queen->verifying.queued[VERIFY_AUTOMATIC].count, 0);
    scene_run(&scene, "wait 10000");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hive_of_many_suspects_holds_nobody_else_up),
        cmocka_unit_test(health_names_the_hive_that_has_too_many),
        cmocka_unit_test(one_by_hand_waits_for_one_start_of_others_at_most),
        cmocka_unit_test(who_was_refused_is_asked_later),
        cmocka_unit_test(those_by_hand_do_not_starve_the_others),
        cmocka_unit_test(each_class_has_its_part),
        cmocka_unit_test(who_never_answers_leaves_some_free_for_others),
        cmocka_unit_test(a_hive_that_is_forgotten_leaves_nothing_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
