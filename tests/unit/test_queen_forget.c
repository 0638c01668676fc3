#include "queen_script.h"

#define GONE "unknown -> online (birth), online -> offline (goodbye)"
#define CLEARS ", clear heartbeat, clear presence, clear witness"
#define FORGOTTEN ", offline -> forgotten (forgotten)"

static void r16_a_clear_forgets(void **state)
{
    static const struct row rows[] = {
        { "what is seen cleared is not cleared again", "up; birth 1.1; bye 1.1; clear heartbeat",
          GONE ", clear presence, clear witness" FORGOTTEN " | gone" },
        { "the same for the presence", "up; birth 1.1; bye 1.1; clear presence",
          GONE ", clear heartbeat, clear witness" FORGOTTEN " | gone" },
        { "a plain device that is online", "up; beat; clear heartbeat",
          "unknown -> online (heartbeat), clear presence, clear witness, online -> forgotten (forgotten) | gone" },
        { "one with a session that is online heals itself", "up; beat 1.1.0; clear heartbeat; clear presence",
          "unknown -> online (heartbeat) | online" },
        { "one that is being confirmed", "up; birth 1.1; will 1.1; clear presence; ack 10; wait 9000",
          "unknown -> online (birth), ask, clear heartbeat, clear witness, online -> forgotten (forgotten) | gone" },
        { "one that waits for a proof", "up; mute_birth 1.1; wait 90000; clear presence; ack 0",
          "unknown -> online (birth), online -> suspect (missed_heartbeats), probe, clear heartbeat, clear witness, "
          "suspect -> forgotten (forgotten) | gone" },
        { "one that is known from a stored copy", "connect; stored beat 1.1.0; read; clear heartbeat",
          "clear presence, clear witness, unknown -> forgotten (forgotten) | gone" },
        { "nobody", "up; clear heartbeat; clear presence", "| gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r16_delete_forgets(void **state)
{
    static const struct row rows[] = {
        { "one that left", "up; birth 1.1; bye 1.1; delete", GONE CLEARS FORGOTTEN ", 204 | gone" },
        { "an online one is refused", "up; birth 1.1; delete", "unknown -> online (birth), 409 | online" },
        { "unless forced", "up; birth 1.1; delete force",
          "unknown -> online (birth)" CLEARS ", online -> forgotten (forgotten), 204 | gone" },
        { "one that is silently suspect", "up; birth 1.1; will 1.1; delete",
          "unknown -> online (birth), ask" CLEARS ", online -> forgotten (forgotten), 204 | gone" },
        { "a POST brings it back: its stored copy stays", "up; post 1.1.0; delete force; post 1.1.1; stored beat 1.1.1",
          "unknown -> online (heartbeat), 202" CLEARS
          ", online -> forgotten (forgotten), 204, unknown -> online (heartbeat), 202 | online" },
        { "nobody", "up; delete", "404 | gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r16_the_verdict_is_cleared_and_one_event_made(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; bye 1.1");
    assert_true(scene.verdict.len > 0);
    scene_run(&scene, "delete");
    assert_int_equal(scene.verdict.len, 0);
    assert_int_equal(scene.events, 4); /* live, online, offline, forgotten */
    assert_non_null(strstr(buf_str(&scene.event), "\"state\":null,\"previous\":\"offline\",\"cause\":\"forgotten\""));
    assert_int_equal(scene.queen->registry.count, 0);
    scene_clear(&scene);
}

static void r16_a_tombstone_keeps_stored_copies_away(void **state)
{
    static const struct row rows[] = {
        { "the buried session is cleared again", "up; birth 1.1; bye 1.1; delete; stored bye 1.1; stored beat 1.1.3",
          GONE CLEARS FORGOTTEN ", 204, clear presence, clear heartbeat | gone" },
        { "also on a later link", "up; birth 1.1; bye 1.1; delete; down; up; down; up; stored beat 1.1.3",
          GONE CLEARS FORGOTTEN ", 204, clear heartbeat | gone" },
        { "another session is somebody else", "up; birth 1.1; bye 1.1; delete; stored beat 2.1.0",
          GONE CLEARS FORGOTTEN ", 204 | unverified" },
        { "a live beat brings it back, and ends the tombstone",
          "up; birth 1.1; bye 1.1; delete; beat 1.2.9; down; connect; stored bye 1.2; read",
          GONE CLEARS FORGOTTEN ", 204, unknown -> online (heartbeat), online -> offline (goodbye) | offline" },
        { "without a session: the copies of the next snapshot",
          "up; beat; delete force; stored beat; down; connect; stored beat; read",
          "unknown -> online (heartbeat)" CLEARS
          ", online -> forgotten (forgotten), 204, clear heartbeat, clear heartbeat | gone" },
        { "... and not those of the one after", "up; beat; delete force; down; up; down; connect; stored beat; read",
          "unknown -> online (heartbeat)" CLEARS ", online -> forgotten (forgotten), 204 | unverified" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

/* Each is about somebody else, or no sign of life. What is buried stays so. */
static void r16_only_a_sign_of_life_ends_a_tombstone(void **state)
{
    static const struct row rows[] = {
        { "a stored heartbeat of another session", "up; birth 1.1; bye 1.1; delete; stored beat 2.1.0; stored bye 1.1",
          GONE CLEARS FORGOTTEN ", 204, clear presence | unverified" },
        { "a stored birth of another session", "up; birth 1.1; bye 1.1; delete; stored birth 2.1; stored bye 1.1",
          GONE CLEARS FORGOTTEN ", 204, clear presence | unverified" },
        { "a live death of another session",
          "up; birth 1.1; bye 1.1; delete; stored birth 2.1; bye 2.1; stored beat 1.1.3",
          GONE CLEARS FORGOTTEN ", 204, unknown -> offline (goodbye), clear heartbeat | offline" },
        { "what its hive sees of it", "up; birth 1.1; bye 1.1; delete; witness running; stored bye 1.1",
          GONE CLEARS FORGOTTEN ", 204, clear presence | unverified" },
        { "a hive's heartbeat",
          "up; birth 1.1 @h1/; bye 1.1 @h1/; delete @h1/; stored birth 2.1 @h1/; beat 2.1.0 @h1/; stored bye 1.1 @h1/",
          "hive/h1 unknown -> starting (birth), hive/h1 starting -> offline (goodbye), clear heartbeat, clear "
          "presence, "
          "hive/h1 offline -> forgotten (forgotten), 204, clear presence | gone" },
        { "but a live birth does", "up; birth 1.1; bye 1.1; delete; birth 2.1; stored bye 1.1",
          GONE CLEARS FORGOTTEN ", 204, unknown -> online (birth) | online" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r16_the_expected_are_never_forgotten(void **state)
{
    static const struct row rows[] = {
        { "clears", "up; clear heartbeat; clear presence", "| unverified" },
        { "DELETE", "up; delete force", "409 | unverified" },
        { "even when it has left", "up; birth 1.1; bye 1.1; clear presence; delete", GONE ", 409 | offline" },
    };
    struct queen_options options = scene_options;
    (void)state;
    options.expect = TEXT("w1");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        row_check_with(&rows[i], &options);
}

static unsigned tombstones_given(struct scene *scene)
{
    struct store_row row;
    unsigned count = 0;
    while (queen_next_row(scene->queen, &row))
        count += row.kind == STORE_TOMBSTONE && !row.removed;
    return count;
}

static void r16_a_tombstone_is_stored_until_it_is_kept(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; bye 1.1; delete");
    assert_int_equal(tombstones_given(&scene), 1);
    assert_int_equal(tombstones_given(&scene), 0);
    queen_rows_lost(scene.queen);
    assert_int_equal(tombstones_given(&scene), 1);
    scene_clear(&scene);
}

#define FULL 20

/* It takes no turn of those who were: nobody knows of it. */
static void r16_who_was_never_announced_is_evicted_silently(void **state)
{
    struct queen_options options = scene_options;
    struct scene scene;
    char step[64];
    (void)state;
    options.max_workers = FULL;
    scene_init_with(&scene, &options);
    scene_run(&scene, "connect");
    for (int i = 0; i < FULL; i++) {
        snprintf(step, sizeof step, "stored beat 1.1.0 @evil/w%d", i);
        scene_run(&scene, step);
    }
    scene_run(&scene, "read; birth 1.1 @a/w1");
    assert_non_null(registry_find(&scene.queen->registry, TEXT("a"), TEXT("w1")));
    assert_int_equal(scene.queen->registry.count, FULL);
    assert_int_equal(scene.events, 2); /* live, the birth */
    assert_int_equal(scene.clears, 0);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r16_a_clear_forgets),
        cmocka_unit_test(r16_delete_forgets),
        cmocka_unit_test(r16_the_verdict_is_cleared_and_one_event_made),
        cmocka_unit_test(r16_a_tombstone_keeps_stored_copies_away),
        cmocka_unit_test(r16_only_a_sign_of_life_ends_a_tombstone),
        cmocka_unit_test(r16_the_expected_are_never_forgotten),
        cmocka_unit_test(r16_a_tombstone_is_stored_until_it_is_kept),
        cmocka_unit_test(r16_who_was_never_announced_is_evicted_silently),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
