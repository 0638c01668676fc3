/* GET /v1/fleet: the fleet in numbers. */
#include "queen_script.h"

#include <cjson/cJSON.h>

#include "intern.h"
#include "json.h"
#include "rations.h"

static struct cJSON *get(struct scene *scene, struct arena *arena, const char *query)
{
    struct http_response response =
        scene_http(scene, &(struct http_request){ .method = "GET", .path = "/v1/fleet", .query = text_of(query) });
    struct cJSON *tree;
    assert_int_equal(response.status, 200);
    assert_string_equal(response.content_type, "application/json");
    assert_int_equal(json_parse(arena, buf_text(&response.body), &tree, NULL), OK);
    buf_clear(&response.body);
    return tree;
}

static int number(const struct cJSON *object, const char *name)
{
    const struct cJSON *member = json_member(object, name);
    assert_non_null(member);
    return (int)member->valuedouble;
}

/* Of the groups of that key and the others, over all. */
static int sum(const struct cJSON *fleet, const char *key, const char *others, const char *name)
{
    int all = number(json_member(fleet, others), name);
    for (const struct cJSON *group = json_member(fleet, key)->child; group; group = group->next)
        all += number(group, name);
    return all;
}

static const char *name_of(const struct cJSON *fleet, const char *key, const char *name, int index)
{
    const struct cJSON *group = json_member(fleet, key)->child;
    for (; index > 0; index--)
        group = group->next;
    return json_string(json_member(group, name));
}

static int count(const struct cJSON *fleet, const char *key)
{
    int groups = 0;
    for (const struct cJSON *group = json_member(fleet, key)->child; group; group = group->next)
        groups++;
    return groups;
}

static void an_empty_fleet_has_all_members(void **state)
{
    struct arena arena = { 0 };
    struct scene scene;
    struct cJSON *fleet;
    (void)state;
    scene_init(&scene);
    fleet = get(&scene, &arena, NULL);
    assert_string_equal(json_string(json_member(fleet, "view")), "blind");
    assert_int_equal(number(json_member(fleet, "workers"), "total"), 0);
    assert_int_equal(number(json_member(fleet, "hives"), "ready"), 0);
    assert_int_equal(count(fleet, "by_hive") + count(fleet, "by_model") + count(fleet, "by_version"), 0);
    arena_clear(&arena);
    scene_clear(&scene);
}

/* Five workers in three hives; who says no model or version is a group, too. */
static const char five[] = "up; birth 1.1 @h1/; say \"model_loaded\":\"llama\",\"version\":\"2\",\"queue_depth\":4; "
                           "beat 1.1.0 @h1/a; beat 1.1.0 @h1/b; beat 1.1.0 @h2/a; "
                           "say \"model_loaded\":\"phi\",\"queue_depth\":1; beat 1.1.0 @h2/b; say; birth 1.1 @h3/a; "
                           "bye 1.1 @h3/a; say \"x\":1; bye 1.1 @h1/b";

static void workers_are_counted_by_what_they_have_in_common(void **state)
{
    struct arena arena = { 0 };
    struct scene scene;
    const struct cJSON *fleet, *group;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, five);
    fleet = get(&scene, &arena, NULL);
    assert_string_equal(json_string(json_member(fleet, "view")), "live");
    assert_int_equal(number(json_member(fleet, "workers"), "total"), 5);
    assert_int_equal(number(json_member(fleet, "workers"), "online"), 3);
    assert_int_equal(number(json_member(fleet, "workers"), "offline"), 2);
    assert_int_equal(number(json_member(fleet, "hives"), "starting"), 1);
    assert_int_equal(count(fleet, "by_hive"), 3);
    assert_string_equal(name_of(fleet, "by_hive", "hive_id", 0), "h1"); /* of two alike the first by name */
    assert_string_equal(name_of(fleet, "by_hive", "hive_id", 2), "h3");
    group = json_member(fleet, "by_model")->child;
    assert_string_equal(json_string(json_member(group, "model")), "llama");
    assert_int_equal(number(group, "total"), 3);
    assert_int_equal(number(group, "online"), 2);
    assert_int_equal(number(group, "offline"), 1);
    assert_int_equal(number(group, "queue_depth"), 8); /* of those who are online */
    assert_int_equal(count(fleet, "by_model"), 3);
    assert_null(name_of(fleet, "by_model", "model", 1));
    assert_string_equal(name_of(fleet, "by_model", "model", 2), "phi");
    assert_string_equal(name_of(fleet, "by_version", "version", 0), "2");
    assert_int_equal(count(fleet, "by_version"), 2);
    arena_clear(&arena);
    scene_clear(&scene);
}

