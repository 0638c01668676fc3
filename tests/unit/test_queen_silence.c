#include "queen_script.h"

#define ONLINE "unknown -> online (heartbeat)"
#define SUSPECT ", online -> suspect (missed_heartbeats)"
#define STALE ", suspect -> stale (missed_heartbeats)"

static void r5_silence_is_judged_at_its_limits(void **state)
{
    static const struct row rows[] = {
        { "just before the suspect limit", "up; beat 1.1.0; wait 65999", ONLINE " | online" },
        { "at the suspect limit", "up; beat 1.1.0; wait 66000", ONLINE SUSPECT " | suspect" },
        { "just before the stale limit nothing is asked", "up; beat 1.1.0; wait 89999", ONLINE SUSPECT " | suspect" },
        { "at the stale limit the broker is asked to prove itself", "up; beat 1.1.0; wait 90000",
          ONLINE SUSPECT ", probe | suspect" },
        { "and it does", "up; beat 1.1.0; wait 90000; ack 0", ONLINE SUSPECT ", probe" STALE " | stale" },
        { "it does not: no verdict, and one probe only", "up; beat 1.1.0; wait 900000",
          ONLINE SUSPECT ", probe | suspect" },
        { "a late beat that lay in the socket wins", "up; beat 1.1.0; wait 90000; beat 1.1.1; ack 0; wait 60000",
          ONLINE SUSPECT ", probe, suspect -> online (heartbeat) | online" },
        { "a beat renews the lease", "up; beat 1.1.0; wait 60000; beat 1.1.1; wait 65999", ONLINE " | online" },
        { "an interval of its own: 2.2 and 3 of them",
          "up; say \"interval_ms\":10000; beat 1.1.0; wait 21999; beat 1.1.1; wait 22000; wait 8000; ack 0",
          ONLINE SUSPECT ", probe" STALE " | stale" },
        { "an interval counts as 1 s at least", "up; say \"interval_ms\":50; beat 1.1.0; wait 2199",
          ONLINE " | online" },
        { "a lease of its own moves both limits",
          "up; say \"interval_ms\":10000,\"lease_ms\":150000; beat 1.1.0; wait 109999", ONLINE " | online" },
        { "... in proportion", "up; say \"interval_ms\":10000,\"lease_ms\":150000; beat 1.1.0; wait 150000; ack 0",
          ONLINE SUSPECT ", probe" STALE " | stale" },
        { "a declared lease of more than 24.8 days never ends",
          "up; say \"lease_ms\":1000000000000; beat 1.1.0; listen 400000", ONLINE " | online" },
        { "a birth alone has a lease as well", "up; say \"interval_ms\":1000; birth 1.1; wait 2200",
          "unknown -> online (birth)" SUSPECT ", verify | suspect" },
        { "over HTTP on loop time, no broker needed", "up; down; post 1.1.0; wait 90000",
          ONLINE ", 202" SUSPECT STALE " | stale" },
        { "... also while the link is lost", "up; post 1.1.0; down; wait 90000",
          ONLINE ", 202" SUSPECT STALE " | stale" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r5_between_the_limits_it_is_verified(void **state)
{
    static const struct row rows[] = {
        { "every 5 s", "up; say \"interval_ms\":100000; birth 1.1; wait 229999",
          "unknown -> online (birth)" SUSPECT ", verify, verify | suspect" },
        { "... not later", "up; say \"interval_ms\":100000; birth 1.1; wait 230000",
          "unknown -> online (birth)" SUSPECT ", verify, verify, verify | suspect" },
        { "a beat starts them anew", "up; say \"interval_ms\":100000; birth 1.1; wait 230000; beat 1.1.0; wait 299999",
          "unknown -> online (birth)" SUSPECT ", verify, verify, verify, suspect -> online (heartbeat)" SUSPECT
          ", verify, verify, verify, verify | suspect" },
        { "... an answer as well", "up; say \"interval_ms\":100000; birth 1.1; wait 220000; answer ok; wait 299999",
          "unknown -> online (birth)" SUSPECT ", verify, suspect -> online (verified)" SUSPECT
          ", verify, verify, verify, verify | suspect" },
        { "... four times at most", "up; say \"interval_ms\":100000; birth 1.1; wait 299999",
          "unknown -> online (birth)" SUSPECT ", verify, verify, verify, verify | suspect" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r5_the_evidence_says_when_it_was_due(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; beat 1.1.0; wait 90000; wait 750; ack 0");
    assert_non_null(strstr(buf_str(&scene.verdict), "\"path\":\"silence\",\"result\":\"silent\","
                                                    "\"due_at\":\"2023-11-14T22:14:50.000Z\","
                                                    "\"seen_at\":\"2023-11-14T22:14:50.750Z\","
                                                    "\"last_seen_ms_ago\":90750,\"took_ms\":750"));
    scene_clear(&scene);
}

static void r12_a_lost_link_ages_nobody(void **state)
{
    static const struct row rows[] = {
        { "watch time stands still while the link is down", "up; beat 1.1.0; listen 60000; down; wait 3600000",
          ONLINE " | online" },
        { "afterwards the limits are one grace later",
          "up; beat 1.1.0; listen 60000; down; wait 3600000; up; wait 40999", ONLINE " | online" },
        { "... and then they hold", "up; beat 1.1.0; listen 60000; down; wait 3600000; up; wait 41000",
          ONLINE SUSPECT " | suspect" },
        { "what was not proven does not count", "up; beat 1.1.0; listen 30000; wait 30000; down; up; wait 70999",
          ONLINE " | online" },
        { "graces do not add up",
          "up; beat 1.1.0; listen 60000; down; up; packet; down; up; packet; down; up; wait 41000",
          ONLINE SUSPECT " | suspect" },
        { "watch time waits for the end of the snapshot", "up; beat 1.1.0; listen 60000; down; subscribe; wait 3600000",
          ONLINE " | online" },
        { "heard on the new connection: no grace any more", "up; beat 1.1.0; down; up; beat 1.1.1; wait 66000",
          ONLINE SUSPECT " | suspect" },
        { "suspect before, and the link is lost before the proof: judged anew with the grace",
          "up; beat 1.1.0; listen 90000; down; wait 60000; up; wait 34999; wait 1; ack 0",
          ONLINE SUSPECT ", probe, probe" STALE " | stale" },
        { "a long interval makes a long grace",
          "up; say \"interval_ms\":50000; beat 1.1.0; listen 100000; down; up; wait 59999", ONLINE " | online" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r13_a_loop_that_stood_still_ages_nobody(void **state)
{
    static const struct row rows[] = {
        { "an hour's pause counts as the armed second and the guard", "up; beat 1.1.0; stand 3600000; wait 64799",
          ONLINE " | online" },
        { "... and no less", "up; beat 1.1.0; stand 3600000; wait 64800", ONLINE SUSPECT " | suspect" },
        { "the same for who is heard over HTTP", "up; down; post 1.1.0; stand 3600000; wait 64799",
          ONLINE ", 202 | online" },
        { "the beats that lay in the socket come first",
          "up; beat 1.1.0; wait 65500; stand 60000; beat 1.1.1; wait 60000",
          ONLINE SUSPECT ", suspect -> online (heartbeat) | online" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

/* Months pass by without a look at the broker: how long a state is kept does not depend on the link. */
static void r16_what_has_long_been_gone_is_forgotten(void **state)
{
    static const char forgotten[] = "clear heartbeat, clear presence, clear witness";
    static const struct {
        const char *script, *state;
        ms_t days;
    } rows[] = {
        { "up; birth 1.1; bye 1.1", "offline", 1 },
        { "up; birth 1.1; crash 1.1", "stale", 7 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        ms_t end;
        scene_init(&scene);
        scene_run(&scene, rows[i].script);
        buf_reset(&scene.trace);
        end = scene.now + rows[i].days * 24 * 3600 * 1000;
        while (scene.now < end - 1)
            do_stand(&scene, scene.now + 1000 < end - 1 ? "1000" : "1");
        assert_string_equal(state_name(scene_record(&scene)->state), rows[i].state);
        scene_run(&scene, "wait 2");
        assert_null(scene_record(&scene));
        assert_non_null(strstr(buf_str(&scene.trace), forgotten));
        assert_non_null(strstr(buf_str(&scene.trace), " -> forgotten (forgotten)"));
        scene_clear(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r5_silence_is_judged_at_its_limits),
        cmocka_unit_test(r5_between_the_limits_it_is_verified),
        cmocka_unit_test(r5_the_evidence_says_when_it_was_due),
        cmocka_unit_test(r12_a_lost_link_ages_nobody),
        cmocka_unit_test(r13_a_loop_that_stood_still_ages_nobody),
        cmocka_unit_test(r16_what_has_long_been_gone_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
