#include "queen_script.h"

/* More than one step takes, so that each of these comes in slices. */
#define FLEET 1000
#define EFFECTS_MAX (4 * STEP_RECORDS)

/* What a broker at which nobody takes requests is to acknowledge. */
static struct input acks[EFFECTS_MAX];
static size_t ack_count;

static void note_effects(struct scene *scene)
{
    size_t effects = 0;
    for (const struct effect *effect = scene->outbox.first; effect; effect = effect->next, effects++)
        if (effect->kind == EFFECT_PUBLISH && effect->publish.token &&
            token_kind(effect->publish.token) != TOKEN_EVENT) {
            assert_true(ack_count < EFFECTS_MAX);
            acks[ack_count++] = (struct input){ .kind = INPUT_ACKED,
                                                .token = effect->publish.token,
                                                .reason = ends_with(effect->publish.topic, "/beat") ? 0x10 : 0 };
        }
    assert_true(effects <= EFFECTS_MAX);
    outbox_reset(&scene->outbox);
}

static void bounded_step(struct scene *scene, struct input input)
{
    size_t begun = ack_count;
    input.now = scene->now;
    input.wall = scene->wall;
    queen_step(scene->queen, &input, &scene->outbox);
    note_effects(scene);
    for (size_t i = 0; i < begun; i++) { /* those of the steps before */
        acks[i].now = scene->now;
        acks[i].wall = scene->wall;
        queen_step(scene->queen, &acks[i], &scene->outbox);
        note_effects(scene);
    }
    ack_count -= begun;
    memmove(acks, acks + begun, ack_count * sizeof *acks);
}

static void run_for(struct scene *scene, ms_t left)
{
    for (ms_t end = scene->now + left; scene->now < end;) {
        scene->now = ms_min(ms_max(queen_deadline(scene->queen), scene->now), end);
        bounded_step(scene, (struct input){ .kind = INPUT_PACKET });
        bounded_step(scene, (struct input){ .kind = INPUT_TICK });
    }
}

static void say(struct scene *scene, const char *topic, const char *payload)
{
    struct message message = { .topic = text_of(topic), .payload = text_of(payload) };
    bounded_step(scene, (struct input){ .kind = INPUT_MESSAGE, .message = &message });
}

static void say_of_all(struct scene *scene, const char *leaf, const char *payload)
{
    char topic[96];
    for (int i = 0; i < FLEET; i++) {
        snprintf(topic, sizeof topic, "skep/v1/hive/h1/worker/w%d/%s", i, leaf);
        say(scene, topic, payload);
    }
}

static void begin(struct scene *scene)
{
    struct queen_options options = scene_options;
    ack_count = 0;
    options.max_workers = 2 * FLEET;
    scene_init_with(scene, &options);
    scene_run(scene, "up");
}

static void mass_silence_comes_in_slices(void **state)
{
    struct scene scene;
    const size_t *counts;
    (void)state;
    begin(&scene);
    counts = scene.queen->registry.counts;
    say_of_all(&scene, "heartbeat", "{\"status\":\"idle\",\"session\":\"0000000000000001\"}");
    assert_int_equal(counts[STATE_ONLINE], FLEET);
    run_for(&scene, 80000);
    assert_int_equal(counts[STATE_SUSPECT], FLEET);
    run_for(&scene, 23000); /* R14: held for 35 s from when they were suspect */
    assert_int_equal(counts[STATE_STALE], FLEET);
    scene_clear(&scene);
}

/* Steps as long as one is due at once. */
static unsigned finish(struct scene *scene)
{
    unsigned ticks = 0;
    for (; queen_deadline(scene->queen) == scene->now; ticks++)
        scene_step(scene, (struct input){ .kind = INPUT_TICK });
    return ticks;
}

static void an_incident_comes_in_slices(void **state)
{
    static const char hive[] =
        "{\"presence\":\"online\",\"rpc\":true,\"session\":\"0000000000000001\",\"connection\":1}";
    static const char up[] = "{\"presence\":\"online\",\"session\":\"0000000000000001\",\"connection\":1}";
    static const char will[] = "{\"presence\":\"stale\",\"cause\":\"connection_lost\","
                               "\"session\":\"0000000000000001\",\"connection\":1}";
    struct scene scene;
    const struct walk *walk;
    char step[64];
    const size_t *counts;
    (void)state;
    begin(&scene);
    counts = scene.queen->registry.counts;
    say(&scene, "skep/v1/hive/h1/presence", hive);
    scene_run(&scene, "wait 0; health pass @h1/");
    say_of_all(&scene, "presence", up);
    say_of_all(&scene, "presence", will);
    run_for(&scene, 100);
    say(&scene, "skep/v1/hive/h1/presence", will);
    assert_int_equal(counts[STATE_SUSPECT], FLEET);
    run_for(&scene, 200); /* the workers are lost, and wait for the verdict on their hive */
    scene_run(&scene, "delete force @h1/w7; delete force @h1/w999");
    for (int i = 0; scene.queen->registry.hive_counts[STATE_STALE] == 0; i++) {
        assert_true(i < 2000);
        run_for(&scene, 1);
    }
    walk = scene.queen->registry.walks[WALK_REVIEW];
    assert_non_null(walk); /* who would be next goes meanwhile */
    snprintf(step, sizeof step, "delete force @h1/%s", record_worker(walk->at));
    scene_run(&scene, step);
    assert_in_range(finish(&scene), 1, 2 * FLEET / STEP_RECORDS); /* those that waited, and then all of the hive */
    assert_int_equal(counts[STATE_UNREACHABLE], FLEET - 3);
    scene_run(&scene, "delete @h1/"); /* they are judged by themselves, in slices, too */
    assert_null(scene.queen->hives.all);
    assert_non_null(scene.queen->registry.walks[WALK_REVIEW]);
    assert_in_range(finish(&scene), FLEET / STEP_RECORDS - 1, FLEET / STEP_RECORDS + 1);
    assert_null(scene.queen->registry.walks[WALK_REVIEW]);
    scene_clear(&scene);
}