static void the_largest_are_shown_and_the_others_summed_up(void **state)
{
    static const char *const states[] = { "total", "online", "offline", "stale" };
    struct arena arena = { 0 };
    struct scene scene;
    const struct cJSON *fleet;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, five);
    for (int limit = 1; limit <= 3; limit++) {
        char query[32];
        snprintf(query, sizeof query, "limit=%d", limit);
        fleet = get(&scene, &arena, query);
        assert_int_equal(count(fleet, "by_hive"), limit);
        assert_int_equal(count(fleet, "by_model"), limit);
        assert_string_equal(name_of(fleet, "by_model", "model", 0), "llama");
        for (size_t i = 0; i < ARRAY_LEN(states); i++) {
            int all = number(json_member(fleet, "workers"), states[i]);
            assert_int_equal(sum(fleet, "by_hive", "other_hives", states[i]), all);
            assert_int_equal(sum(fleet, "by_model", "other_models", states[i]), all);
            assert_int_equal(sum(fleet, "by_version", "other_versions", states[i]), all);
        }
        assert_int_equal(sum(fleet, "by_model", "other_models", "queue_depth"), 9);
        arena_reset(&arena);
    }
    arena_clear(&arena);
    scene_clear(&scene);
}

/* What is no word for want of room is of the others. */
static void no_worker_is_left_out(void **state)
{
    struct queen_options options = scene_options;
    struct arena arena = { 0 };
    struct scene scene;
    const struct cJSON *fleet;
    (void)state;
    options.max_workers = 2 * RATION_WORDS_MAX;
    scene_init_with(&scene, &options);
    scene_run(&scene, "up");
    for (int i = 0; i < RATION_WORDS_MAX + 50; i++) {
        char topic[96], payload[96];
        snprintf(topic, sizeof topic, "skep/v1/hive/h1/worker/w%d/heartbeat", i);
        snprintf(payload, sizeof payload, "{\"status\":\"idle\",\"model_loaded\":\"m%d\",\"queue_depth\":2}", i);
        scene_message(&scene, topic, text_of(payload));
    }
    fleet = get(&scene, &arena, "limit=10");
    assert_int_equal(count(fleet, "by_model"), 10);
    assert_int_equal(sum(fleet, "by_model", "other_models", "online"), RATION_WORDS_MAX + 50);
    assert_int_equal(sum(fleet, "by_model", "other_models", "queue_depth"), 2 * (RATION_WORDS_MAX + 50));
    arena_clear(&arena);
    scene_clear(&scene);
}

static void parameters_are_checked(void **state)
{
    static const char *const queries[] = { "limit=0", "limit=1001", "limit=all", "state=online" };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        struct http_response response = scene_http(
            &scene, &(struct http_request){ .method = "GET", .path = "/v1/fleet", .query = text_of(queries[i]) });
        assert_int_equal(response.status, 400);
        buf_clear(&response.body);
    }
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_fleet_has_all_members),
        cmocka_unit_test(workers_are_counted_by_what_they_have_in_common),
        cmocka_unit_test(the_largest_are_shown_and_the_others_summed_up),
        cmocka_unit_test(no_worker_is_left_out),
        cmocka_unit_test(parameters_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
