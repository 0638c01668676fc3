#include "queen_script.h"

#include "loss.h"

#define ONLINE "unknown -> online (birth)"
#define LOST ", online -> stale (last_will)"

static void r4_a_will_is_confirmed(void **state)
{
    static const struct row rows[] = {
        { "asked at once, and shown as suspect, silently", "up; birth 1.1; will 1.1", ONLINE ", ask | suspect" },
        { "nobody subscribed, twice", "up; birth 1.1; will 1.1; ack 10; wait 249; wait 1; ack 10",
          ONLINE ", ask, ask" LOST " | stale" },
        { "the second request waits for the confirmation wait", "up; birth 1.1; will 1.1; ack 10; wait 249",
          ONLINE ", ask | suspect" },
        { "a slow link has twice what its birth says that a connect takes",
          "up; say \"connect_ms\":600; birth 1.1; will 1.1; ack 10; wait 1449", ONLINE ", ask | suspect" },
        { "... and no longer", "up; say \"connect_ms\":600; birth 1.1; will 1.1; ack 10; wait 1450; ack 10",
          ONLINE ", ask, ask" LOST " | stale" },
        { "4 s at most", "up; say \"connect_ms\":9000000; birth 1.1; will 1.1; ack 10; wait 4000; ack 10",
          ONLINE ", ask, ask" LOST " | stale" },
        { "what a will says does not count",
          "up; birth 1.1; say \"connect_ms\":600; will 1.1; ack 10; wait 250; ack 10",
          ONLINE ", ask, ask" LOST " | stale" },
        { "nor what an earlier birth said",
          "up; say \"connect_ms\":600; birth 1.1; say \"connect_ms\":null; birth 1.2; will 1.2; ack 10; wait 250; ack "
          "10",
          ONLINE ", ask, ask" LOST " | stale" },
        { "somebody subscribed, and answered", "up; birth 1.1; will 1.1; ack 0; wait 999; reply; wait 2000",
          ONLINE ", ask | online" },
        { "the second request was answered", "up; birth 1.1; will 1.1; ack 10; wait 250; ack 0; reply; wait 2000",
          ONLINE ", ask, ask | online" },
        { "an answer that overtakes its acknowledgement", "up; birth 1.1; will 1.1; reply; ack 0; wait 9000",
          ONLINE ", ask | online" },
        { "the same answer twice", "up; birth 1.1; will 1.1; ack 0; reply; reply", ONLINE ", ask | online" },
        { "acknowledged, unanswered for 1 s", "up; birth 1.1; will 1.1; ack 0; wait 1000",
          ONLINE ", ask" LOST " | stale" },
        { "... not before", "up; birth 1.1; will 1.1; ack 0; wait 999", ONLINE ", ask | suspect" },
        { "an answer that comes too late", "up; birth 1.1; will 1.1; ack 0; wait 1000; reply",
          ONLINE ", ask" LOST " | stale" },
        { "a birth meanwhile", "up; birth 1.1; will 1.1; ack 10; birth 1.2; wait 9000", ONLINE ", ask | online" },
        { "a heartbeat of the next connection", "up; birth 1.1; will 1.1; ack 10; beat 1.2.0; wait 9000",
          ONLINE ", ask | online" },
        { "... of the same one is late (R1)", "up; birth 1.1; will 1.1; ack 10; beat 1.1.0; wait 250; ack 10",
          ONLINE ", ask, ask" LOST " | stale" },
        { "the same will twice is asked about once", "up; birth 1.1; will 1.1; will 1.1", ONLINE ", ask | suspect" },
        { "no acknowledgement for 5 s: the suspicion is told", "up; birth 1.1; will 1.1; wait 5000",
          ONLINE ", ask, online -> suspect (last_will) | suspect" },
        { "... and taken back by an answer", "up; birth 1.1; will 1.1; wait 5000; reply",
          ONLINE ", ask, online -> suspect (last_will), suspect -> online (verified) | online" },
        { "... or by a birth", "up; birth 1.1; will 1.1; wait 5000; birth 1.2",
          ONLINE ", ask, online -> suspect (last_will), suspect -> online (birth) | online" },
        { "suspect by silence already", "up; birth 1.1; wait 66000; will 1.1; ack 10; wait 250; ack 10",
          ONLINE ", online -> suspect (missed_heartbeats), verify, ask, ask, suspect -> stale (last_will) | stale" },
        { "... and it answers", "up; birth 1.1; wait 66000; will 1.1; ack 0; reply",
          ONLINE ", online -> suspect (missed_heartbeats), verify, ask, suspect -> online (verified) | online" },
        { "its verification ends the wait", "up; birth 1.1; demand; wait 0; will 1.1; answer stalled; ack 0; wait 9000",
          ONLINE ", verify, ask, online -> zombie (stalled) | zombie" },
        { "the dead are not asked", "up; birth 1.1; crash 1.1; will 1.1",
          ONLINE ", online -> stale (process_exited) | stale" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r4_who_answers_no_requests_is_waited_for(void **state)
{
    static const struct row rows[] = {
        { "the probe is acknowledged", "up; mute_birth 1.1; will 1.1; wait 250; ack 0",
          ONLINE ", probe" LOST " | stale" },
        { "nobody else listens on the reply topic: it is an acknowledgement all the same",
          "up; mute_birth 1.1; will 1.1; wait 250; ack 10", ONLINE ", probe" LOST " | stale" },
        { "a slow link", "up; say \"connect_ms\":600; mute_birth 1.1; will 1.1; wait 1449", ONLINE " | suspect" },
        { "... is no reason to wait for ever", "up; say \"connect_ms\":600; mute_birth 1.1; will 1.1; wait 1450; ack 0",
          ONLINE ", probe" LOST " | stale" },
        { "not before the wait is over", "up; mute_birth 1.1; will 1.1; wait 249", ONLINE " | suspect" },
        { "it comes back", "up; mute_birth 1.1; will 1.1; wait 100; mute_birth 1.2; wait 9000", ONLINE " | online" },
        { "it comes back behind the probe", "up; mute_birth 1.1; will 1.1; wait 250; mute_birth 1.2; ack 0",
          ONLINE ", probe | online" },
        { "a broker that refuses the request", "up; birth 1.1; will 1.1; ack 87; wait 250; ack 0",
          ONLINE ", ask, probe" LOST " | stale" },
        { "... which has the confirmation wait as well", "up; birth 1.1; will 1.1; ack 87; wait 249",
          ONLINE ", ask | suspect" },
        { "no acknowledgement, no verdict", "up; mute_birth 1.1; will 1.1; wait 30000",
          ONLINE ", probe, online -> suspect (last_will) | suspect" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r4_the_confirmation_wait_may_be_nothing(void **state)
{
    static const struct row rows[] = {
        { "asked", "up; birth 1.1; will 1.1; ack 10; wait 0; ack 10", ONLINE ", ask, ask" LOST " | stale" },
        { "not askable", "up; mute_birth 1.1; will 1.1; wait 0; ack 0", ONLINE ", probe" LOST " | stale" },
    };
    struct queen_options options = scene_options;
    (void)state;
    options.confirm_wait = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        row_check_with(&rows[i], &options);
}

static void r12_a_request_that_died_with_the_link_is_held(void **state)
{
    static const struct row rows[] = {
        { "the broker stopped, and all came back",
          "up; birth 1.1; will 1.1; down; wait 60000; up; birth 1.2; wait 60000", ONLINE ", ask | online" },
        { "one that does not come back is asked one grace after the snapshot",
          "up; birth 1.1; will 1.1; down; wait 60000; up; wait 34999; wait 1; ack 10; wait 250; ack 10",
          ONLINE ", ask, ask, ask, online -> stale (last_will) | stale" },
        { "not before", "up; birth 1.1; will 1.1; down; wait 60000; up; wait 34999", ONLINE ", ask | suspect" },
        { "the snapshot is read late: the grace starts there",
          "up; birth 1.1; will 1.1; down; subscribe; wait 60000; read; wait 34999", ONLINE ", ask | suspect" },
        { "a live will on the new connection is judged at once",
          "up; birth 1.1; will 1.1; down; up; will 1.1; ack 10; wait 250; ack 10",
          ONLINE ", ask, ask, ask" LOST " | stale" },
        { "an answer that was on the way counts", "up; birth 1.1; will 1.1; down; wait 60000; up; reply; wait 60000",
          ONLINE ", ask | online" },
        { "... also when its acknowledgement had come",
          "up; birth 1.1; will 1.1; ack 0; down; wait 9000; up; wait 9000; reply", ONLINE ", ask | online" },
        { "the acknowledgement of the old link comes too late", "up; birth 1.1; will 1.1; down; up; wait 1000",
          ONLINE ", ask | suspect" },
        { "told already, then the link is lost: asked again all the same",
          "up; birth 1.1; will 1.1; listen 6000; down; up; wait 35000; ack 10; wait 250; ack 10",
          ONLINE ", ask, online -> suspect (last_will), ask, ask, suspect -> stale (last_will) | stale" },
        { "who answered over MQTT is not aged by a link that is lost",
          "up; birth 1.1; will 1.1; ack 0; reply; listen 1000; down; wait 3600000", ONLINE ", ask | online" },
        { "a probe that died with the link", "up; mute_birth 1.1; will 1.1; listen 6000; down; up; wait 35250; ack 0",
          ONLINE ", probe, online -> suspect (last_will), probe, suspect -> stale (last_will) | stale" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r4_the_evidence_says_how_it_was_found_out(void **state)
{
    static const struct {
        const char *script, *result, *took;
    } rows[] = {
        { "birth 1.1; will 1.1; ack 10; wait 250; ack 10", "\"result\":\"no_subscriber\"", "\"took_ms\":250," },
        { "birth 1.1; will 1.1; ack 0; wait 1000", "\"result\":\"no_reply\"", "\"took_ms\":1000," },
        { "mute_birth 1.1; will 1.1; wait 300; ack 0", "\"result\":\"not_askable\"", "\"took_ms\":300," },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, "up");
        scene_run(&scene, rows[i].script);
        assert_non_null(strstr(buf_str(&scene.verdict), "\"path\":\"will\""));
        assert_non_null(strstr(buf_str(&scene.verdict), rows[i].result));
        assert_non_null(strstr(buf_str(&scene.verdict), rows[i].took));
        assert_non_null(strstr(buf_str(&scene.verdict), "\"due_at\":\"2023-11-14T22:13:20.000Z\""));
        scene_clear(&scene);
    }
}

/* Nothing was announced, and it has been online all the time. */
static void r4_who_is_back_stands_as_before(void **state)
{
    static const char *const ends[] = { "ack 0; reply", "birth 1.2", "beat 1.2.0" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, "up; birth 1.1; wait 1000; will 1.1");
        assert_int_equal(scene_record(&scene)->since_wall, SCENE_WALL + 1000);
        scene_run(&scene, ends[i]);
        assert_int_equal(scene_record(&scene)->since_wall, SCENE_WALL);
        assert_int_equal(scene_record(&scene)->cause, CAUSE_BIRTH);
        assert_int_equal(scene_record(&scene)->evidence.result, RESULT_HEARD);
        scene_clear(&scene);
    }
}

/* R8: an answer to `beat` says nothing of the work. */
static void r4_a_zombie_that_answers_stays_one(void **state)
{
    struct scene scene;
    struct evidence evidence = { 0 };
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1");
    scene.queen->out = &scene.outbox;
    change_state(scene.queen, scene_record(&scene), STATE_ZOMBIE, CAUSE_STALLED, evidence);
    scene_run(&scene, "will 1.1; ack 0");
    assert_int_equal(scene_record(&scene)->state, STATE_SUSPECT);
    scene_run(&scene, "reply");
    assert_int_equal(scene_record(&scene)->state, STATE_ZOMBIE);
    assert_string_equal(buf_str(&scene.trace), ONLINE ", online -> zombie (stalled), ask");
    scene_clear(&scene);
}

static void unknown_tokens_do_nothing(void **state)
{
    static const uint64_t tokens[] = { 0, (uint64_t)TOKEN_LOSS << TOKEN_KIND_SHIFT | 7, UINT64_MAX };
    static const char *const correlations[] = { "", "0123456789abcdef0123456789abcdef", "ffff" };
    struct answer answer;
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; will 1.1");
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        assert_false(
            requester_acked(&scene.queen->asking[ASKING_LOSS], tokens[i], 0x10, scene.queen->watch.time, &answer));
        assert_false(requester_reply(&scene.queen->asking[ASKING_LOSS], text_of(correlations[i]), TEXT("{}"),
                                     scene.queen->watch.time, &scene.queen->arena, &answer));
        assert_null(scene.queen->registry.touched);
    }
    assert_int_equal(scene_record(&scene)->state, STATE_SUSPECT);
    scene_clear(&scene); /* and what is still being confirmed is freed with the queen */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r4_a_will_is_confirmed),
        cmocka_unit_test(r4_who_answers_no_requests_is_waited_for),
        cmocka_unit_test(r4_the_confirmation_wait_may_be_nothing),
        cmocka_unit_test(r12_a_request_that_died_with_the_link_is_held),
        cmocka_unit_test(r4_the_evidence_says_how_it_was_found_out),
        cmocka_unit_test(r4_who_is_back_stands_as_before),
        cmocka_unit_test(r4_a_zombie_that_answers_stays_one),
        cmocka_unit_test(unknown_tokens_do_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
