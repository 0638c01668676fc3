/* In which order what is owed is announced. */
#include "queen_script.h"

#include "change.h"
#include "queen_news.h"
#include "step.h"

#define JOBS 1000 /* that nothing was announced of */

/* Whose births took all tokens, which are followed by jobs that end well before they are announced. */
static void run_a_batch(struct scene *scene)
{
    say_of_all(scene, "h1", BIRTH);
    for (unsigned i = FLEET; i < FLEET + JOBS; i++) {
        say(scene, "h1", i, BIRTH, 0);
        say(scene, "h1", i, GOODBYE, 0);
    }
    assert_in_range(owed(scene), JOBS, FLEET);
}

/* That a server is back is announced at once, whatever jobs of its hive have used up; and if those that are established
 * have used up their own tokens, it has the next one of all. */
static void the_established_do_not_wait_behind_jobs(void **state)
{
    struct scene scene;
    struct record *server;
    (void)state;
    begin(&scene);
    say(&scene, "h1", 99999, BIRTH, 0);
    server = worker(&scene, 99999);
    server->established = true;
    run_a_batch(&scene);
    say(&scene, "h1", 99999, CRASH, 0);
    assert_int_equal(server->announced, STATE_STALE);
    say(&scene, "h1", 99999, BIRTH_OF("2"), 0);
    assert_int_equal(server->announced, STATE_ONLINE);
    server->share->news[true] = (struct bucket){ scene.now, 1000L * RATION_NEWS };
    say(&scene, "h1", 99999, CRASH_OF("2"), 0);
    assert_int_equal(server->announced, STATE_STALE);
    say(&scene, "h1", 99999, BIRTH_OF("3"), 0);
    assert_int_equal(server->announced, STATE_STALE);
    scene_run(&scene, "wait 100");
    assert_int_equal(server->announced, STATE_ONLINE);
    scene_clear(&scene);
}

/* Of those of which nothing was announced. */
static void a_crash_does_not_wait_behind_goodbyes(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene);
    run_a_batch(&scene);
    say(&scene, "h1", 99999, BIRTH, 0);
    say(&scene, "h1", 99999, CRASH, 0);
    scene_run(&scene, "wait 100");
    assert_int_equal(worker(&scene, 99999)->announced, STATE_STALE);
    scene_clear(&scene);
}

/* Nor where the broker is slow. */
static void deaths_go_before_goodbyes(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene);
    for (unsigned i = 0; i < JOBS; i++)
        say(&scene, "h1", i, BIRTH, 0);
    for (unsigned i = 0; i < JOBS; i++)
        say(&scene, "h1", i, i < JOBS - 1 ? GOODBYE : CRASH, BUSY);
    assert_int_equal(owed(&scene), JOBS);
    scene_step(&scene, (struct input){ .kind = INPUT_PACKET });
    assert_int_equal(worker(&scene, JOBS - 1)->announced, STATE_STALE);
    assert_int_equal(worker(&scene, JOBS - 2)->announced, STATE_ONLINE);
    scene_clear(&scene);
}

/* As soon as it is that, whatever it was behind of before. */
static void who_becomes_established_is_announced(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene);
    run_a_batch(&scene);
    say(&scene, "h1", 99999, BIRTH, 0);
    scene_message(&scene, "skep/v1/hive/h1/worker/w99999/heartbeat",
                  TEXT("{\"status\":\"idle\",\"interval_ms\":1000}"));
    assert_int_equal(worker(&scene, 99999)->announced, STATE_NONE);
    scene.now += 1000;
    scene_message(
        &scene, "skep/v1/hive/h1/worker/w99999/heartbeat",
        TEXT("{\"status\":\"idle\",\"interval_ms\":1000,\"session\":\"0000000000000001\",\"connection\":1,\"seq\":1}"));
    assert_true(worker(&scene, 99999)->established);
    assert_int_equal(worker(&scene, 99999)->announced, STATE_ONLINE);
    scene_clear(&scene);
}

