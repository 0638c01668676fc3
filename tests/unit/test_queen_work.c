#include "queen_script.h"

#define STUCK "say \"inflight\":1,\"progress_age_ms\":60000,\"progress\":7"
#define FINE "say \"inflight\":1,\"progress_age_ms\":10,\"progress\":8"
#define SUSPECT ", online -> suspect (stalled), verify"
#define BEGIN "up; birth 1.1; " STUCK "; beat 1.1.0; wait 0"

#define BORN "unknown -> online (birth)"

static void r7_work_that_stands_still_is_suspect_and_verified(void **state)
{
    static const struct row rows[] = {
        { "in flight, and no progress for the default limit", BEGIN, BORN SUSPECT " | suspect" },
        { "just below the limit", "up; birth 1.1; say \"inflight\":1,\"progress_age_ms\":59999; beat 1.1.0",
          BORN " | online" },
        { "a limit of its own",
          "up; birth 1.1; say \"inflight\":1,\"progress_age_ms\":5000,\"stall_ms\":5000; beat 1.1.0; wait 0",
          BORN SUSPECT " | suspect" },
        { "nothing in flight", "up; birth 1.1; say \"inflight\":0,\"progress_age_ms\":90000; beat 1.1.0",
          BORN " | online" },
        { "in flight unknown", "up; birth 1.1; say \"progress_age_ms\":90000; beat 1.1.0", BORN " | online" },
        { "its agent knows that it stands still", "up; birth 1.1; say \"stalled_ms\":60000; beat 1.1.0; wait 0",
          BORN SUSPECT " | suspect" },
        { "a full accelerator decides nothing", "up; birth 1.1; say \"gpu_utilization\":1; beat 1.1.0",
          BORN " | online" },
        { "progress without an age, watched for the limit",
          "up; birth 1.1; say \"inflight\":1,\"progress\":7; beat 1.1.0; listen 30000; beat 1.1.1; listen 30000; beat "
          "1.1.2; wait 0",
          BORN SUSPECT " | suspect" },
        { "... and it moves, if only back",
          "up; birth 1.1; say \"inflight\":1,\"progress\":7; beat 1.1.0; listen 30000; say "
          "\"inflight\":1,\"progress\":6; beat "
          "1.1.1; listen 30000; beat 1.1.2",
          BORN " | online" },
        { "the answer is that work goes on", BEGIN "; answer ok",
          BORN SUSPECT ", suspect -> online (verified) | online" },
        { "... which starts the limit anew", BEGIN "; answer unknown; beat 1.1.1",
          BORN SUSPECT ", suspect -> online (verified) | online" },
        { "the answer is that it stands still", BEGIN "; answer stalled",
          BORN SUSPECT ", suspect -> zombie (stalled) | zombie" },
        { "no answer, but it beats", BEGIN "; wait 5000", BORN SUSPECT ", suspect -> zombie (stalled) | zombie" },
        { "nobody subscribes, but it beats", BEGIN "; vack 10; wait 250; vack 10",
          BORN SUSPECT ", verify, suspect -> zombie (stalled) | zombie" },
        { "it goes on while it is asked", BEGIN "; " FINE "; beat 1.1.1",
          BORN SUSPECT ", suspect -> online (heartbeat) | online" },
        { "the first request after idling for long",
          "up; birth 1.1; say \"inflight\":0,\"progress\":7,\"progress_age_ms\":300000; beat 1.1.0; listen 1000; say "
          "\"inflight\":1,\"progress\":7,\"progress_age_ms\":301000; beat 1.1.1; wait 0",
          BORN " | online" },
        { "loading takes as long as it takes",
          "up; birth 1.1; say \"inflight\":1,\"progress\":7,\"progress_age_ms\":0; beat 1.1.0; listen 2000; say "
          "\"inflight\":0,\"progress\":7,\"progress_age_ms\":70000; beat 1.1.1; say \"inflight\":1,\"progress\":7; "
          "beat 1.1.2; "
          "wait 0",
          BORN " | online" },
        { "R12: the verification died with the link: asked again when it beats again",
          BEGIN "; down; up; wait 0; vack 10; wait 250; vack 10; birth 1.2; beat 1.2.1; wait 0",
          BORN SUSPECT ", verify, verify, verify | suspect" },
        { "asking is refused: that says nothing of it", BEGIN "; vack 87; wait 9000", BORN SUSPECT " | suspect" },
        { "R4: a will and an answer to it say nothing of the work", BEGIN "; will 1.1; ack 0; reply",
          BORN SUSPECT ", ask | suspect" },
        { "more of the same is no more evidence", BEGIN "; beat 1.1.1; beat 1.1.2", BORN SUSPECT " | suspect" },
    };
    (void)state;
    rows_check(rows, ARRAY_LEN(rows));
}

