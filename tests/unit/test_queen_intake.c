#include "queen_script.h"

#include "intake.h"
#include "step.h"

#define BEAT_TOPIC "skep/v1/hive/default/worker/w1/heartbeat"
#define PRESENCE_TOPIC "skep/v1/hive/default/worker/w1/presence"

static void what_breaks_a_rule_changes_nothing_and_is_counted(void **state)
{
    static const struct {
        const char *why, *topic, *payload;
        enum err err;
    } rows[] = {
        { "not JSON", BEAT_TOPIC, "{", ERR_SYNTAX },
        { "no object", BEAT_TOPIC, "[]", ERR_TYPE },
        { "no status", BEAT_TOPIC, "{\"queue_depth\":1}", ERR_MISSING },
        { "a key twice", BEAT_TOPIC, "{\"status\":\"idle\",\"status\":\"busy\"}", ERR_DUPLICATE },
        { "too deep", BEAT_TOPIC, "{\"status\":\"idle\",\"x\":[[[[[[[[[]]]]]]]]]}", ERR_DEPTH },
        { "no UTF-8", BEAT_TOPIC, "{\"status\":\"idle\",\"x\":\"\xff\"}", ERR_UTF8 },
        { "NaN", BEAT_TOPIC, "{\"status\":\"idle\",\"gpu_utilization\":NaN}", ERR_SYNTAX },
        { "out of range", BEAT_TOPIC, "{\"status\":\"idle\",\"gpu_utilization\":1.5}", ERR_RANGE },
        { "wrong type", BEAT_TOPIC, "{\"status\":\"idle\",\"queue_depth\":\"1\"}", ERR_TYPE },
        { "another worker's id", BEAT_TOPIC, "{\"status\":\"idle\",\"worker_id\":\"w2\"}", ERR_MISMATCH },
        { "another hive's id", BEAT_TOPIC, "{\"status\":\"idle\",\"hive_id\":\"h2\"}", ERR_MISMATCH },
        { "presence: no such state", PRESENCE_TOPIC, "{\"presence\":\"alive\"}", ERR_UNKNOWN },
        { "presence: another worker's id", PRESENCE_TOPIC, "{\"presence\":\"online\",\"worker_id\":\"w2\"}",
          ERR_MISMATCH },
        { "presence: another hive's id", PRESENCE_TOPIC, "{\"presence\":\"online\",\"hive_id\":\"h2\"}", ERR_MISMATCH },
        { "no topic of ours", "other/w1/heartbeat", "{}", ERR_TOPIC },
        { "a hive's heartbeat without a status", "skep/v1/hive/default/heartbeat", "{}", ERR_MISSING },
        { "another hive's heartbeat", "skep/v1/hive/default/heartbeat", "{\"status\":\"ready\",\"hive_id\":\"h2\"}",
          ERR_MISMATCH },
        { "another hive's presence", "skep/v1/hive/default/presence", "{\"presence\":\"online\",\"hive_id\":\"h2\"}",
          ERR_MISMATCH },
        { "a worker's presence on its hive's topic", "skep/v1/hive/default/presence",
          "{\"presence\":\"online\",\"worker_id\":\"w1\"}", ERR_MISMATCH },
        { "a topic that is not read", "skep/v1/queen/queen/event", "{}", ERR_TOPIC },
        { "no id", "skep/v1/hive/default/worker/w%201/heartbeat", "{\"status\":\"idle\"}", ERR_ID },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, "up; beat 1.1.0 @w9");
        scene_message(&scene, rows[i].topic, text_of(rows[i].payload));
        if (scene.queen->counters.rejected[rows[i].err] != 1)
            print_error("%s: %s\n", rows[i].why, buf_str(&scene.notice));
        assert_int_equal(scene.queen->counters.rejected[rows[i].err], 1);
        assert_non_null(strstr(buf_str(&scene.notice), err_name(rows[i].err)));
        assert_int_equal(scene.queen->counters.accepted, 9); /* the markers and a beat */
        assert_int_equal(scene.queen->registry.count, 1);
        scene_clear(&scene);
    }
}

static void a_hostile_topic_is_printable_in_the_log(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_message(&scene, "skep/v1/\x1b[31m\nqueen", TEXT("x"));
    assert_non_null(strstr(buf_str(&scene.notice), "ignored a message on skep/v1/?[31m?queen: wrong_topic"));
    scene_clear(&scene);
}

static void a_document_beyond_the_limit_is_refused(void **state)
{
    struct scene scene;
    struct buf doc = BUF_INIT;
    (void)state;
    scene_init(&scene);
    buf_add_str(&doc, "{\"status\":\"idle\"");
    while (doc.len <= MSG_MAX_BYTES)
        buf_add_char(&doc, ' ');
    buf_add_char(&doc, '}');
    scene_message(&scene, BEAT_TOPIC, buf_text(&doc));
    assert_int_equal(scene.queen->counters.rejected[ERR_TOO_LARGE], 1);
    assert_int_equal(scene.queen->registry.count, 0);
    buf_clear(&doc);
    scene_clear(&scene);
}