/* Whoever comes later does not overtake, when there is room for one. */
static void what_is_owed_goes_first(void **state)
{
    struct scene scene;
    unsigned before;
    (void)state;
    begin(&scene);
    say(&scene, "h1", 1, BIRTH, BUSY);
    before = scene.events;
    say(&scene, "h2", 2, BIRTH, ROOM - 1);
    assert_int_equal(scene.events - before, 1);
    assert_int_equal(registry_find(&scene.queen->registry, TEXT("h1"), TEXT("w1"))->announced, STATE_ONLINE);
    scene_step(&scene, (struct input){ .kind = INPUT_PACKET });
    assert_int_equal(owed(&scene), 0);
    say(&scene, "h1", 1, CRASH, BUSY);
    before = scene.events;
    say(&scene, "h3", 3, BIRTH, ROOM - 1); /* nor does a birth overtake a death */
    assert_int_equal(scene.events - before, 1);
    assert_int_equal(registry_find(&scene.queen->registry, TEXT("h1"), TEXT("w1"))->announced, STATE_STALE);
    assert_int_equal(owed(&scene), 1);
    scene_clear(&scene);
}

static bool is_announced(struct scene *scene, const char *hive, enum state state)
{
    const struct record *record = registry_find(&scene->queen->registry, text_of(hive), TEXT("w1"));
    return (record ? (enum state)record->announced : STATE_NONE) == state;
}

/* One hive has deaths without end, of which the broker takes one at a time: each time there is room for one, there is
 * another. Of what other hives have to say there is one of each kind of news at least among so many. */
static void what_others_say_has_turns_among_deaths(void **state)
{
    static const struct {
        const char *why;
        const char *before, *says;
        enum state expected;
    } rows[] = {
        { "a goodbye", BIRTH, GOODBYE, STATE_OFFLINE },
        { "a return", CRASH, BIRTH_OF("2"), STATE_ONLINE },
        { "a newcomer", NULL, BIRTH, STATE_ONLINE },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        unsigned loud = 0, looks = 0;
        print_message("  %s\n", rows[i].why);
        begin(&scene);
        for (unsigned j = 0; j < JOBS; j++)
            say(&scene, "loud", j, BIRTH, 0);
        if (rows[i].before)
            say(&scene, "quiet", 1, rows[i].before, 0);
        for (; loud < JOBS / 2; loud++)
            say(&scene, "loud", loud, CRASH, BUSY);
        say(&scene, "quiet", 1, rows[i].says, BUSY);
        for (; !is_announced(&scene, "quiet", rows[i].expected) && loud < JOBS; loud++, looks++)
            say(&scene, "loud", loud, CRASH, ROOM - 1);
        assert_in_range(looks, 1, 2 * NEWS_COUNT);
        scene_clear(&scene);
    }
}

/* Where nothing was announced, nothing was paid: not even of who was there for a while. */
static void a_death_that_nobody_knew_alive_needs_a_token(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene);
    run_a_batch(&scene);
    say(&scene, "h1", 99999, BIRTH, 0);
    worker(&scene, 99999)->established = true;
    worker(&scene, 99999)->share->news[true] = (struct bucket){ scene.now, 1000L * RATION_NEWS };
    say(&scene, "h1", 99999, CRASH, 0);
    assert_int_equal(worker(&scene, 99999)->announced, STATE_NONE);
    scene_run(&scene, "wait 100");
    assert_int_equal(worker(&scene, 99999)->announced, STATE_STALE);
    scene_clear(&scene);
}

