#include "queen_script.h"

#include "judge.h"

#define ONLINE "unknown -> online (birth)"
#define STALE ", online -> stale (process_exited)"

static void r1_a_sign_of_life_makes_it_online(void **state)
{
    static const struct row rows[] = {
        { "a birth", "up; birth 1.1", ONLINE " | online" },
        { "a heartbeat", "up; beat 1.1.0", "unknown -> online (heartbeat) | online" },
        { "a plain device", "up; beat", "unknown -> online (heartbeat) | online" },
        { "told once: the beat after a birth is no news", "up; birth 1.1; beat 1.1.0; beat 1.1.1", ONLINE " | online" },
        { "the same birth again, as healing sends it", "up; birth 1.1; birth 1.1", ONLINE " | online" },
        { "the dead come back", "up; birth 1.1; crash 1.1; beat 1.1.0",
          ONLINE STALE ", stale -> online (heartbeat) | online" },
        { "a new process of one that left", "up; birth 1.1; bye 1.1; birth 2.1",
          ONLINE ", online -> offline (goodbye), offline -> online (birth) | online" },
        { "known from a stored copy until now", "connect; stored beat 1.1.4; read; beat 1.1.5",
          "unknown -> online (heartbeat) | online" },
        { "over HTTP, without a broker", "up; down; post 1.1.0", "unknown -> online (heartbeat), 202 | online" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r2_the_newest_incarnation_is_current(void **state)
{
    static const struct row rows[] = {
        { "a retired session is a conflict, and said once", "up; birth 1.1; birth 2.1; beat 1.1.9; beat 1.1.10",
          ONLINE ", revised | online" },
        { "... again when the last one is ten minutes old",
          "up; say \"lease_ms\":9000000; birth 1.1; beat 1.1.0; beat 2.1.0; beat 1.1.9; listen 600000; beat 1.1.10",
          ONLINE ", revised, revised, revised | online" }, /* in between it is over */
        { "a retired session takes over where nobody is online", "up; birth 1.1; birth 2.1; bye 2.1; beat 1.1.5",
          ONLINE ", online -> offline (goodbye), revised, offline -> online (heartbeat) | online" },
        { "the will of a retired session does not count", "up; birth 1.1; birth 2.1; will 1.1", ONLINE " | online" },
        { "nor its goodbye", "up; birth 1.1; birth 2.1; bye 1.1", ONLINE " | online" },
        { "nor its crash", "up; birth 1.1; birth 2.1; crash 1.1", ONLINE " | online" },
        { "a sender without a session takes over where nobody is online", "up; birth 1.1; bye 1.1; beat",
          ONLINE ", online -> offline (goodbye), offline -> online (heartbeat) | online" },
        { "a higher connection is the same process come back: its own will counts, the old one does not",
          "up; birth 1.1; birth 1.2; will 1.1; will 1.2", ONLINE ", ask | suspect" },
        { "an old connection says nothing", "up; birth 1.2; crash 1.2; beat 1.1.7", ONLINE STALE " | stale" },
        { "a repeated seq says nothing", "up; birth 1.1; beat 1.1.7; crash 1.1; beat 1.1.7", ONLINE STALE " | stale" },
        { "(none, none) matches (none, none)", "up; beat; will; wait 250; ack 0",
          "unknown -> online (heartbeat), probe, online -> stale (last_will) | stale" },
        { "a new session does not inherit that it answers requests", "up; birth 1.1; beat 2.1.0; will 2.1; wait 250",
          ONLINE ", probe | suspect" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r1_a_will_closes_its_connection_for_heartbeats(void **state)
{
    static const struct row rows[] = {
        { "they are late", "up; birth 1.1; will 1.1; beat 1.1.0", ONLINE ", ask | suspect" },
        { "... also when it was lost", "up; birth 1.1; will 1.1; ack 0; wait 1000; beat 1.1.0",
          ONLINE ", ask, online -> stale (last_will) | stale" },
        { "a birth opens it again", "up; birth 1.1; will 1.1; birth 1.1; listen 60000; beat 1.1.0; listen 60000",
          ONLINE ", ask | online" },
        { "... and an answer", "up; birth 1.1; will 1.1; ack 0; reply; listen 60000; beat 1.1.0; listen 60000",
          ONLINE ", ask | online" },
        { "... and the answer to a verification",
          "up; birth 1.1; will 1.1; demand; wait 0; answer ok; listen 60000; beat 1.1.0; listen 60000",
          ONLINE ", ask, verify | online" },
        { "the next connection is open", "up; birth 1.1; will 1.1; beat 1.2.0", ONLINE ", ask | online" },
        { "the will of another connection closes nothing", "up; birth 1.2; will 1.1; beat 1.2.0", ONLINE " | online" },
        { "without a session nothing is closed", "up; birth; will; beat", ONLINE ", ask | online" },
        { "... nor without a number", "up; birth 1; will 1; beat 1", ONLINE ", ask | online" },
        { "a process that ended is reported by its agent, which may go on", "up; birth 1.1; crash 1.1; beat 1.1.0",
          ONLINE STALE ", stale -> online (heartbeat) | online" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r1_the_will_of_an_unknown_worker_counts_like_a_stored_one(void **state)
{
    static const struct row rows[] = {
        { "suspect, and no event", "up; listen 50000; will 1.1; listen 34999", "| suspect" },
        { "judged one grace later", "up; listen 50000; will 1.1; listen 35250; ack 0",
          "probe, unknown -> stale (last_will) | stale" },
        { "its heartbeats are late", "up; will 1.1; beat 1.1.3", "| suspect" },
        { "it comes back", "up; will 1.1; birth 1.2; listen 60000", "unknown -> online (birth) | online" },
        { "a goodbye makes none known", "up; bye 1.1", "| gone" },
        { "nor does a process that ended", "up; crash 1.1", "| gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r2_what_the_fences_ignore_is_counted(void **state)
{
    static const struct {
        const char *why, *script;
        enum incarnation_verdict verdict;
        unsigned count;
    } rows[] = {
        { "old connection", "up; birth 1.2; beat 1.1.0", INCARNATION_OLD_CONNECTION, 1 },
        { "old and repeated seq", "up; beat 1.1.5; beat 1.1.5; beat 1.1.4", INCARNATION_OLD_SEQ, 2 },
        { "retired session", "up; birth 1.1; birth 2.1; beat 1.1.5; birth 1.1", INCARNATION_RETIRED, 2 },
        { "no session, while one with a session is online", "up; birth 1.1; beat; beat", INCARNATION_UNFENCED, 2 },
        { "wills and goodbyes that are not current", "up; birth 1.2; will 1.1; bye 2.1; crash",
          INCARNATION_OLD_CONNECTION, 3 },
        { "late words of a closed connection", "up; birth 1.1; bye 1.1; beat 1.1.9", INCARNATION_SAME, 1 },
        { "in order", "up; birth 1.1; beat 1.1.0; beat 1.1.1; birth 1.2; beat 1.2.2", INCARNATION_SAME, 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, rows[i].script);
        if (scene.queen->counters.ignored[rows[i].verdict] != rows[i].count)
            print_error("%s\n", rows[i].why);
        assert_int_equal(scene.queen->counters.ignored[rows[i].verdict], rows[i].count);
        scene_clear(&scene);
    }
}

static void r2_an_ignored_beat_leaves_the_document(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; say \"queue_depth\":1; beat 1.2.5; say \"queue_depth\":2; beat 1.1.6; beat 1.2.4; beat");
    assert_non_null(strstr(document_text(scene_record(&scene)->document).at, "\"queue_depth\":1"));
    scene_run(&scene, "beat 1.2.6");
    assert_non_null(strstr(document_text(scene_record(&scene)->document).at, "\"queue_depth\":2"));
    scene_clear(&scene);
}

static void r3_only_the_current_incarnation_dies(void **state)
{
    static const struct row rows[] = {
        { "the will of an earlier connection", "up; birth 1.2; will 1.1", ONLINE " | online" },
        { "of a later one that was never heard", "up; birth 1.1; will 1.2", ONLINE " | online" },
        { "of another session", "up; birth 1.1; will 2.1", ONLINE " | online" },
        { "of nobody in particular", "up; birth 1.1; will", ONLINE " | online" },
        { "a goodbye of an earlier connection", "up; birth 1.2; bye 1.1", ONLINE " | online" },
        { "its own will", "up; birth 1.2; will 1.2", ONLINE ", ask | suspect" },
        { "its own goodbye", "up; birth 1.2; bye 1.2", ONLINE ", online -> offline (goodbye) | offline" },
        { "the live goodbye of somebody unknown makes nobody known", "up; bye 1.1; crash 1.1", "| gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r9_goodbyes_and_crashes_are_believed(void **state)
{
    static const struct row rows[] = {
        { "a goodbye closes its connection: late beats do nothing", "up; birth 1.1; bye 1.1; beat 1.1.9; birth 1.1",
          ONLINE ", online -> offline (goodbye) | offline" },
        { "the next connection of the same session", "up; birth 1.1; bye 1.1; birth 1.2",
          ONLINE ", online -> offline (goodbye), offline -> online (birth) | online" },
        { "a plain device is never closed", "up; beat; bye; beat",
          "unknown -> online (heartbeat), online -> offline (goodbye), offline -> online (heartbeat) | online" },
        { "the will behind a goodbye", "up; birth 1.1; bye 1.1; will 1.1",
          ONLINE ", online -> offline (goodbye) | offline" },
        { "the same goodbye twice", "up; birth 1.1; bye 1.1; bye 1.1",
          ONLINE ", online -> offline (goodbye) | offline" },
        { "a crash is stale at once, unconfirmed", "up; birth 1.1; crash 1.1", ONLINE STALE " | stale" },
        { "the same crash twice is one event", "up; birth 1.1; crash 1.1; crash 1.1", ONLINE STALE " | stale" },
        { "the will behind a crash", "up; birth 1.1; crash 1.1; will 1.1", ONLINE STALE " | stale" },
        { "a crash behind the verdict of its will revises it",
          "up; birth 1.1; will 1.1; ack 10; wait 250; ack 10; crash 1.1; crash 1.1",
          ONLINE ", ask, ask, online -> stale (last_will), revised | stale" },
        { "a crash ends a confirmation", "up; birth 1.1; will 1.1; crash 1.1; ack 10; wait 9000",
          ONLINE ", ask" STALE " | stale" },
        { "a goodbye ends a confirmation", "up; birth 1.1; will 1.1; bye 1.1; ack 10; wait 9000",
          ONLINE ", ask, online -> offline (goodbye) | offline" },
        { "who has left cannot crash", "up; birth 1.1; bye 1.1; crash 1.1",
          ONLINE ", online -> offline (goodbye) | offline" },
        { "a goodbye of the dead", "up; birth 1.1; crash 1.1; bye 1.1",
          ONLINE STALE ", stale -> offline (goodbye) | offline" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r9_the_exit_is_told(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; crash 1.1");
    assert_non_null(strstr(buf_str(&scene.verdict), "\"exit\":{\"code\":139,\"signal\":\"SIGSEGV\",\"oom\":null}"));
    assert_non_null(strstr(buf_str(&scene.verdict), "\"result\":\"exited\""));
    scene_clear(&scene);
}

static void r18_one_change_one_event(void **state)
{
    struct scene scene;
    uint64_t first;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1");
    first = (scene.queen->next_event - 1);
    assert_int_equal(scene.verdicts, 1);
    assert_string_equal(buf_str(&scene.verdict), buf_str(&scene.event));
    assert_non_null(strstr(buf_str(&scene.event), "\"last_seen_ms_ago\":0,"));
    scene_run(&scene, "beat 1.1.0; will 1.1; birth 1.2; beat 1.2.1");
    assert_int_equal((scene.queen->next_event - 1), first);
    assert_int_equal(scene.verdicts, 1);
    scene_run(&scene, "wait 10000; crash 1.2");
    assert_int_equal((scene.queen->next_event - 1), first + 1);
    assert_int_equal(scene.verdicts, 2);
    assert_string_equal(buf_str(&scene.event),
                        "{\"worker_id\":\"w1\",\"hive_id\":\"default\",\"state\":\"stale\",\"previous\":\"online\","
                        "\"cause\":\"process_exited\",\"since\":\"2023-11-14T22:13:30.000Z\","
                        "\"event_id\":1700000000000003,\"revision\":1,\"queen_id\":\"queen\","
                        "\"session\":\"000abc0000000001\",\"connection\":2,\"incident\":null,\"flags\":[],"
                        "\"evidence\":{\"path\":\"mqtt\",\"result\":\"exited\",\"due_at\":\"2023-11-14T22:13:30.000Z\","
                        "\"seen_at\":\"2023-11-14T22:13:30.000Z\",\"last_seen_ms_ago\":10000,\"took_ms\":0,"
                        "\"exit\":{\"code\":139,\"signal\":\"SIGSEGV\",\"oom\":null},"
                        "\"text\":\"its agent reported that the process exited\"}}");
    scene_clear(&scene);
}

static void r18_a_revision_keeps_its_event(void **state)
{
    struct scene scene;
    char event[64];
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; birth 2.1; beat 1.1.5");
    snprintf(event, sizeof event, "\"event_id\":%llu,\"revision\":2",
             (unsigned long long)(scene.queen->next_event - 1));
    assert_non_null(strstr(buf_str(&scene.verdict), event));
    assert_non_null(strstr(buf_str(&scene.verdict), "\"flags\":[\"conflict\"]"));
    assert_int_equal(scene.events, 2); /* live, online */
    scene_clear(&scene);
}

static void r20_reported_clocks_change_nothing(void **state)
{
    static const struct row rows[] = {
        { "a sender years behind", "up; say \"timestamp\":\"1990-01-01T00:00:00Z\"; beat 1.1.0; wait 60000",
          "unknown -> online (heartbeat) | online" },
        { "a sender years ahead is not late either",
          "up; say \"timestamp\":\"2199-01-01T00:00:00Z\"; beat 1.1.0; wait 65999; beat 1.1.1; wait 66000",
          "unknown -> online (heartbeat), online -> suspect (missed_heartbeats) | suspect" },
        { "the wall clock leaps forward", "up; beat 1.1.0; clock 999999999999; wait 65999",
          "unknown -> online (heartbeat) | online" },
        { "... and back", "up; beat 1.1.0; clock -999999999999; wait 66000",
          "unknown -> online (heartbeat), online -> suspect (missed_heartbeats) | suspect" },
    };
    struct scene scene;
    (void)state;
    ROWS_CHECK(rows);
    scene_init(&scene);
    scene_run(&scene, "up; say \"timestamp\":\"2023-11-14T22:13:25Z\"; beat 1.1.0");
    assert_int_equal(scene_record(&scene)->skew, 5000);
    scene_run(&scene, "say; beat 1.1.1");
    assert_true(scene_record(&scene)->skew == TIME_ABSENT);
    scene_clear(&scene);
}

static void a_post_does_not_push_aside_what_is_online_over_mqtt(void **state)
{
    static const struct row rows[] = {
        { "another process", "up; birth 1.1; post 2.1.0", ONLINE ", 409 | online" },
        { "without a session", "up; birth 1.1; post", ONLINE ", 409 | online" },
        { "an old seq of the same", "up; beat 1.1.5; post 1.1.5", "unknown -> online (heartbeat), 409 | online" },
        { "the same process, in order", "up; beat 1.1.5; post 1.1.6", "unknown -> online (heartbeat), 202 | online" },
        { "the same process, come back", "up; beat 1.1.5; post 1.2.6", "unknown -> online (heartbeat), 202 | online" },
        { "nobody is online", "up; birth 1.1; bye 1.1; post 2.1.0",
          ONLINE ", online -> offline (goodbye), offline -> online (heartbeat), 202 | online" },
        { "what itself came by POST", "up; post 1.1.5; post 2.1.0",
          "unknown -> online (heartbeat), 202, 202 | online" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r1_a_sign_of_life_makes_it_online),
        cmocka_unit_test(r2_the_newest_incarnation_is_current),
        cmocka_unit_test(r1_a_will_closes_its_connection_for_heartbeats),
        cmocka_unit_test(r1_the_will_of_an_unknown_worker_counts_like_a_stored_one),
        cmocka_unit_test(r2_what_the_fences_ignore_is_counted),
        cmocka_unit_test(r2_an_ignored_beat_leaves_the_document),
        cmocka_unit_test(r3_only_the_current_incarnation_dies),
        cmocka_unit_test(r9_goodbyes_and_crashes_are_believed),
        cmocka_unit_test(r9_the_exit_is_told),
        cmocka_unit_test(r18_one_change_one_event),
        cmocka_unit_test(r18_a_revision_keeps_its_event),
        cmocka_unit_test(r20_reported_clocks_change_nothing),
        cmocka_unit_test(a_post_does_not_push_aside_what_is_online_over_mqtt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