static void a_full_registry_refuses_and_counts(void **state)
{
    struct queen_options options = scene_options;
    struct scene scene;
    (void)state;
    options.max_workers = 2;
    scene_init_with(&scene, &options);
    scene_run(&scene, "up; beat 1.1.0 @w1; birth 2.1 @w2; beat 3.1.0 @w3; birth 4.1 @w4; post 5.1.0 @w5");
    assert_int_equal(scene.queen->registry.count, 2);
    assert_int_equal(scene.queen->counters.rejected[ERR_FULL], 3);
    assert_int_equal(scene.queen->registry.pressure[PRESSURE_WORKERS].refused, 3);
    assert_true(ends_with(buf_str(&scene.trace), ", 503"));
    scene_run(&scene, "beat 1.1.1");
    assert_int_equal(scene.queen->counters.rejected[ERR_FULL], 3);
    scene_clear(&scene);
}

/* The sign of life counts all the same. */
static void documents_beyond_their_limit_are_refused_and_counted(void **state)
{
    struct queen_options options = scene_options;
    struct scene scene;
    (void)state;
    options.max_document_bytes = 128;
    scene_init_with(&scene, &options);
    scene_run(&scene, "up; beat 1.1.0; beat 2.1.0 @w2; connect; stored beat 3.1.0 @w3; read");
    assert_int_equal(scene.queen->counters.rejected[ERR_FULL], 2);
    assert_int_equal(scene.queen->registry.counts[STATE_ONLINE], 2);
    assert_null(registry_find_name(&scene.queen->registry, TEXT("w2"))->document);
    scene_clear(&scene);
}

static void replies_count_by_their_correlation_only(void **state)
{
    static const struct {
        const char *why;
        const char *correlation;
    } rows[] = {
        { "none", NULL },
        { "too short", "01" },
        { "unknown", "0100000000000005" },
        { "unknown marker", "0300000000000005" },
        { "no kind", "ffffffffffffffff" },
        { "bytes", "\1\2\3\4\5\6\7\10" },
    };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; will 1.1");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        scene_step(&scene,
                   (struct input){ .kind = INPUT_MESSAGE,
                                   .message = &(struct message){ .topic = TEXT("skep/v1-rpc/reply/skep:q:queen"),
                                                                 .payload = TEXT("{}"),
                                                                 .correlation = text_of(rows[i].correlation) } });
    assert_int_equal(scene_record(&scene)->state, STATE_SUSPECT);
    scene_clear(&scene);
}

/* The first request of each purpose: with one key for two counters, one of them would show the other. */
static void what_one_is_asked_shows_nothing_of_what_others_are(void **state)
{
    struct scene scene;
    const char *correlations[4];
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1 @h1/; wait 0; birth 1.1; demand; wait 0; birth 1.1 @w2; will 1.1 @w2");
    correlations[0] = scene.claim.correlation;
    correlations[1] = scene.poll.correlation;
    correlations[2] = scene.verify.correlation;
    correlations[3] = scene.beat.correlation;
    for (size_t i = 0; i < ARRAY_LEN(correlations); i++) {
        assert_int_equal(strlen(correlations[i]), 32); /* 128 bits */
        for (size_t j = 0; j < ARRAY_LEN(correlations); j++)
            for (size_t at = 0; i != j && at + 8 <= 32; at++) {
                char part[9];
                snprintf(part, sizeof part, "%.8s", correlations[i] + at);
                assert_null(strstr(correlations[j], part));
            }
        assert_null(strstr(correlations[i], scene.nonce));
    }
    scene_clear(&scene);
}

static void another_queens_presence_is_none_of_hers(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up");
    scene_message(&scene, "skep/v1/queen/other/presence", TEXT(""));
    scene_run(&scene, "wait 2000");
    assert_int_equal(scene.births, 1);
    scene_clear(&scene);
}

