#include "queen_script.h"

static void r15_the_expected_are_unverified_then_never_seen(void **state)
{
    static const struct row rows[] = {
        { "known before anybody was heard", "", "| unverified" },
        { "not judged before there is a link", "wait 900000", "| unverified" },
        { "judged when their lease is over", "up; wait 89999; wait 1; ack 0",
          "probe, unknown -> stale (never_seen) | stale" },
        { "... and not before", "up; wait 89999", "| unverified" },
        { "heard", "up; birth 1.1", "unknown -> online (birth) | online" },
        { "never seen, then heard", "up; wait 90000; ack 0; beat 1.1.0",
          "probe, unknown -> stale (never_seen), stale -> online (heartbeat) | online" },
        { "seen once, it misses heartbeats like everybody", "up; stored beat 1.1.0; wait 90000; ack 0",
          "probe, unknown -> stale (missed_heartbeats) | stale" },
    };
    struct queen_options options = scene_options;
    (void)state;
    options.expect = TEXT("w1\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        row_check_with(&rows[i], &options);
}

static void the_cause_follows_what_is_known(void **state)
{
    static const struct {
        const char *script;
        enum cause cause;
        enum evidence_result result;
    } rows[] = {
        { "connect", CAUSE_NEVER_SEEN, RESULT_EXPECTED },
        { "connect; stored beat 1.1.0", CAUSE_RESTORED, RESULT_STORED },
        { "connect; stored birth 1.1", CAUSE_RESTORED, RESULT_STORED },
    };
    struct queen_options options = scene_options;
    (void)state;
    options.expect = TEXT("w1");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init_with(&scene, &options);
        scene_run(&scene, rows[i].script);
        assert_int_equal(scene_record(&scene)->cause, rows[i].cause);
        assert_int_equal(scene_record(&scene)->evidence.result, rows[i].result);
        scene_clear(&scene);
    }
}

static void a_list_is_lines_of_names(void **state)
{
    static const struct {
        const char *why, *list;
        size_t count;
    } rows[] = {
        { "nothing", "", 0 },
        { "blank lines and comments", "\n\n# all of them\n  # indented\n", 0 },
        { "names and pairs", "w1\nhive-a/w1\n", 2 },
        { "the last line may end without a newline", "w1\nw2", 2 },
        { "blanks around, a comment behind", "  w1 \t# the first\r\n\tw2\n", 2 },
        { "twice is once", "w1\ndefault/w1\nw1\n", 1 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct queen_options options = scene_options;
        options.expect = text_of(rows[i].list);
        scene_init_with(&scene, &options);
        if (scene.queen->registry.count != rows[i].count)
            print_error("%s\n", rows[i].why);
        assert_int_equal(scene.queen->registry.count, rows[i].count);
        scene_clear(&scene);
    }
}

static void a_bad_list_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *list;
        enum err err;
        const char *sentence;
    } rows[] = {
        { "w1\n\nbad name\n", ERR_ID,
          "line 3: `bad name` must be NAME or HIVE/NAME, each of letters, digits and . _ -" },
        { "a/b/c", ERR_ID, "line 1: `a/b/c` must" },
        { "a/", ERR_ID, "line 1: `a/` must" },
        { "/a", ERR_ID, "line 1: `/a` must" },
        { "a\nb\nc\n", ERR_FULL, "line 3: more ids than --max-workers" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct queen_options options = scene_options;
        struct queen *queen = NULL;
        struct errbuf e = { 0 };
        options.max_workers = 2;
        options.expect = text_of(rows[i].list);
        assert_int_equal(queen_new(&options, 0, 0, &queen, &e), rows[i].err);
        assert_null(queen);
        assert_memory_equal(e.text, rows[i].sentence, strlen(rows[i].sentence));
    }
}

static void r16_the_expected_are_never_forgotten(void **state)
{
    struct queen_options options = scene_options;
    struct scene scene;
    ms_t end;
    (void)state;
    options.expect = TEXT("w1");
    scene_init_with(&scene, &options);
    scene_run(&scene, "up; birth 1.1; bye 1.1");
    for (end = scene.now + 24 * 3600 * 1000; scene.now <= end;)
        do_stand(&scene, "1000");
    assert_int_equal(scene_record(&scene)->state, STATE_OFFLINE);
    assert_true(queen_deadline(scene.queen) > scene.now); /* nor is that ever due */
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r15_the_expected_are_unverified_then_never_seen),
        cmocka_unit_test(the_cause_follows_what_is_known),
        cmocka_unit_test(r16_the_expected_are_never_forgotten),
        cmocka_unit_test(a_list_is_lines_of_names),
        cmocka_unit_test(a_bad_list_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
