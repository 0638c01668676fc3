#include "queen_script.h"
#include "restore.h"

#define ONLINE "connect; stored verdict online birth 1.1 9; "
#define ZOMBIE "connect; stored verdict zombie stalled 1.1 9; "

/* What was announced is not told again; what has changed meanwhile is, from what it was. */
static void r17_a_row_per_state(void **state)
{
    static const struct row rows[] = {
        { "who was online is unverified", ONLINE "read", "| unverified" },
        { "... and it beats", ONLINE "read; beat 1.1.5", "| online" },
        { "... before its verdict is read", "connect; beat 1.1.5; stored verdict online birth 1.1 9; read",
          "| online" },
        { "... with another process", ONLINE "stored beat 1.1.5; read; birth 2.1", "| online" },
        { "... was known by stored copies, too", ONLINE "stored beat 1.1.5; stored birth 1.1; read; beat 1.1.6",
          "| online" },
        { "... has died", ONLINE "stored birth 1.1; stored will 1.1; read; wait 35000; ack 10; wait 250; ack 10",
          "ask, ask, online -> stale (last_will) | stale" },
        { "... has left", ONLINE "stored bye 1.1; read", "online -> offline (goodbye) | offline" },
        { "... has crashed", ONLINE "stored crash 1.1; read", "online -> stale (process_exited) | stale" },
        { "... with another process, before it has beaten", ONLINE "stored birth 2.1; read; wait 35000",
          "verify | unverified" },
        { "... over HTTP, with an interval of its own",
          "connect; say \"interval_ms\":3600000; stored verdict online heartbeat 1.1 9; say; read; wait 9000000; post "
          "1.1.2",
          "202 | online" },
        { "... a short one: not before one grace",
          "connect; say \"interval_ms\":1000; stored verdict online heartbeat 1.1 9; say; read; wait 34999",
          "| unverified" },
        { "... and then it is lost",
          "connect; say \"interval_ms\":1000; stored verdict online heartbeat 1.1 9; say; read; wait 35000; ack 0",
          "probe, online -> stale (missed_heartbeats) | stale" },
        { "who was suspect is unverified", "connect; stored verdict suspect missed_heartbeats 1.1 9; read",
          "| unverified" },
        { "... and it beats", "connect; stored verdict suspect missed_heartbeats 1.1 9; read; beat 1.1.5",
          "suspect -> online (heartbeat) | online" },
        { "who was stale stays so", "connect; stored verdict stale last_will 1.1 9; read; wait 300000", "| stale" },
        { "... whatever is stored of that process",
          "connect; stored verdict stale last_will 1.1 9; stored beat 1.1.5; stored will 1.1; read; wait 300000",
          "| stale" },
        { "... a crash that is known", "connect; stored verdict stale process_exited 1.1 9; stored crash 1.1; read",
          "| stale" },
        { "... and it lives", "connect; stored verdict stale last_will 1.1 9; read; beat 1.1.5",
          "stale -> online (heartbeat) | online" },
        { "... another process is stored: it is asked when it may have come back",
          "connect; stored verdict stale last_will 1.1 9; stored beat 2.1.0; read", "| unverified" },
        { "... a plain device, too", "connect; stored verdict stale last_will 0.0 9; stored beat; read", "| stale" },
        { "whom its hive could not start was not seen: what is stored of one is news",
          "connect; stored verdict stale start_failed 0.0 9; stored beat; read", "| unverified" },
        { "who was offline stays so, and late beats of that connection say nothing",
          "connect; stored verdict offline goodbye 1.1 9; stored beat 1.1.5; stored bye 1.1; read; beat 1.1.6",
          "| offline" },
        { "... starts again", "connect; stored verdict offline goodbye 1.1 9; read; birth 2.1",
          "offline -> online (birth) | online" },
        { "on a later link it is as it was, too", "up; down; connect; stored verdict stale last_will 1.1 9; read",
          "| stale" },
        { "... but for what is stored of it",
          "up; down; connect; stored beat 1.1.5; "
          "stored verdict stale last_will 1.1 9; read",
          "| unverified" },
        { "... what is known of its death goes before its verdict",
          "connect; stored birth 1.1; stored will 1.1; stored verdict offline goodbye 1.1 9; read", "| suspect" },
        { "no such state", "connect; stored verdict dead last_will 1.1 9; read", "| gone" },
        { "live it is an echo", "connect; verdict stale last_will 1.1 9; read", "| gone" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r17_who_is_lost_with_its_hive_or_was_never_seen(void **state)
{
    static const struct row rows[] = {
        { "who was unreachable stays so while its hive is down",
          "connect; stored verdict down last_will 1.1 8 @default/; say \"incident\":\"hive:default:8\"; "
          "stored verdict unreachable hive_down 1.1 9; say; read; wait 300000",
          "| unreachable" },
        { "... a hive that nobody knows is not down", "connect; stored verdict unreachable hive_down 1.1 9; read",
          "| unreachable" },
        { "whom nobody has ever seen", "connect; stored verdict stale never_seen 0.0 9; read; wait 300000", "| stale" },
        { "... and something is stored of it", "connect; stored verdict stale never_seen 0.0 9; stored will 1.1; read",
          "| suspect" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

/* Who was online, and owed to be announced so, is unverified silently. */
static void r17_what_is_owed_of_the_living_is_owed_no_more(void **state)
{
    struct scene scene;
    struct store_row row = { .kind = STORE_RECORD,
                             .hive = TEXT("default"),
                             .worker = TEXT("w1"),
                             .record = { .state = STATE_ONLINE,
                                         .cause = CAUSE_HEARTBEAT,
                                         .unannounced = 1,
                                         .is_of_store = true,
                                         .received_wall = TIME_ABSENT,
                                         .interval_ms = INT_ABSENT,
                                         .lease_ms = INT_ABSENT } };
    (void)state;
    scene_init(&scene);
    assert_int_equal(queen_restore(scene.queen, &row), OK);
    scene_run(&scene, "connect; read; wait 1000");
    assert_int_equal(scene_record(&scene)->state, STATE_UNVERIFIED);
    assert_int_equal(scene.events, 1); /* live */
    scene_clear(&scene);
}

/* What was announced is stored, also of one that was received, and stored, before its verdict was read. */
static void r17_what_was_announced_is_stored(void **state)
{
    struct scene scene;
    struct store_row row;
    bool found = false;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "connect; beat 1.1.5");
    while (queen_next_row(scene.queen, &row))
        continue;
    scene_run(&scene, "stored verdict stale last_will 1.1 9");
    while (queen_next_row(scene.queen, &row))
        found |= row.kind == STORE_RECORD && row.record.announced == STATE_STALE && row.record.event_id == 9;
    assert_true(found);
    scene_clear(&scene);
}

/* R8 goes on where it was. */
static void r17_a_zombie_is_one_again(void **state)
{
    static const struct row rows[] = {
        { "unverified until it beats", ZOMBIE "read", "| unverified" },
        { "that it lives is no news", ZOMBIE "read; say \"inflight\":1; beat 1.1.5", "| zombie" },
        { "nor that it is born again", ZOMBIE "read; birth 1.2", "| zombie" },
        { "it advances",
          ZOMBIE "read; say \"inflight\":1,\"progress\":4; beat 1.1.5; say \"inflight\":1,\"progress\":5; "
                 "beat 1.1.6",
          "zombie -> online (heartbeat) | online" },
        { "it has nothing in flight any more",
          ZOMBIE "stored birth 1.1; read; say \"inflight\":0; beat 1.1.5; wait 0; answer ok",
          "verify, zombie -> online (verified) | online" },
        { "another process", ZOMBIE "read; birth 2.1", "zombie -> online (birth) | online" },
        { "another process is stored", ZOMBIE "stored beat 2.1.0; read; beat 2.1.1",
          "zombie -> online (heartbeat) | online" },
        { "a will, and it answers: that is no news",
          ZOMBIE "stored birth 1.1; read; will 1.1; reply; birth 1.2; will 1.2; reply", "ask, ask | zombie" },
        { "it dies", ZOMBIE "stored birth 1.1; stored will 1.1; read; wait 35000; ack 10; wait 250; ack 10",
          "ask, ask, zombie -> stale (last_will) | stale" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

static void r17_nothing_is_told_before_the_first_end_marker(void **state)
{
    static const struct row rows[] = {
        { "what is heard is told behind it", "connect; beat 1.1.0; crash 1.1; read",
          "unknown -> stale (process_exited) | stale" },
        { "not over HTTP either", "post 1.1.0; wait 10000", "202 | online" },
        { "... but then", "post 1.1.0; up", "202, unknown -> online (heartbeat) | online" },
        { "nor that somebody is forgotten", "post 1.1.0; delete force; wait 1000", "202, 204 | gone" },
        { "a link that ends before does not count", "connect; beat 1.1.0; down; wait 10000", "| online" },
        { "later links hold up nothing", "up; down; connect; beat 1.1.0", "unknown -> online (heartbeat) | online" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

/* With what it does not say. */
static void r17_a_verdict_stands_for_a_row(void **state)
{
    struct verdict verdict;
    struct record_row row;
    struct errbuf e;
    struct scene scene;
    (void)state;
    scene_init(&scene);
    verdict_init(&verdict);
    verdict.state = "stale";
    verdict.cause = "last_will";
    verdict.event_id = 9;
    assert_int_equal(restore_read(scene.queen, &verdict, false, &row, &e), OK);
    assert_true(row.state == STATE_STALE && row.announced == STATE_STALE && row.previous == STATE_NONE);
    assert_true(row.cause == CAUSE_LAST_WILL && row.announced_cause == CAUSE_LAST_WILL && row.established);
    assert_true(row.event_id == 9 && row.incident == 0 && row.revision == 1);
    assert_true(row.session == 0 && row.connection == 0);
    assert_true(row.since_wall == scene.queen->wall && row.evidence.seen_at == scene.queen->wall);
    assert_true(row.evidence.took == 0 && row.evidence.last_seen_ago == EVIDENCE_NEVER);
    verdict.previous = "online";
    verdict.session = 7;
    verdict.connection = 4;
    verdict.revision = 3;
    verdict.since = verdict.evidence.seen_at = 0; /* 1970 is a date, too */
    verdict.evidence.took_ms = 250;
    verdict.evidence.last_seen_ms_ago = 5000;
    verdict.interval_ms = 1000;
    verdict.lease_ms = 4000;
    assert_int_equal(restore_read(scene.queen, &verdict, true, &row, &e), ERR_UNKNOWN); /* no state of a hive's */
    assert_int_equal(restore_read(scene.queen, &verdict, false, &row, &e), OK);
    assert_true(row.previous == STATE_ONLINE && row.session == 7 && row.connection == 4 && row.revision == 3);
    assert_true(row.since_wall == 0 && row.evidence.seen_at == 0);
    assert_true(row.evidence.took == 250 && row.evidence.last_seen_ago == 5000);
    assert_true(row.interval_ms == 1000 && row.lease_ms == 4000);
    verdict.state = "down";
    assert_int_equal(restore_read(scene.queen, &verdict, true, &row, &e), OK);
    assert_true(row.state == STATE_STALE && row.incident == 9); /* it is its own */
    scene_clear(&scene);
}

static void r17_the_event_of_an_incident_is_behind_its_last_colon(void **state)
{
    static const struct {
        const char *incident;
        uint64_t want;
    } rows[] = { { NULL, 0 },          { "", 0 },          { "17", 0 },
                 { "hive:h1:", 0 },    { "hive:h1:x", 0 }, { "hive:h1:17x", 0 },
                 { "hive:h1:-17", 0 }, { "hive:h1:0", 0 }, { "hive:h1:1", 1 },
                 { "hive:5:17", 17 } };
    struct verdict verdict;
    struct scene scene;
    (void)state;
    scene_init(&scene);
    verdict_init(&verdict);
    verdict.state = "unreachable";
    verdict.cause = "hive_down";
    verdict.event_id = 9;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct record_row row;
        struct errbuf e;
        verdict.incident = rows[i].incident;
        assert_int_equal(restore_read(scene.queen, &verdict, false, &row, &e), OK);
        assert_int_equal(row.incident, rows[i].want);
    }
    scene_clear(&scene);
}

/* Behind a verdict of that event and revision, in the same process. */
static void r17_the_newer_of_two_stands(void **state)
{
    static const struct {
        const char *why;
        uint64_t event_id;
        uint32_t revision;
        bool is_live, stands;
    } rows[] = {
        { "the same", 100, 2, false, false },
        { "an earlier revision", 100, 1, false, false },
        { "a later revision", 100, 3, false, true },
        { "a later event", 101, 1, false, true },
        { "an earlier event", 99, 3, false, false },
        { "the last event that can be", EVENT_ID_MAX, 1, false, true },
        { "one that cannot", EVENT_ID_MAX + 1, 1, false, false },
        { "what this process has announced goes before it", 101, 1, true, false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct record_row row = { .state = STATE_OFFLINE,
                                  .announced = STATE_OFFLINE,
                                  .previous = STATE_ZOMBIE,
                                  .cause = CAUSE_GOODBYE,
                                  .announced_cause = CAUSE_GOODBYE,
                                  .interval_ms = INT_ABSENT,
                                  .lease_ms = INT_ABSENT,
                                  .incident = 77,
                                  .event_id = rows[i].event_id,
                                  .revision = rows[i].revision };
        struct scene scene;
        const struct record *record;
        scene_init(&scene);
        scene_run(&scene, "connect; stored verdict stale last_will 1.1 100");
        scene_record(&scene)->revision = 2;
        scene_run(&scene, rows[i].is_live ? "read" : "");
        scene.queen->out = &scene.outbox;
        restore_row(scene.queen, scene_record(&scene), &row);
        print_message("%s\n", rows[i].why);
        record = scene_record(&scene);
        assert_int_equal(record->announced, rows[i].stands ? STATE_OFFLINE : STATE_STALE);
        assert_int_equal(record->previous == STATE_ZOMBIE, rows[i].stands);
        assert_true((record->incident == 77) == rows[i].stands &&
                    (record->event_id == rows[i].event_id) >= rows[i].stands);
        assert_int_equal(record->state, rows[i].stands ? STATE_OFFLINE : STATE_STALE);
        scene_clear(&scene);
    }
}

static uint64_t first_event_after(const char *script)
{
    struct scene scene;
    uint64_t id;
    scene_init(&scene);
    scene_run(&scene, script);
    id = scene.last_event;
    scene_clear(&scene);
    return id;
}

static void r17_event_ids_go_on_behind_the_highest_found(void **state)
{
    uint64_t by_clock = (uint64_t)SCENE_WALL * 1000 + 1;
    (void)state;
    assert_int_equal(first_event_after("up"), by_clock);
    assert_int_equal(first_event_after("connect; stored verdict stale last_will 1.1 9; read"), by_clock);
    assert_int_equal(first_event_after("connect; stored verdict stale last_will 1.1 1700000000000002; read"),
                     1700000001000002);
    assert_int_equal(first_event_after("connect; stored verdict stale last_will 1.1 1800000000000000; "
                                       "stored verdict stale last_will 1.1 1700000000000009 @w2; read"),
                     1800000001000000);
    assert_int_equal(first_event_after("connect; stored verdict stale last_will 1.1 4503599627370496; read"),
                     4503599628370496);
    assert_int_equal(first_event_after("connect; stored verdict stale last_will 1.1 4503599627370497; read"), by_clock);
    /* blind, live: consecutive */
    assert_int_equal(first_event_after("up; down; connect; stored verdict stale last_will 1.1 1800000000000000; read"),
                     by_clock + 2);
}

/* Only what the present link has not shown to be stored. */
static void r17_verdicts_that_a_broker_lost_are_written_again(void **state)
{
    struct scene scene;
    char script[128];
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; birth 1.1 @w2");
    assert_int_equal(scene.verdicts, 2);
    scene_run(&scene, "down; connect");
    snprintf(script, sizeof script, "stored verdict online birth 1.1 %llu",
             (unsigned long long)scene_record(&scene)->event_id);
    scene_run(&scene, script);
    scene_run(&scene, "read; wait 1000");
    assert_int_equal(scene.verdicts, 3);
    assert_non_null(strstr(buf_str(&scene.verdict), "\"worker_id\":\"w2\""));
    assert_non_null(strstr(buf_str(&scene.verdict), "\"state\":\"online\",\"previous\":null,\"cause\":\"birth\""));
    scene_run(&scene, "down; connect; stored verdict stale last_will 1.1 9; read; wait 1000"); /* rolled back */
    assert_int_equal(scene.verdicts, 5);
    assert_int_equal(scene.events, 7); /* live, both, and twice blind and live */
    scene_clear(&scene);
}

/* A flag of an earlier process ends with it. */
static void r17_a_verdict_with_a_flag_that_has_ended_is_written_again(void **state)
{
    static const struct {
        const char *flags;
        unsigned verdicts;
    } rows[] = { { "", 0 }, { ",\"flags\":[]", 0 }, { ",\"flags\":[\"flapping\"]", 1 } };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, "connect");
        buf_add_str(&scene.extra, rows[i].flags);
        scene_run(&scene, "stored verdict stale last_will 1.1 9");
        buf_reset(&scene.extra);
        scene_run(&scene, "read; wait 1000");
        assert_int_equal(scene.verdicts, rows[i].verdicts);
        if (rows[i].verdicts > 0)
            assert_non_null(strstr(buf_str(&scene.verdict), "\"event_id\":9,\"revision\":1,"));
        scene_clear(&scene);
    }
}

static void r17_a_verdict_over_http_has_the_interval(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; say \"interval_ms\":3600000; post 1.1.1; beat 1.1.1 @w2");
    assert_null(strstr(buf_str(&scene.verdict), "interval_ms"));
    scene_run(&scene, "post 1.1.1 @w3");
    assert_non_null(strstr(buf_str(&scene.verdict), "\"interval_ms\":3600000,\"lease_ms\":null,"));
    scene_clear(&scene);
}

/* Who is suspect silently stands as it was announced. */
static void r17_a_verdict_is_written_again_as_it_was_announced(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; down; connect; stored will 1.1; read; wait 1000");
    assert_int_equal(scene.verdicts, 2);
    assert_non_null(strstr(buf_str(&scene.verdict), "\"state\":\"online\",\"previous\":null,\"cause\":\"birth\""));
    scene_clear(&scene);
}

static void r17_a_forgotten_ones_verdict_is_cleared_again(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; delete force; wait 100; down; connect; stored verdict online birth 1.1 9; read");
    assert_null(scene_record(&scene));
    assert_int_equal(scene.verdict.len, 0);
    assert_int_equal(scene.verdicts, 3);
    scene_clear(&scene);
}

static void r17_what_was_found_is_shown(void **state)
{
    struct scene scene;
    struct http_response response;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, ONLINE "read");
    response = scene_http(&scene, &(struct http_request){ .method = "GET", .path = "/v1/workers/w1" });
    assert_non_null(strstr(buf_str(&response.body),
                           "\"state\":\"unverified\",\"cause\":\"restored\",\"was\":\"online\","
                           "\"since\":\"2023-11-14T22:00:00.000Z\",\"since_ms_ago\":800000"));
    assert_non_null(strstr(buf_str(&response.body), "\"exit\":{\"code\":139,\"signal\":\"SIGSEGV\",\"oom\":null}"));
    buf_clear(&response.body);
    scene_clear(&scene);
}

/* The grace began when an earlier process was live. */
static void r17_the_grace_goes_on_over_restarts(void **state)
{
#define DEAD "stored verdict online birth 1.1 9; stored birth 1.1; stored will 1.1; read; "
    static const struct row rows[] = {
        { "nothing is known", "connect; " DEAD "wait 34999", "| suspect" },
        { "... so it begins now", "connect; " DEAD "wait 35000", "ask | suspect" },
        { "20 of 120 s have passed", "connect; left 100; stored since 120; " DEAD "wait 14999", "| suspect" },
        { "... and 15 more", "connect; left 100; stored since 120; " DEAD "wait 15000", "ask | suspect" },
        { "all of it", "connect; left 60; stored since 120; " DEAD "wait 0", "ask | suspect" },
        { "more is left than there ever was", "connect; left 130; stored since 120; " DEAD "wait 34999", "| suspect" },
        { "another queen's", "connect; left 60; stored since 120 other; " DEAD "wait 34999", "| suspect" },
        { "live it is an echo", "connect; left 60; aged since 120; " DEAD "wait 34999", "| suspect" },
        { "after a loss of the link all have another grace",
          "up; down; connect; left 60; stored since 120; " DEAD "wait 34999", "| suspect" },
    };
    (void)state;
    ROWS_CHECK(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r17_a_verdict_stands_for_a_row),
        cmocka_unit_test(r17_the_event_of_an_incident_is_behind_its_last_colon),
        cmocka_unit_test(r17_the_newer_of_two_stands),
        cmocka_unit_test(r17_a_row_per_state),
        cmocka_unit_test(r17_who_is_lost_with_its_hive_or_was_never_seen),
        cmocka_unit_test(r17_what_is_owed_of_the_living_is_owed_no_more),
        cmocka_unit_test(r17_what_was_announced_is_stored),
        cmocka_unit_test(r17_a_zombie_is_one_again),
        cmocka_unit_test(r17_nothing_is_told_before_the_first_end_marker),
        cmocka_unit_test(r17_event_ids_go_on_behind_the_highest_found),
        cmocka_unit_test(r17_verdicts_that_a_broker_lost_are_written_again),
        cmocka_unit_test(r17_a_verdict_with_a_flag_that_has_ended_is_written_again),
        cmocka_unit_test(r17_a_verdict_over_http_has_the_interval),
        cmocka_unit_test(r17_a_verdict_is_written_again_as_it_was_announced),
        cmocka_unit_test(r17_a_forgotten_ones_verdict_is_cleared_again),
        cmocka_unit_test(r17_what_was_found_is_shown),
        cmocka_unit_test(r17_the_grace_goes_on_over_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