static void r7_a_long_interval_makes_no_stall_later(void **state)
{
    static const struct row rows[] = {
        { "the last step was long before the beat that shows it",
          "up; birth 1.1; say \"inflight\":1,\"progress\":7,\"progress_age_ms\":0; beat 1.1.0; listen 30000; say "
          "\"inflight\":1,\"progress\":9,\"progress_age_ms\":20000; beat 1.1.1; listen 40000; say "
          "\"inflight\":1,\"progress\":9,\"progress_age_ms\":60000; beat 1.1.2; wait 0",
          BORN SUSPECT " | suspect" },
        { "... and just below the limit",
          "up; birth 1.1; say \"inflight\":1,\"progress\":7,\"progress_age_ms\":0; beat 1.1.0; listen 30000; say "
          "\"inflight\":1,\"progress\":9,\"progress_age_ms\":20000; beat 1.1.1; listen 39999; say "
          "\"inflight\":1,\"progress\":9,\"progress_age_ms\":60000; beat 1.1.2; wait 0",
          BORN " | online" },
    };
    (void)state;
    rows_check(rows, ARRAY_LEN(rows));
}

static void r7_who_warms_up_does_not_stand_still(void **state)
{
    static const struct row rows[] = {
        { "starting and loading are no standstill",
          "up; birth 1.1; status starting; " STUCK "; beat 1.1.0; status loading; beat 1.1.1; wait 0",
          BORN " | online" },
        { "... and start the limit anew",
          "up; birth 1.1; status loading; " STUCK "; beat 1.1.0; listen 59999; status busy; beat 1.1.1; wait 0",
          BORN " | online" },
        { "... whichever of them it was",
          "up; birth 1.1; status starting; " STUCK "; beat 1.1.0; listen 59999; status busy; beat 1.1.1; wait 0; "
          "listen 1; beat 1.1.2; wait 0",
          BORN SUSPECT " | suspect" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r7_the_limit_of_what_an_agent_says(void **state)
{
    static const struct row rows[] = {
        { "an answer starts it anew",
          "up; birth 1.1; say \"stalled_ms\":60000; beat 1.1.0; wait 0; answer ok; listen 59999; beat 1.1.1; wait 0",
          BORN SUSPECT ", suspect -> online (verified) | online" },
        { "... and then it holds again",
          "up; birth 1.1; say \"stalled_ms\":60000; beat 1.1.0; wait 0; answer ok; listen 60000; beat 1.1.1; wait 0",
          BORN SUSPECT ", suspect -> online (verified)" SUSPECT " | suspect" },
        { "progress that its agent denies is none",
          "up; birth 1.1; say \"stalled_ms\":60000,\"progress\":7; beat 1.1.0; wait 0; say "
          "\"stalled_ms\":60000,\"progress\":8; beat 1.1.1; wait 5000; beat 1.1.2",
          BORN SUSPECT ", suspect -> zombie (stalled) | zombie" },
        { "asking is refused, and it falls silent: it is asked no more", BEGIN "; vack 87; wait 89999",
          BORN SUSPECT " | suspect" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

#define ZOMBIE BEGIN "; answer stalled"
#define DEAD BORN SUSPECT ", suspect -> zombie (stalled)"

static void r8_a_zombie_comes_back_by_its_work_only(void **state)
{
    static const struct row rows[] = {
        { "beats alone do nothing", ZOMBIE "; beat 1.1.1; beat 1.1.2", DEAD " | zombie" },
        { "progress", ZOMBIE "; " FINE "; beat 1.1.1", DEAD ", zombie -> online (heartbeat) | online" },
        { "a new session", ZOMBIE "; say; birth 2.1", DEAD ", zombie -> online (birth) | online" },
        { "a new session first heard by a beat", ZOMBIE "; say \"inflight\":0,\"progress\":0; beat 2.1.0",
          DEAD ", zombie -> online (heartbeat) | online" },
        { "a beat that does not speak of progress is none", ZOMBIE "; say \"inflight\":1; beat 1.1.1; wait 0",
          DEAD ", verify | zombie" },
        { "verified, and its work goes on", ZOMBIE "; beat 1.1.1; wait 1; demand; wait 0; answer ok",
          DEAD ", verify, zombie -> online (verified) | online" },
        { "nothing is known of its work, and its beats still give the reason",
          ZOMBIE "; beat 1.1.1; wait 1; demand; wait 0; answer unknown", DEAD ", verify | zombie" },
        { "R4: a will that was told is no way out", ZOMBIE "; will 1.1; wait 5000; reply",
          DEAD ", ask, zombie -> suspect (last_will), suspect -> zombie (stalled) | zombie" },
        { "a suspicion that was told ends with a new session", ZOMBIE "; will 1.1; wait 5000; say; beat 2.1.0",
          DEAD ", ask, zombie -> suspect (last_will), suspect -> online (heartbeat) | online" },
        { "... also with one that is known from a stored copy",
          ZOMBIE "; will 1.1; wait 5000; say; down; connect; stored beat 2.1.0; read; wait 0",
          DEAD ", ask, zombie -> suspect (last_will) | unverified" },
        { "a new connection is no new session", ZOMBIE "; birth 1.2", DEAD " | zombie" },
        { "the reason withdrawn: asked once",
          ZOMBIE "; say \"inflight\":0,\"progress\":7; beat 1.1.1; beat 1.1.2; wait 0", DEAD ", verify | zombie" },
        { "... by the agent that told of it, long before the limit",
          "up; birth 1.1; say \"stalled_ms\":40; beat 1.1.0; demand; wait 0; answer stalled; beat 1.1.1; say; beat "
          "1.1.2; beat "
          "1.1.3; wait 0; answer unknown; beat 1.1.4; wait 0",
          BORN ", verify, online -> zombie (stalled), verify, zombie -> online (verified) | online" },
        { "... and it is no reason any more",
          ZOMBIE "; say \"inflight\":0,\"progress\":7; beat 1.1.1; wait 0; answer unknown",
          DEAD ", verify, zombie -> online (verified) | online" },
    };
    (void)state;
    rows_check(rows, ARRAY_LEN(rows));
}

#define BUSY                                                                                                     \
    "up; birth 1.1; say \"inflight\":1,\"lease_ms\":90000000; beat 1.1.0; demand; wait 0; answer stalled; beat " \
    "1.1.1; "                                                                                                    \
    "listen "
#define HUNG BORN ", verify, online -> zombie (stalled)"

/* Its beats say nothing of its progress. */
static void r8_a_zombie_is_verified_again(void **state)
{
    static const struct row rows[] = {
        { "not at once", BUSY "9999", HUNG " | zombie" },
        { "after ten seconds", BUSY "10000", HUNG ", verify | zombie" },
        { "its work loop answers, and it is as busy as before", BUSY "10000; answer ok",
          HUNG ", verify, zombie -> online (verified) | online" },
        { "it does not: as long again after that", BUSY "10000; answer stalled; listen 9999",
          HUNG ", verify | zombie" },
        { "... also without an answer", BUSY "20000", HUNG ", verify, verify | zombie" },
        { "... then twice as long", BUSY "39999", HUNG ", verify, verify | zombie" },
        { "... and again", BUSY "40000", HUNG ", verify, verify, verify | zombie" },
        { "... until it is ten minutes", BUSY "1239999",
          HUNG ", verify, verify, verify, verify, verify, verify, verify | zombie" },
        { "... every time", BUSY "1840000",
          HUNG ", verify, verify, verify, verify, verify, verify, verify, verify, verify | zombie" },
        { "nor does it beat: silence is another matter",
          "up; birth 1.1; say \"inflight\":1; beat 1.1.0; demand; wait 0; answer stalled; listen 66000",
          HUNG ", verify, verify, verify, zombie -> suspect (missed_heartbeats), verify | suspect" },
        { "it answers no requests", "up; mute_birth 1.1; say \"stalled_ms\":60000; beat 1.1.0; wait 0; listen 30000",
          BORN ", online -> suspect (stalled), suspect -> zombie (stalled) | zombie" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r11_the_hive_saw_the_end(void **state)
{
    static const struct row rows[] = {
        { "of the current session, unasked", "up; birth 1.1; witness 1",
          BORN ", online -> stale (process_exited) | stale" },
        { "of another session", "up; birth 1.1; witness 2", BORN " | online" },
        { "asked for", "up; birth 1.1; witness 1 asked", BORN " | online" },
        { "while a will is being confirmed: the wait is over", "up; birth 1.1; will 1.1; witness 1",
          BORN ", ask, online -> stale (process_exited) | stale" },
        { "not from offline", "up; birth 1.1; bye 1.1; witness 1", BORN ", online -> offline (goodbye) | offline" },
        { "of who is stale already: a revision", "up; birth 1.1; will 1.1; ack 10; wait 250; ack 10; witness 1",
          BORN ", ask, ask, online -> stale (last_will), revised | stale" },
        { "and it starts again", "up; birth 1.1; witness 1; birth 2.1",
          BORN ", online -> stale (process_exited), stale -> online (birth) | online" },
        { "R15: stored, before the stored heartbeat", "connect; stored witness 1; stored beat 1.1.0; read",
          "unknown -> stale (process_exited) | stale" },
        { "R15: stored, behind it", "connect; stored beat 1.1.0; stored witness 1; read",
          "unknown -> stale (process_exited) | stale" },
        { "R15: never against the living", "connect; birth 1.1; stored witness 1; read", BORN " | online" },
        { "of somebody unknown", "up; witness 1", "| unverified" },
    };
    (void)state;
    rows_check(rows, ARRAY_LEN(rows));
}

/* Nobody knows whose end it was. */
static void r11_an_end_without_a_session_is_nobodys(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; beat");
    scene_hear(&scene, "witness", "{\"state\":\"backoff\",\"last_exit\":{\"code\":1,\"asked_for\":false}}");
    assert_int_equal(scene_record(&scene)->state, STATE_ONLINE);
    assert_non_null(scene_record(&scene)->witness);
    scene_clear(&scene);
}

/* Its times are kept in 32 bits. */
static void r7_the_limit_spans_seven_weeks(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up");
    scene.queen->watch.time = UINT32_MAX - 30000;
    scene_run(&scene,
              "birth 1.1; say \"inflight\":1,\"progress\":7; beat 1.1.0; listen 30000; beat 1.1.1; listen 29000; "
              "beat 1.1.2; wait 0");
    assert_int_equal(scene_record(&scene)->state, STATE_ONLINE);
    scene_run(&scene, "listen 1000; beat 1.1.3; wait 0");
    assert_int_equal(scene_record(&scene)->state, STATE_SUSPECT);
    scene_run(&scene, "answer unknown; beat 1.1.4; listen 59000; beat 1.1.5; wait 0"); /* which starts it anew */
    assert_int_equal(scene_record(&scene)->state, STATE_ONLINE);
    assert_true(scene.queen->watch.time > UINT32_MAX);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r7_work_that_stands_still_is_suspect_and_verified),
        cmocka_unit_test(r7_a_long_interval_makes_no_stall_later),
        cmocka_unit_test(r7_who_warms_up_does_not_stand_still),
        cmocka_unit_test(r7_the_limit_of_what_an_agent_says),
        cmocka_unit_test(r7_the_limit_spans_seven_weeks),
        cmocka_unit_test(r8_a_zombie_comes_back_by_its_work_only),
        cmocka_unit_test(r8_a_zombie_is_verified_again),
        cmocka_unit_test(r11_the_hive_saw_the_end),
        cmocka_unit_test(r11_an_end_without_a_session_is_nobodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