/* What changes again while it waits keeps its place, unless it is another kind of news. */
static void who_waits_keeps_its_place(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene);
    for (unsigned i = 1; i <= 2; i++) {
        say(&scene, "h1", i, BIRTH, BUSY);
        say(&scene, "h1", i, CRASH, BUSY);
    }
    say(&scene, "h1", 1, BIRTH, BUSY);
    say(&scene, "h1", 1, CRASH, BUSY);
    scene_step(&scene, (struct input){ .kind = INPUT_PACKET, .unsent = ROOM - 1 });
    assert_int_equal(worker(&scene, 2)->announced, STATE_STALE);
    for (unsigned i = 3; i <= 4; i++) {
        say(&scene, "h1", i, BIRTH, BUSY);
        say(&scene, "h1", i, CRASH, BUSY);
    }
    queen_enter(scene.queen, scene.now, scene.wall, &scene.outbox);
    scene.queen->announcing.unsent = BUSY;
    change_announce(scene.queen, worker(&scene, 1)); /* once more */
    queen_leave(scene.queen);
    scene_step(&scene, (struct input){ .kind = INPUT_PACKET, .unsent = ROOM - 1 });
    assert_int_equal(worker(&scene, 1)->announced, STATE_STALE);
    say(&scene, "h1", 3, GOODBYE, BUSY);
    scene_step(&scene, (struct input){ .kind = INPUT_PACKET, .unsent = ROOM - 1 });
    assert_int_equal(worker(&scene, 3)->announced, STATE_NONE);
    assert_int_equal(worker(&scene, 4)->announced, STATE_STALE);
    scene_clear(&scene);
}

/* Who returns before its end is announced has not ended, and how often it has changed is still known. */
static void who_returns_goes_on_flapping(void **state)
{
    static const char *const signs[] = { BIRTH_OF("1"), CRASH_OF("1"), BIRTH_OF("2"), CRASH_OF("2") };
    struct scene scene;
    (void)state;
    begin(&scene);
    for (size_t i = 0; i < ARRAY_LEN(signs); i++)
        say(&scene, "h1", 1, signs[i], 0);
    say(&scene, "h1", 1, "", BUSY);
    say(&scene, "h1", 1, BIRTH_OF("3"), BUSY);
    scene_run(&scene, "wait 100");
    assert_non_null(strstr(buf_str(&scene.event), "\"state\":\"online\""));
    assert_non_null(strstr(buf_str(&scene.event), "\"flags\":[\"flapping\"]"));
    scene_clear(&scene);
}

/* ... as is which revision of its verdict was the last. */
static void who_returns_has_later_revisions(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene);
    say(&scene, "h1", 1, BIRTH_OF("1"), 0);
    say(&scene, "h1", 2, BIRTH, BUSY);
    scene_run(&scene, "delete force @h1/w1");
    say(&scene, "h1", 1, BIRTH_OF("1"), BUSY);
    say(&scene, "h1", 1, BIRTH_OF("2"), BUSY);
    say(&scene, "h1", 1, BIRTH_OF("1"), BUSY);
    buf_reset(&scene.trace);
    scene_run(&scene, "wait 100");
    assert_string_equal(buf_str(&scene.trace), "revised, h1/w2 unknown -> online (birth)");
    scene_clear(&scene);
}

/* Also of whom nothing was announced: what is stored of it would bring it back. */
static void who_is_removed_by_hand_is_cleared(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene);
    say(&scene, "h1", 1, BIRTH, BUSY);
    scene_run(&scene, "delete force @h1/w1");
    buf_reset(&scene.trace);
    scene_run(&scene, "wait 100");
    assert_non_null(strstr(buf_str(&scene.trace), "clear heartbeat, clear presence, clear witness"));
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_established_do_not_wait_behind_jobs),
        cmocka_unit_test(a_crash_does_not_wait_behind_goodbyes),
        cmocka_unit_test(deaths_go_before_goodbyes),
        cmocka_unit_test(who_becomes_established_is_announced),
        cmocka_unit_test(what_is_owed_goes_first),
        cmocka_unit_test(who_waits_keeps_its_place),
        cmocka_unit_test(what_others_say_has_turns_among_deaths),
        cmocka_unit_test(a_death_that_nobody_knew_alive_needs_a_token),
        cmocka_unit_test(who_returns_goes_on_flapping),
        cmocka_unit_test(who_returns_has_later_revisions),
        cmocka_unit_test(who_is_removed_by_hand_is_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
