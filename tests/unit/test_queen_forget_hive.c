/* DELETE of a hive with all its workers. */
#include "queen_script.h"

#define FLEET 1000 /* several slices */

static int remove_hive(struct scene *scene, const char *path, const char *query)
{
    struct http_response response =
        scene_http(scene, &(struct http_request){ .method = "DELETE", .path = path, .query = text_of(query) });
    buf_clear(&response.body);
    return response.status;
}

static void populate(struct scene *scene)
{
    struct queen_options options = scene_options;
    char topic[96];
    options.max_workers = 2 * FLEET;
    options.expect = TEXT("h1/w3");
    scene_init_with(scene, &options);
    scene_run(scene, "up; birth 9.1 @h1/; beat 1.1.0 @h2/w1");
    for (int i = 0; i < FLEET; i++) {
        snprintf(topic, sizeof topic, "skep/v1/hive/h1/worker/w%d/heartbeat", i);
        scene_message(scene, topic, TEXT("{\"status\":\"idle\"}"));
    }
}

static void r16_what_is_refused(void **state)
{
    static const struct {
        const char *why, *path, *query;
        int status;
    } rows[] = {
        { "nobody of that name", "/v1/hives/nobody", "workers=true", 404 },
        { "neither yes nor no", "/v1/hives/h1", "workers=perhaps", 400 },
        { "a worker has none", "/v1/hives/h1/workers/w1", "workers=true", 400 },
        { "some are online", "/v1/hives/h1", "workers=true", 409 },
        { "that is said to be fine", "/v1/hives/h1", "workers=true&force=false", 409 },
    };
    struct scene scene;
    (void)state;
    populate(&scene);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int status = remove_hive(&scene, rows[i].path, rows[i].query);
        if (status != rows[i].status)
            print_error("%s\n", rows[i].why);
        assert_int_equal(status, rows[i].status);
    }
    assert_int_equal(scene.queen->registry.count, FLEET + 1);
    scene_clear(&scene);
}

static void r16_a_hive_goes_with_its_workers_in_slices(void **state)
{
    const struct registry *registry;
    struct scene scene;
    size_t before;
    (void)state;
    populate(&scene);
    registry = &scene.queen->registry;
    assert_int_equal(remove_hive(&scene, "/v1/hives/h1", "force=true&workers=true"), 202);
    assert_int_equal(registry->hive_count, 0);
    while (queen_deadline(scene.queen) == scene.now) {
        before = registry->count;
        scene_step(&scene, (struct input){ .kind = INPUT_TICK });
        assert_true(before - registry->count <= STEP_RECORDS);
    }
    assert_int_equal(registry->count, 2); /* that of the other hive, and the expected one */
    assert_non_null(registry_find_name(registry, TEXT("w3")));
    assert_non_null(strstr(buf_str(&scene.event), "\"result\":\"removed\""));
    scene_clear(&scene);
}

/* Whoever goes on beating comes back, and does not keep it busy for ever. */
static void r16_also_of_a_hive_that_never_announced_itself(void **state)
{
    struct scene scene;
    (void)state;
    populate(&scene);
    assert_int_equal(remove_hive(&scene, "/v1/hives/h2", "force=true&workers=true"), 202);
    scene_run(&scene, "wait 0; beat 1.1.1 @h2/w1; wait 0");
    assert_int_equal(scene.queen->registry.count, FLEET + 1);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r16_what_is_refused),
        cmocka_unit_test(r16_a_hive_goes_with_its_workers_in_slices),
        cmocka_unit_test(r16_also_of_a_hive_that_never_announced_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
