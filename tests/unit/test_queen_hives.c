#include "queen_script.h"

#include "hive_poll.h"
#include "hive_watch.h"

#define STARTING "hive/h1 unknown -> starting (birth), poll"
#define READY STARTING ", hive/h1 starting -> ready (verified)"
#define UP "up; birth 1.1 @h1/; wait 0; health pass @h1/"
#define W1 "h1/w1 unknown -> online (birth)"
#define KILL_HIVE "will 1.1 @h1/; ack 10; wait 250; ack 10"
#define DOWN "hive/h1 ready -> down (last_will)"
#define DIES "will 1.1 @h1/w1; qreply; ack 10; wait 250; ack 10"

static void a_hive_is_ready_when_it_was_asked(void **state)
{
    static const struct row rows[] = {
        { "announced", "up; birth 1.1 @h1/; wait 0", STARTING " | gone" },
        { "it answers", UP, READY " | gone" },
        { "it answers with a warning", "up; birth 1.1 @h1/; wait 0; health warn @h1/", READY " | gone" },
        { "it is not ready yet: asked again",
          "up; birth 1.1 @h1/; wait 0; health fail @h1/; wait 220; health pass @h1/",
          STARTING ", poll, hive/h1 starting -> ready (verified) | gone" },
        { "somebody else answers", "up; birth 1.1 @h1/; wait 0; health pass hive/h2 @h1/; wait 220; health pass @h1/",
          STARTING ", poll, hive/h1 starting -> ready (verified) | gone" },
        { "nobody listens yet", "up; birth 1.1 @h1/; wait 0; pack 10; wait 220; health pass @h1/",
          STARTING ", poll, hive/h1 starting -> ready (verified) | gone" },
        { "no answer within an attempt", "up; birth 1.1 @h1/; wait 0; pack 0; wait 1000; wait 220; health pass @h1/",
          STARTING ", poll, hive/h1 starting -> ready (verified) | gone" },
        { "ready, and it beats", UP "; beat 1.1.0 @h1/; beat 1.1.1 @h1/", READY " | gone" },
        { "ready, and it reconnects", UP "; birth 1.2 @h1/; wait 9000", READY " | gone" },
        { "another process of it", UP "; birth 2.1 @h1/; wait 0; health pass @h1/",
          READY ", hive/h1 ready -> starting (birth), poll, hive/h1 starting -> ready (verified) | gone" },
        { "it says goodbye", UP "; bye 1.1 @h1/; wait 60000", READY ", hive/h1 ready -> offline (goodbye) | gone" },
        { "... while it is polled", "up; birth 1.1 @h1/; wait 0; bye 1.1 @h1/; health pass @h1/; wait 60000",
          STARTING ", hive/h1 starting -> offline (goodbye) | gone" },
        { "R2: where another process has left, that before takes over again",
          UP "; birth 2.1 @h1/; bye 2.1 @h1/; beat 1.1.5 @h1/",
          READY ", hive/h1 ready -> starting (birth), hive/h1 starting -> offline (goodbye), "
                "hive/h1 offline -> starting (heartbeat) | gone" },
        { "its name has a worker, but it never said that it is a hive", "up; beat 1.1.0 @h1/; birth 1.1 @h1/w1",
          W1 " | gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void a_hive_is_judged_as_a_worker_is(void **state)
{
    static const struct row rows[] = {
        { "R4: killed", UP "; " KILL_HIVE, READY ", ask, ask, " DOWN " | gone" },
        { "R4: it answers", UP "; will 1.1 @h1/; ack 0; reply; wait 9000", READY ", ask | gone" },
        { "R4: it is back", UP "; will 1.1 @h1/; ack 10; birth 1.2 @h1/; wait 9000", READY ", ask | gone" },
        { "R3: the will of an earlier connection", UP "; birth 1.2 @h1/; will 1.1 @h1/; wait 9000", READY " | gone" },
        { "R5: silent, polled, and down",
          "up; say \"interval_ms\":10000; birth 1.1 @h1/; wait 0; health pass @h1/; listen 22000; pack 10",
          READY ", hive/h1 ready -> suspect (missed_heartbeats), poll | gone" },
        { "R5: silent, but it answers",
          "up; say \"interval_ms\":10000; birth 1.1 @h1/; wait 0; health pass @h1/; listen 22000; health pass @h1/",
          READY ", hive/h1 ready -> suspect (missed_heartbeats), poll, hive/h1 suspect -> ready (verified) | gone" },
        { "R6: it answers three times, and never beats: it stays suspect",
          "up; say \"interval_ms\":10000; birth 1.1 @h1/; wait 0; health pass @h1/; listen 22000; health pass @h1/; "
          "listen 22000; health pass @h1/; listen 1000",
          READY ", hive/h1 ready -> suspect (missed_heartbeats), poll, hive/h1 suspect -> ready (verified), "
                "hive/h1 ready -> suspect (missed_heartbeats), poll | gone" },
        { "a hive that was down is asked before it is ready", UP "; " KILL_HIVE "; birth 1.2 @h1/; wait 0",
          READY ", ask, ask, " DOWN ", hive/h1 down -> starting (birth), poll | gone" },
        { "killed while it starts", "up; birth 1.1 @h1/; wait 0; pack 10; will 1.1 @h1/; ack 10; wait 250; ack 10",
          STARTING ", ask, poll, ask, hive/h1 starting -> down (last_will) | gone" },
        { "a new process while it is polled: the answer of the one before is none of its own",
          "up; birth 1.1 @h1/; wait 0; birth 2.1 @h1/; health pass @h1/; wait 0", STARTING ", poll | gone" },
        { "R2: a late heartbeat of the process before does not take over while the present one is asked",
          UP "; birth 2.1 @h1/; wait 0; beat 1.1.9 @h1/; will 2.1 @h1/; ack 10; wait 250; ack 10",
          READY ", hive/h1 ready -> starting (birth), poll, ask, ask, hive/h1 starting -> down (last_will) | gone" },
        { "R15: known from stored copies: polled in silence", "connect; stored birth 1.1 @h1/; read; wait 0",
          "poll | gone" },
        { "... and ready", "connect; stored birth 1.1 @h1/; stored beat 1.1.4 @h1/; read; wait 0; health pass @h1/",
          "poll, hive/h1 unknown -> ready (verified) | gone" },
        { "... a live beat does not make it ready", "connect; stored birth 1.1 @h1/; read; wait 0; beat 1.1.5 @h1/",
          "poll | gone" },
        { "R15: a stored goodbye", "connect; stored bye 1.1 @h1/; read; wait 9000",
          "hive/h1 unknown -> offline (goodbye) | gone" },
        { "R15: a stored will is asked about after the grace",
          "connect; stored will 1.1 @h1/; read; listen 36000; ack 10",
          "probe, hive/h1 unknown -> down (last_will) | gone" },
        { "R16: cleared by somebody", UP "; bye 1.1 @h1/; clear presence @h1/",
          READY
          ", hive/h1 ready -> offline (goodbye), clear heartbeat, hive/h1 offline -> forgotten (forgotten) | gone" },
        { "R16: a ready one heals itself", UP "; clear presence @h1/", READY " | gone" },
        { "DELETE of a ready one", UP "; delete @h1/", READY ", 409 | gone" },
        { "... by force", UP "; delete force @h1/",
          READY ", clear heartbeat, clear presence, hive/h1 ready -> forgotten (forgotten), 204 | gone" },
        { "... while it is polled and confirmed",
          "up; birth 1.1 @h1/; wait 0; will 1.1 @h1/; delete force @h1/; wait 9000",
          STARTING ", ask, clear heartbeat, clear presence, hive/h1 starting -> forgotten (forgotten), 204 | gone" },
        { "DELETE of nobody", "up; delete @h1/", "404 | gone" },
        { "a stored copy does not bring it back", UP "; delete force @h1/; stored birth 1.1 @h1/; wait 9000",
          READY
          ", clear heartbeat, clear presence, hive/h1 ready -> forgotten (forgotten), 204, clear presence | gone" },
        { "... and is cleared again",
          UP "; delete force @h1/; stored beat 1.1.4 @h1/; stored birth 1.1 @h1/; wait 9000",
          READY ", clear heartbeat, clear presence, hive/h1 ready -> forgotten (forgotten), 204, clear heartbeat, "
                "clear presence | gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r10_who_was_lost_just_before_its_hive(void **state)
{
    static const struct row rows[] = {
        { "30 s before", UP "; birth 1.1 @h1/w1; " DIES "; listen 29750; " KILL_HIVE "; wait 0",
          READY ", " W1 ", ask, question, ask, h1/w1 online -> stale (last_will), ask, ask, " DOWN
                ", h1/w1 stale -> unreachable (hive_down) | gone" },
        { "as a verification found",
          UP "; birth 1.1 @h1/w1; demand @h1/w1; wait 0; vack 10; will 1.1 @h1/w1; wait 250; vack 10; qreply; ack 10; "
             "listen 1000; " KILL_HIVE "; wait 0",
          READY ", " W1 ", verify, ask, question, verify, h1/w1 online -> stale (no_subscriber), ask, ask, " DOWN
                ", h1/w1 stale -> unreachable (hive_down) | gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r10_workers_of_a_hive_that_is_down(void **state)
{
    static const struct row rows[] = {
        { "lost while it is down", UP "; birth 1.1 @h1/w1; " KILL_HIVE "; will 1.1 @h1/w1; ack 10; wait 250; ack 10",
          READY ", " W1 ", ask, ask, " DOWN ", ask, ask, h1/w1 online -> unreachable (hive_down) | gone" },
        { "lost with it: the worker's verdict waits for the hive's",
          UP "; birth 1.1 @h1/w1; will 1.1 @h1/w1; will 1.1 @h1/; ack 10; ack 10; wait 250; ack 10; ack 10",
          READY ", " W1 ", ask, question, ask, ask, ask, " DOWN ", h1/w1 online -> unreachable (hive_down) | gone" },
        { "... 30 s from its loss at most",
          UP "; birth 1.1 @h1/w1; will 1.1 @h1/w1; will 1.1 @h1/; ack 10; wait 250; ack 10; ack 10; wait 29749",
          READY ", " W1 ", ask, question, ask, ask, ask, hive/h1 ready -> suspect (last_will) | gone" },
        { "... then it is judged by itself",
          UP "; birth 1.1 @h1/w1; will 1.1 @h1/w1; will 1.1 @h1/; ack 10; wait 250; ack 10; ack 10; wait 29750",
          READY ", " W1 ", ask, question, ask, ask, ask, hive/h1 ready -> suspect (last_will), h1/w1 online -> stale "
                "(last_will) | gone" },
        { "... or at once, when the hive turns out to live",
          UP "; birth 1.1 @h1/w1; will 1.1 @h1/w1; will 1.1 @h1/; ack 10; wait 250; ack 0; ack 10; birth 1.2 @h1/",
          READY ", " W1 ", ask, question, ask, ask, h1/w1 online -> stale (last_will) | gone" },
        { "found lost shortly before: part of the incident",
          UP "; birth 1.1 @h1/w1; " DIES "; listen 29000; " KILL_HIVE "; wait 0",
          READY ", " W1 ", ask, question, ask, h1/w1 online -> stale (last_will), ask, ask, " DOWN
                ", h1/w1 stale -> unreachable (hive_down) | gone" },
        { "... with the next tick, not with each message of anybody",
          UP "; birth 1.1 @h1/w1; " DIES "; listen 29000; " KILL_HIVE "; birth 1.1 @h2/w2; wait 0",
          READY ", " W1 ", ask, question, ask, h1/w1 online -> stale (last_will), ask, ask, " DOWN
                ", h2/w2 unknown -> online (birth), h1/w1 stale -> unreachable (hive_down) | gone" },
        { "... long before: not", UP "; birth 1.1 @h1/w1; " DIES "; listen 30000; " KILL_HIVE,
          READY ", " W1 ", ask, question, ask, h1/w1 online -> stale (last_will), ask, ask, " DOWN " | gone" },
        { "a known exit is no part of it", UP "; birth 1.1 @h1/w1; crash 1.1 @h1/w1; " KILL_HIVE,
          READY ", " W1 ", h1/w1 online -> stale (process_exited), ask, ask, " DOWN " | gone" },
        { "nor one that is told later",
          UP "; birth 1.1 @h1/w1; " KILL_HIVE "; will 1.1 @h1/w1; ack 10; wait 250; ack 10; stored witness 1 @h1/w1; "
             "witness 1 @h1/w1",
          READY ", " W1 ", ask, ask, " DOWN ", ask, ask, h1/w1 online -> unreachable (hive_down), "
                "h1/w1 unreachable -> stale (process_exited) | gone" },
        { "... nor if asked afterwards, nobody subscribes any more",
          UP "; birth 1.1 @h1/w1; crash 1.1 @h1/w1; " KILL_HIVE "; demand @h1/w1; wait 0; vack 10; wait 250; vack 10",
          READY ", " W1 ", h1/w1 online -> stale (process_exited), ask, ask, " DOWN ", verify, verify | gone" },
        { "lost long before, and asked afterwards: no part of it",
          UP "; birth 1.1 @h1/w1; " DIES "; listen 30000; " KILL_HIVE
             "; demand @h1/w1; wait 0; vack 10; wait 250; vack 10",
          READY ", " W1 ", ask, question, ask, h1/w1 online -> stale (last_will), ask, ask, " DOWN
                ", verify, verify | gone" },
        { "who beats stays online", UP "; birth 1.1 @h1/w1; " KILL_HIVE "; beat 1.1.0 @h1/w1; wait 9000",
          READY ", " W1 ", ask, ask, " DOWN " | gone" },
        { "who beats again is back",
          UP "; birth 1.1 @h1/w1; " KILL_HIVE "; will 1.1 @h1/w1; ack 10; wait 250; ack 10; birth 2.1 @h1/w1",
          READY ", " W1 ", ask, ask, " DOWN ", ask, ask, h1/w1 online -> unreachable (hive_down), "
                "h1/w1 unreachable -> online (birth) | gone" },
        { "who says goodbye leaves", UP "; birth 1.1 @h1/w1; " KILL_HIVE "; bye 1.1 @h1/w1",
          READY ", " W1 ", ask, ask, " DOWN ", h1/w1 online -> offline (goodbye) | gone" },
        { "workers of others are none of its affair",
          UP "; birth 1.1 @h1/w1; birth 1.1 @h2/w1; " KILL_HIVE "; will 1.1 @h2/w1; ack 10; wait 250; ack 10",
          READY ", " W1 ", h2/w1 unknown -> online (birth), ask, ask, " DOWN
                ", ask, ask, h2/w1 online -> stale (last_will) | gone" },
        { "silent while it is down",
          UP "; say \"interval_ms\":10000; birth 1.1 @h1/w1; say; " KILL_HIVE "; listen 30000; ack 0",
          READY ", " W1 ", ask, ask, " DOWN ", h1/w1 online -> suspect (missed_heartbeats), verify, verify, "
                "probe, h1/w1 suspect -> unreachable (hive_down) | gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

#define LOST UP "; birth 1.1 @h1/w1; " KILL_HIVE "; will 1.1 @h1/w1; ack 10; wait 250; ack 10"
#define LOST_TRACE READY ", " W1 ", ask, ask, " DOWN ", ask, ask, h1/w1 online -> unreachable (hive_down)"
#define BACK "; birth 2.1 @h1/; wait 0; health pass @h1/"
#define BACK_TRACE ", hive/h1 down -> starting (birth), poll, hive/h1 starting -> ready (verified)"

static void r10_the_end_of_an_incident(void **state)
{
    static const struct row rows[] = {
        { "not while the hive is away", LOST "; listen 1000000", LOST_TRACE " | gone" },
        { "not within the grace after it is ready", LOST "; listen 90000" BACK "; listen 34000",
          LOST_TRACE BACK_TRACE " | gone" },
        { "then silence decides", LOST "; listen 90000" BACK "; listen 36000; ack 0; qreply",
          LOST_TRACE BACK_TRACE ", probe, question, h1/w1 unreachable -> stale (missed_heartbeats) | gone" },
        { "... whose limit is later for one that was heard lately", LOST BACK "; listen 50000",
          LOST_TRACE BACK_TRACE " | gone" },
        { "who is heard by POST waits by the time of the loop, which has gone on while she was blind",
          "up; down; wait 200000; " UP "; say \"interval_ms\":10000; post 1.1.0 @h1/w1; say; " KILL_HIVE
          "; listen 40000" BACK "; listen 34000",
          READY ", h1/w1 unknown -> online (heartbeat), 202, ask, ask, " DOWN ", h1/w1 online -> suspect "
                "(missed_heartbeats), h1/w1 suspect -> unreachable (hive_down)" BACK_TRACE " | gone" },
        { "a suspicion of the hive in between makes it no longer",
          LOST "; listen 90000; say \"interval_ms\":10000" BACK
               "; beat 2.1.0 @h1/; say; listen 22000; health pass @h1/; listen 13999; listen 1; ack 0; qreply; beat "
               "2.1.1 @h1/; listen 8000",
          LOST_TRACE BACK_TRACE ", hive/h1 ready -> suspect (missed_heartbeats), poll, hive/h1 suspect -> ready "
                                "(verified), probe, question, h1/w1 unreachable -> stale (missed_heartbeats) | gone" },
        { "asking ends it no sooner", LOST BACK "; demand @h1/w1; wait 0; vack 10; wait 250; vack 10; listen 30000",
          LOST_TRACE BACK_TRACE ", verify, verify | gone" },
        { "... nor while the hive is asked itself",
          LOST "; birth 2.1 @h1/; wait 0; demand @h1/w1; wait 0; vack 10; wait 250; vack 10",
          LOST_TRACE ", hive/h1 down -> starting (birth), poll, verify, verify | gone" },
        { "... and afterwards it says the same",
          LOST "; listen 90000" BACK "; listen 34000; demand @h1/w1; wait 0; vack 10; wait 250; vack 10; listen 2000; "
               "ack 0; qreply",
          LOST_TRACE BACK_TRACE
          ", verify, verify, probe, question, h1/w1 unreachable -> stale (no_subscriber) | gone" },
        { "the hive came back and left: silence decides",
          LOST "; listen 90000; birth 2.1 @h1/; wait 0; bye 2.1 @h1/; listen 1000; ack 0",
          LOST_TRACE ", hive/h1 down -> starting (birth), poll, hive/h1 starting -> offline (goodbye), probe, "
                     "h1/w1 unreachable -> stale (missed_heartbeats) | gone" },
        { "the hive was forgotten: silence decides", LOST "; listen 90000; delete @h1/; listen 1000; ack 0",
          LOST_TRACE ", clear heartbeat, clear presence, hive/h1 down -> forgotten (forgotten), 204, probe, "
                     "h1/w1 unreachable -> stale (missed_heartbeats) | gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r15_who_was_never_seen_is_no_part_of_an_incident(void **state)
{
    static const struct row row = { "expected, and its hive is down", UP "; " KILL_HIVE "; listen 130000; ack 0",
                                    READY ", ask, ask, " DOWN ", probe, h1/w9 unknown -> stale (never_seen) | gone" };
    struct queen_options options = scene_options;
    (void)state;
    options.expect = TEXT("h1/w9");
    row_check_with(&row, &options);
}

static unsigned polls(const struct scene *scene)
{
    unsigned count = 0;
    for (const char *at = buf_str(&scene->trace); (at = strstr(at, "poll")); at++)
        count++;
    return count;
}

static void the_poll_is_used_up_after_ten_attempts(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1 @h1/; wait 0");
    for (int i = 0; i < 40; i++)
        scene_run(&scene, "pack 10; beat 1.1 @h1/; listen 1000");
    assert_int_equal(polls(&scene), 10);
    for (int i = 0; i < 70; i++)
        scene_run(&scene, "pack 10; beat 1.1 @h1/; listen 1000");
    assert_int_equal(polls(&scene), 20); /* a minute after the first was used up */
    scene_run(&scene, "beat 1.1 @h1/; listen 10000");
    assert_int_equal(polls(&scene), 20);
    scene_run(&scene, "listen 50000; beat 1.1 @h1/; wait 0; health pass @h1/");
    assert_int_equal(polls(&scene), 21);
    assert_non_null(strstr(buf_str(&scene.trace), "starting -> ready (verified)"));
    scene_clear(&scene);
}

/* However lately the poll was used up: this is another life. */
static void a_hive_that_comes_back_is_polled_at_once(void **state)
{
    static const char *const lives[] = { "will 1.1 @h1/; ack 10; wait 250; ack 10; birth 1.2 @h1/; wait 0",
                                         "bye 1.1 @h1/; birth 1.2 @h1/; wait 0", "birth 2.1 @h1/; wait 0" };
    (void)state;
    for (size_t life = 0; life < ARRAY_LEN(lives); life++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, "up; birth 1.1 @h1/; wait 0");
        for (int i = 0; i < 40; i++)
            scene_run(&scene, "pack 10; beat 1.1 @h1/; listen 1000");
        assert_int_equal(polls(&scene), 10);
        scene_run(&scene, lives[life]);
        assert_int_equal(polls(&scene), 11);
        scene_clear(&scene);
    }
}

static void a_hive_that_was_down_is_asked_at_once(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; say \"interval_ms\":10000; birth 1.1 @h1/; wait 0; health pass @h1/; listen 22000");
    for (int i = 0; i < 8; i++)
        scene_run(&scene, "pack 10; listen 1000");
    scene_run(&scene, "ack 0");
    assert_non_null(strstr(buf_str(&scene.trace), "suspect -> down (missed_heartbeats)"));
    for (int i = 0; i < 20; i++) /* nothing is asked of the dead */
        scene_run(&scene, "pack 10; listen 1000");
    assert_non_null(strstr(buf_str(&scene.trace), "down (missed_heartbeats)"));
    buf_reset(&scene.trace);
    scene_run(&scene, "birth 1.2 @h1/; wait 0; health pass @h1/");
    assert_string_equal(buf_str(&scene.trace),
                        "hive/h1 down -> starting (birth), poll, hive/h1 starting -> ready (verified)");
    scene_clear(&scene);
}

static void so_many_hives_are_asked_at_once(void **state)
{
    struct scene scene;
    char step[64];
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up");
    for (int i = 0; i < 40; i++) {
        snprintf(step, sizeof step, "birth 1.1 @hive-%d/", i);
        scene_run(&scene, step);
    }
    scene_run(&scene, "wait 0");
    assert_int_equal(polls(&scene), HIVE_POLLS_RUNNING);
    scene_run(&scene, "pack 10; wait 0"); /* the next one's turn */
    assert_int_equal(polls(&scene), HIVE_POLLS_RUNNING + 1);
    scene_run(&scene, "wait 100");
    assert_int_equal(polls(&scene), HIVE_POLLS_RUNNING + 1);
    scene_run(&scene, "wait 900"); /* nobody answered: the others, and who was asked first a second time */
    assert_true(polls(&scene) >= 40);
    assert_true(scene.queen->hives.running <= HIVE_POLLS_RUNNING);
    scene_clear(&scene);
}

/* A hundred that never answer have used up their first attempts. */
static void hives_that_never_answer_do_not_hold_up_a_new_one(void **state)
{
    struct queen_options options = scene_options;
    struct scene scene;
    char step[64];
    (void)state;
    options.max_workers = 1000;
    scene_init_with(&scene, &options);
    scene_run(&scene, "up");
    for (int i = 0; i < 100; i++) {
        snprintf(step, sizeof step, "birth 1.1 @evil-%d/", i);
        scene_run(&scene, step);
    }
    scene_run(&scene, "wait 5000");
    assert_int_equal(scene.queen->hives.running, HIVE_POLLS_RUNNING / 2);
    scene_run(&scene, "birth 1.1 @good/; wait 0; health pass @good/");
    assert_int_equal(scene.queen->registry.hive_counts[STATE_ONLINE], 1);
    for (int i = 0; i < 100; i++) { /* the same hive anew and anew */
        snprintf(step, sizeof step, "birth %d.1 @evil-1/; wait 1", i + 2);
        scene_run(&scene, step);
    }
    assert_int_equal(scene.queen->hives.running, HIVE_POLLS_RUNNING / 2 + 1);
    scene_run(&scene, "birth 1.1 @better/; wait 0; health pass @better/");
    assert_int_equal(scene.queen->registry.hive_counts[STATE_ONLINE], 2);
    scene_run(&scene, "down");
    assert_int_equal(scene.queen->hives.running + scene.queen->hives.running_again, 0);
    scene_clear(&scene);
}

static void a_lost_link_ends_the_polls(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1 @h1/; birth 1.1 @h2/; wait 0; pack 10; down; wait 5000");
    assert_int_equal(polls(&scene), 2);
    assert_int_equal(scene.queen->hives.running, 0);
    scene_run(&scene, "connect; stored birth 1.1 @h1/; read; wait 0; health pass @h1/");
    assert_int_equal(polls(&scene), 3);
    assert_int_equal(scene.queen->hives.running, 0);
    assert_int_equal(scene.queen->registry.hive_counts[STATE_ONLINE], 1);
    assert_int_equal(scene.queen->registry.hive_counts[STATE_UNVERIFIED], 1);
    scene_clear(&scene);
}

static void one_incident_is_named_by_the_hives_verdict(void **state)
{
    struct scene scene;
    char want[64];
    uint64_t event;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, UP "; birth 1.1 @h1/w1; birth 1.1 @h1/w2; will 1.1 @h1/w1; will 1.1 @h1/w2; will 1.1 @h1/; "
                         "ack 10; ack 10; ack 10; wait 250; ack 10; ack 10; ack 10");
    event = registry_find(&scene.queen->registry, TEXT("h1"), (struct text){ 0 })->event_id;
    snprintf(want, sizeof want, "\"incident\":\"hive:h1:%llu\"", (unsigned long long)event);
    assert_non_null(strstr(buf_str(&scene.hive_verdict), want));
    assert_non_null(
        strstr(buf_str(&scene.hive_verdict), "{\"hive_id\":\"h1\",\"state\":\"down\",\"previous\":\"ready\""));
    assert_non_null(strstr(buf_str(&scene.verdict), want));
    assert_non_null(strstr(buf_str(&scene.verdict), "\"state\":\"unreachable\""));
    assert_non_null(strstr(buf_str(&scene.verdict), "\"result\":\"no_subscriber\""));
    assert_int_equal(scene.queen->registry.counts[STATE_UNREACHABLE], 2);
    scene_run(&scene, "beat 1.2.3 @h1/w1");
    assert_non_null(strstr(buf_str(&scene.verdict), "\"incident\":null"));
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hive_is_ready_when_it_was_asked),
        cmocka_unit_test(a_hive_is_judged_as_a_worker_is),
        cmocka_unit_test(r10_who_was_lost_just_before_its_hive),
        cmocka_unit_test(r10_workers_of_a_hive_that_is_down),
        cmocka_unit_test(r10_the_end_of_an_incident),
        cmocka_unit_test(r15_who_was_never_seen_is_no_part_of_an_incident),
        cmocka_unit_test(the_poll_is_used_up_after_ten_attempts),
        cmocka_unit_test(a_hive_that_comes_back_is_polled_at_once),
        cmocka_unit_test(a_hive_that_was_down_is_asked_at_once),
        cmocka_unit_test(so_many_hives_are_asked_at_once),
        cmocka_unit_test(hives_that_never_answer_do_not_hold_up_a_new_one),
        cmocka_unit_test(a_lost_link_ends_the_polls),
        cmocka_unit_test(one_incident_is_named_by_the_hives_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