/* Whoever waited for the answer of their hive (R10). The first question is of the first one, the second of all others.
 */
static void what_a_hive_answers_comes_in_slices(void **state)
{
    struct scene scene;
    const size_t *counts;
    char step[64];
    (void)state;
    begin(&scene);
    counts = scene.queen->registry.counts;
    scene_run(&scene, "birth 1.1 @h1/; wait 0; health pass @h1/");
    for (int i = 0; i < FLEET; i++) {
        snprintf(step, sizeof step, "mute_birth 1.1 @h1/w%d; will 1.1 @h1/w%d", i, i);
        scene_run(&scene, step);
    }
    scene.now += 250;
    for (finish(&scene); scene.asked_count > 0; finish(&scene))
        scene_run(&scene, "ack 0");
    scene_run(&scene, "qreply");
    assert_int_equal(counts[STATE_STALE], 1);
    scene_run(&scene, "qreply");
    assert_int_equal(counts[STATE_STALE], 1 + STEP_RECORDS);
    assert_in_range(finish(&scene), FLEET / STEP_RECORDS - 1, FLEET / STEP_RECORDS);
    assert_int_equal(counts[STATE_STALE], FLEET);
    assert_null(scene.queen->losses);
    scene_clear(&scene);
}

/* What waited for a proof waits for nothing when the link is lost, and is judged on the next one. */
static void a_lost_link_comes_in_slices(void **state)
{
    struct scene scene;
    const size_t *counts;
    (void)state;
    begin(&scene);
    counts = scene.queen->registry.counts;
    say_of_all(&scene, "heartbeat", "{\"status\":\"idle\",\"session\":\"0000000000000001\"}");
    run_for(&scene, 89500);
    scene.now += 500;
    for (int i = 0; i < 2 * FLEET / STEP_RECORDS; i++)
        scene_step(&scene, (struct input){ .kind = INPUT_TICK });
    scene_run(&scene, "down");
    assert_true(queen_deadline(scene.queen) == scene.now); /* the rest is due at once */
    for (int i = 0; queen_deadline(scene.queen) == scene.now; i++) {
        assert_true(i < FLEET / STEP_RECORDS);
        scene_step(&scene, (struct input){ .kind = INPUT_TICK });
    }
    scene_run(&scene, "wait 10; up");
    run_for(&scene, 30000);
    assert_int_equal(counts[STATE_SUSPECT], FLEET);
    run_for(&scene, 20000);
    assert_int_equal(counts[STATE_STALE], FLEET);
    scene_clear(&scene);
}

static void requests_that_a_lost_link_ends_are_held_in_slices(void **state)
{
    static const char up[] = "{\"presence\":\"online\",\"rpc\":true,\"session\":\"0000000000000001\",\"connection\":1}";
    static const char will[] = "{\"presence\":\"stale\",\"cause\":\"connection_lost\","
                               "\"session\":\"0000000000000001\",\"connection\":1}";
    struct scene scene;
    const size_t *counts;
    int ticks = 0;
    (void)state;
    begin(&scene);
    counts = scene.queen->registry.counts;
    say_of_all(&scene, "presence", up);
    say_of_all(&scene, "presence", will);
    assert_int_equal(counts[STATE_SUSPECT], FLEET);
    ack_count = 0;
    scene_run(&scene, "down");
    for (; queen_deadline(scene.queen) == scene.now; ticks++)
        scene_step(&scene, (struct input){ .kind = INPUT_TICK });
    assert_int_equal(ticks, FLEET / STEP_RECORDS - 1);
    scene_run(&scene, "wait 10; up");
    run_for(&scene, 34000);
    assert_int_equal(counts[STATE_SUSPECT], FLEET);
    run_for(&scene, 3000);
    assert_int_equal(counts[STATE_STALE], FLEET);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mass_silence_comes_in_slices),
        cmocka_unit_test(an_incident_comes_in_slices),
        cmocka_unit_test(what_a_hive_answers_comes_in_slices),
        cmocka_unit_test(a_lost_link_comes_in_slices),
        cmocka_unit_test(requests_that_a_lost_link_ends_are_held_in_slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
