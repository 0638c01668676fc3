#include "queen_script.h"

#define OF_A_DAY "say \"retain_s\":86400; left "

static void r15_stored_copies_alone_are_hearsay(void **state)
{
    static const struct row rows[] = {
        { "a heartbeat is no life", "connect; stored beat 1.1.4; read", "| unverified" },
        { "nor is a birth", "connect; stored birth 1.1; read", "| unverified" },
        { "a goodbye is believed", "connect; stored bye 1.1; read", "unknown -> offline (goodbye) | offline" },
        { "a crash as well", "connect; stored crash 1.1; read", "unknown -> stale (process_exited) | stale" },
        { "... told once, however often it is read",
          "connect; stored crash 1.1; read; down; connect; stored crash 1.1; read",
          "unknown -> stale (process_exited) | stale" },
        { "a will makes it suspect at most, silently", "connect; stored will 1.1; read; wait 34999", "| suspect" },
        { "... until one grace has passed: it answers no requests as far as is known",
          "connect; stored will 1.1; read; wait 35250; ack 0", "probe, unknown -> stale (last_will) | stale" },
        { "the same will twice", "connect; stored will 1.1; stored will 1.1; read", "| suspect" },
        { "a birth after the stored will", "connect; stored will 1.1; read; birth 1.2; wait 60000",
          "unknown -> online (birth) | online" },
        { "a goodbye that was read on the next link ends what its will had begun",
          "connect; stored will 1.1; read; down; connect; stored bye 1.1; read; wait 60000",
          "unknown -> offline (goodbye) | offline" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r15_they_never_count_against_the_living(void **state)
{
    static const struct row rows[] = {
        { "a stored will behind a live beat", "up; beat 1.1.0; stored will 1.1",
          "unknown -> online (heartbeat) | online" },
        { "a stored goodbye behind a live birth", "connect; birth 1.1; stored bye 1.1; read",
          "unknown -> online (birth) | online" },
        { "a stored beat of another session retires nobody and is no conflict",
          "up; birth 1.1; stored beat 2.1.5; beat 1.1.0", "unknown -> online (birth) | online" },
        { "heard live on the last connection only: a stored will is held",
          "up; birth 1.1; down; connect; stored will 1.1; read; wait 34999", "unknown -> online (birth) | suspect" },
        { "... then asked", "up; birth 1.1; down; connect; stored will 1.1; read; wait 35000; ack 0; reply",
          "unknown -> online (birth), ask | online" },
        { "... and a goodbye is believed", "up; birth 1.1; down; connect; stored bye 1.1; read",
          "unknown -> online (birth), online -> offline (goodbye) | offline" },
        { "a will of another session is not", "up; birth 1.1; down; connect; stored will 2.1; read",
          "unknown -> online (birth) | online" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r12_a_later_copy_voids_what_was_known(void **state)
{
    static const struct row rows[] = {
        { "a will that came while the broker stopped, and a birth of the next connection",
          "up; birth 1.1; will 1.1; down; connect; stored birth 1.2; read; wait 0; vack 0; answer ok",
          "unknown -> online (birth), ask, verify | online" },
        { "... or a heartbeat; it is asked once the view is live",
          "up; birth 1.1; will 1.1; down; connect; "
          "stored beat 1.2.1; stored birth 1.2; wait 1000",
          "unknown -> online (birth), ask | online" },
        { "... it does not answer: its lease, with a grace",
          "up; birth 1.1; will 1.1; down; connect; "
          "stored beat 1.2.1; read; listen 102000",
          "unknown -> online (birth), ask, online -> suspect (missed_heartbeats) | suspect" },
        { "... nobody is subscribed so soon: it may still come back",
          "up; birth 1.1; will 1.1; down; connect; "
          "stored birth 1.2; read; wait 0; vack 10; wait 250; vack 10",
          "unknown -> online (birth), ask, verify, verify | online" },
        { "its beat comes first: nothing is asked",
          "up; birth 1.1; will 1.1; down; connect; stored birth 1.2; beat 1.2.1; "
          "read; wait 1000",
          "unknown -> online (birth), ask | online" },
        { "the same connection voids nothing",
          "up; birth 1.1; will 1.1; down; connect; stored beat 1.1.9; read; wait 0",
          "unknown -> online (birth), ask | suspect" },
        { "nor an earlier one", "up; birth 1.2; will 1.2; down; connect; stored birth 1.1; read; wait 0",
          "unknown -> online (birth), ask | suspect" },
        { "nor a session that was replaced",
          "up; birth 1.1; birth 2.1; will 2.1; down; connect; stored beat 1.1.9; "
          "stored birth 1.1; read; wait 0",
          "unknown -> online (birth), ask | suspect" },
        { "nor a copy that is older than what was heard",
          OF_A_DAY "79200; up; birth 1.1; will 1.1; down; connect; stored beat 2.1.1; read; wait 0",
          "unknown -> online (birth), ask | suspect" },
        { "a stored will, by a heartbeat on the next link",
          "connect; stored will 1.1; read; down; connect; stored beat 1.2.1; stored birth 1.2; read; wait 0",
          "verify | unverified" },
        { "a will of the later connection counts",
          "up; birth 1.1; will 1.1; down; connect; stored beat 1.2.1; "
          "stored will 1.2; read; wait 0",
          "unknown -> online (birth), ask | suspect" },
        { "a new process of one that was online",
          "up; birth 1.1; down; connect; stored beat 2.1.0; read; wait 0; will 2.1",
          "unknown -> online (birth) | suspect" },
        { "... retires nobody and is no conflict",
          "up; birth 1.1; down; connect; stored beat 2.1.0; read; beat 1.1.1; "
          "beat 1.1.2",
          "unknown -> online (birth) | online" },
        { "one that was lost is unverified, and asked",
          "up; birth 1.1; bye 1.1; down; connect; stored beat 2.1.0; stored birth 2.1; read; wait 0; vack 0; answer ok",
          "unknown -> online (birth), online -> offline (goodbye), verify, offline -> online (verified) | online" },
        { "... a known exit is held against the session that it names",
          "up; birth 1.1; witness 1; down; connect; stored beat 1.2.1; stored birth 1.2; read; wait 0",
          "unknown -> online (birth), online -> stale (process_exited) | stale" },
        { "heard live on this connection: nothing is voided", "up; birth 1.1; will 1.1; stored birth 1.2; wait 0",
          "unknown -> online (birth), ask | suspect" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r15_the_heartbeats_session_is_current(void **state)
{
    static const struct row rows[] = {
        { "a will of another session, read before", "connect; stored will 2.1; stored beat 1.1.3; read; wait 60000",
          "| unverified" },
        { "... and behind", "connect; stored beat 1.1.3; stored will 2.1; read; wait 60000", "| unverified" },
        { "a goodbye of another session", "connect; stored beat 1.1.3; stored bye 2.1; read", "| unverified" },
        { "the will of a later connection", "connect; stored beat 1.1.3; stored will 1.2; read", "| suspect" },
        { "the will of an earlier connection", "connect; stored beat 1.2.3; stored will 1.1; read", "| unverified" },
        { "what another session had said of itself is void",
          "connect; stored birth 2.1; stored beat 1.1.3; stored will 1.1; read; wait 35000", "| suspect" },
        { "what its own birth said counts", "connect; stored birth 1.1; stored beat 1.1.3; read; will 1.1",
          "ask | suspect" },
        { "a stored session is not retired by the next one: no conflict",
          "connect; stored beat 1.1.3; stored beat 2.1.0; read; beat 1.1.4", "unknown -> online (heartbeat) | online" },
        { "a goodbye of another session closes nothing of it",
          "connect; stored bye 2.1; stored beat 1.1.3; read; beat 1.1.4", "unknown -> online (heartbeat) | online" },
        { "R2: what comes late on an earlier connection than its stored birth",
          "connect; stored beat 1.1.3; stored birth 1.2; read; beat 1.1.4", "| unverified" },
        { "R2: ... or before a later stored beat", "connect; stored beat 1.1.3; stored beat 1.1.9; read; beat 1.1.5",
          "| unverified" },
        { "lost with its hive, never heard, and on the next link a copy of another session: unverified again",
          "connect; stored will 1.1 @default/; stored beat 1.1.0; read; listen 36000; ack 0; listen 60000; ack 0; "
          "down; "
          "connect; stored beat 2.1.0; read; listen 1000",
          "probe, hive/default unknown -> down (last_will), probe, unknown -> unreachable (hive_down) | unverified" },
        { "... and lost again: nothing new",
          "connect; stored will 1.1 @default/; stored beat 1.1.0; read; listen 36000; ack 0; listen 60000; ack 0; "
          "down; "
          "connect; stored beat 2.1.0; read; listen 95000; ack 0",
          "probe, hive/default unknown -> down (last_will), probe, unknown -> unreachable (hive_down), probe | "
          "unreachable" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r15_the_lease_starts_at_the_known_age(void **state)
{
    static const struct row rows[] = {
        { "unknown: a whole lease", "connect; stored beat 1.1.0; read; wait 89999; wait 1; ack 0",
          "probe, unknown -> stale (missed_heartbeats) | stale" },
        { "... not before", "connect; stored beat 1.1.0; read; wait 89999", "| unverified" },
        { "40 s old: 50 s are left", OF_A_DAY "86360; connect; stored beat 1.1.0; read; wait 50000; ack 0",
          "probe, unknown -> stale (missed_heartbeats) | stale" },
        { "... not before", OF_A_DAY "86360; connect; stored beat 1.1.0; read; wait 49999", "| unverified" },
        { "two hours old: one grace is left", OF_A_DAY "79200; connect; stored beat 1.1.0; read; wait 35000; ack 0",
          "probe, unknown -> stale (missed_heartbeats) | stale" },
        { "... not before", OF_A_DAY "79200; connect; stored beat 1.1.0; read; wait 34999", "| unverified" },
        { "the age counts behind a stored birth, too",
          OF_A_DAY "79200; connect; stored birth 1.1; stored beat 1.1.0; read; wait 40000",
          "verify, probe | unverified" },
        { "more left than was set: no age at all", OF_A_DAY "99999; connect; stored beat 1.1.0; read; wait 89999",
          "| unverified" },
        { "... nor where the copy does not expire",
          "say \"retain_s\":86400; connect; stored beat 1.1.0; read; wait 89999", "| unverified" },
        { "... nor where it does not say how long it is kept", "left 10; connect; stored beat 1.1.0; read; wait 89999",
          "| unverified" },
        { "the snapshot takes its time: the grace starts at its end",
          OF_A_DAY "79200; connect; stored beat 1.1.0; wait 1999; stored beat 1.1.0; wait 1999; read; wait 34999",
          "| unverified" },
        { "the copy is read again on the next link: no new lease",
          "connect; stored beat 1.1.0; read; listen 60000; down; connect; stored beat 1.1.0; read; wait 30000",
          "probe | unverified" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

#define HEARD_67S_AGO "up; say \"interval_ms\":20000; beat 1.1.0; listen 40000; down; up; listen 27000; "
#define NEW_PROCESS "say \"interval_ms\":10000,\"retain_s\":86400; left 86360; stored beat 2.1.0; "
#define ONLINE "unknown -> online (heartbeat)"

/* It declares a shorter lease, which would be over, even with the grace, since its predecessor was heard. */
static void r15_a_new_process_of_one_that_was_online_has_a_lease(void **state)
{
    static const struct row rows[] = {
        { "from the age of its copy, 40 s", HEARD_67S_AGO NEW_PROCESS "listen 16999", ONLINE " | online" },
        { "... with the grace", HEARD_67S_AGO NEW_PROCESS "listen 17000",
          ONLINE ", online -> suspect (missed_heartbeats) | suspect" },
        { "... and one grace at least", HEARD_67S_AGO NEW_PROCESS "listen 34999",
          ONLINE ", online -> suspect (missed_heartbeats) | suspect" },
        { "... not more", HEARD_67S_AGO NEW_PROCESS "listen 35000; ack 0",
          ONLINE ", online -> suspect (missed_heartbeats), probe, suspect -> stale (missed_heartbeats) | stale" },
        { "its age is not known", HEARD_67S_AGO "say \"interval_ms\":10000; stored beat 2.1.0; listen 56999",
          ONLINE " | online" },
        { "a copy older than the last live beat, on a later connection",
          "up; say \"interval_ms\":10000,\"retain_s\":86400; beat 1.1.0; listen 20000; down; connect; left 86360; "
          "stored beat 1.2.1; read; listen 36999",
          ONLINE " | online" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r15_what_is_heard_live_has_its_own_lease(void **state)
{
    static const struct row rows[] = {
        { "shorter than the grace that its copy had",
          "say \"interval_ms\":1000; connect; stored beat 1.1.0; read; beat 1.1.1; wait 3000; ack 0",
          "unknown -> online (heartbeat), online -> suspect (missed_heartbeats), probe, "
          "suspect -> stale (missed_heartbeats) | stale" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r15_the_document_of_one_known_by_its_birth_is_kept(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "connect; birth 1.1; stored beat 2.1.0");
    assert_null(scene_record(&scene)->document);
    scene_run(&scene, "stored beat 1.1.7; read");
    assert_non_null(strstr(document_text(scene_record(&scene)->document).at, "\"seq\":7"));
    scene_clear(&scene);
}

static void r15_the_age_is_shown(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "connect; stored beat 1.1.0; read");
    assert_true(scene_record(&scene)->received_mono == MS_NEVER);
    scene_run(&scene, OF_A_DAY "86360; stored beat 1.1.0 @w2");
    assert_int_equal(registry_find_name(&scene.queen->registry, TEXT("w2"))->received_mono, scene.now - 40000);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r15_stored_copies_alone_are_hearsay),
        cmocka_unit_test(r15_they_never_count_against_the_living),
        cmocka_unit_test(r12_a_later_copy_voids_what_was_known),
        cmocka_unit_test(r15_the_heartbeats_session_is_current),
        cmocka_unit_test(r15_the_lease_starts_at_the_known_age),
        cmocka_unit_test(r15_a_new_process_of_one_that_was_online_has_a_lease),
        cmocka_unit_test(r15_what_is_heard_live_has_its_own_lease),
        cmocka_unit_test(r15_the_document_of_one_known_by_its_birth_is_kept),
        cmocka_unit_test(r15_the_age_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