static void hives_keep_workers_of_one_name_apart(void **state)
{
    static const struct row rows[] = {
        { "two workers", "up; birth 1.1 @hive-a/w1; birth 2.1 @hive-b/w1; crash 1.1 @hive-a/w1",
          "hive-a/w1 unknown -> online (birth), hive-b/w1 unknown -> online (birth), "
          "hive-a/w1 online -> stale (process_exited) | gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

#define OF_A_DAY "say \"retain_s\":86400; left "

static void r1_what_is_old_is_a_copy_though_it_comes_live(void **state)
{
    static const struct row rows[] = {
        { "a heartbeat raises nobody", OF_A_DAY "86360; up; aged beat 1.1.4", "| unverified" },
        { "... nor does a birth", OF_A_DAY "86360; up; aged birth 1.1", "| unverified" },
        { "two seconds are none", OF_A_DAY "86398; up; aged beat 1.1.4", "unknown -> online (heartbeat) | online" },
        { "its age is unknown: it is live", "left 86360; up; aged beat 1.1.4",
          "unknown -> online (heartbeat) | online" },
        { "one that was lost stays so", OF_A_DAY "86360; up; birth 1.1; crash 1.1; aged beat 1.1.5; aged birth 1.2",
          "unknown -> online (birth), online -> stale (process_exited) | stale" },
        { "... also for another session", OF_A_DAY "86360; up; birth 1.1; crash 1.1; aged beat 2.1.5",
          "unknown -> online (birth), online -> stale (process_exited) | stale" },
        { "one that lives is not replaced", OF_A_DAY "86360; up; birth 1.1; aged beat 2.1.0; beat 1.1.0; will 1.1",
          "unknown -> online (birth), ask | suspect" },
        { "it ends no tombstone", OF_A_DAY "86360; up; beat 1.1.0; delete force; aged beat 1.1.1",
          "unknown -> online (heartbeat), clear heartbeat, clear presence, clear witness, "
          "online -> forgotten (forgotten), 204, clear heartbeat | gone" },
        { "of one that is online it counts as received so long ago",
          OF_A_DAY "86360; up; beat 1.1.0; listen 60000; aged beat 1.1.1; listen 25999",
          "unknown -> online (heartbeat) | online" },
        { "... and no longer", OF_A_DAY "86360; up; beat 1.1.0; listen 60000; aged beat 1.1.1; listen 26000",
          "unknown -> online (heartbeat), online -> suspect (missed_heartbeats) | suspect" },
        { "... the same once more does not",
          OF_A_DAY "86360; up; beat 1.1.0; listen 60000; aged beat 1.1.0; listen 6000",
          "unknown -> online (heartbeat), online -> suspect (missed_heartbeats) | suspect" },
        { "... of one that is suspect as well: it is not lost before",
          OF_A_DAY "86360; up; beat 1.1.0; listen 80000; aged beat 1.1.1; listen 49000",
          "unknown -> online (heartbeat), online -> suspect (missed_heartbeats) | suspect" },
        { "the lease of who is known by it alone ends one grace from now",
          OF_A_DAY "79200; up; listen 100000; aged beat 1.1.0; listen 34999", "| unverified" },
        { "... not later", OF_A_DAY "79200; up; listen 100000; aged beat 1.1.0; listen 35000; ack 0",
          "probe, unknown -> stale (missed_heartbeats) | stale" },
        { "what all lack is the broker's cap", OF_A_DAY "3600; up; aged beat 1.1.0; listen 5000; aged beat 1.1.1",
          "unknown -> online (heartbeat) | online" },
        { "... for births, too",
          OF_A_DAY "3600; up; aged beat 1.1.0; listen 5000; aged beat 1.1.1 ; aged birth 1.1 @w2; beat 1.1.0 @w2",
          "unknown -> online (heartbeat), default/w2 unknown -> online (birth) | online" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void a_post_needs_a_name(void **state)
{
    struct scene scene;
    struct errbuf e = { 0 };
    (void)state;
    scene_init(&scene);
    queen_enter(scene.queen, scene.now, scene.wall, &scene.outbox);
    assert_int_equal(intake_posted(scene.queen, TEXT("{\"status\":\"idle\"}"), &e), ERR_MISSING);
    assert_string_equal(e.text, "worker_id: required over HTTP");
    assert_int_equal(intake_posted(scene.queen, TEXT("{\"status\":\"idle\",\"worker_id\":\"w1\"}"), &e), OK);
    queen_leave(scene.queen);
    assert_string_equal(record_hive(scene_record(&scene)), "default");
    assert_int_equal(scene.queen->counters.rejected[ERR_MISSING], 1);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_breaks_a_rule_changes_nothing_and_is_counted),
        cmocka_unit_test(a_hostile_topic_is_printable_in_the_log),
        cmocka_unit_test(a_document_beyond_the_limit_is_refused),
        cmocka_unit_test(a_full_registry_refuses_and_counts),
        cmocka_unit_test(documents_beyond_their_limit_are_refused_and_counted),
        cmocka_unit_test(replies_count_by_their_correlation_only),
        cmocka_unit_test(what_one_is_asked_shows_nothing_of_what_others_are),
        cmocka_unit_test(another_queens_presence_is_none_of_hers),
        cmocka_unit_test(hives_keep_workers_of_one_name_apart),
        cmocka_unit_test(r1_what_is_old_is_a_copy_though_it_comes_live),
        cmocka_unit_test(a_post_needs_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
