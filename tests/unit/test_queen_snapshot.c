/* R19: in which passes what is stored is read, and whether that was all. */
#include "completeness.h"
#include "queen_script.h"

#define HIVE "up; birth 1.1 @h1/; wait 0; health pass @h1/"
#define KEPT 10000 /* workers at most */

static void scene_init_large(struct scene *scene)
{
    struct queen_options options = scene_options;
    options.max_workers = KEPT;
    options.max_document_bytes = 16 << 20;
    scene_init_with(scene, &options);
}

/* The filters that were read since the last time. */
static void check_read(struct scene *scene, const char *why, const char *want)
{
    if (strcmp(buf_str(&scene->filters), want) != 0)
        print_error("%s\n", why);
    assert_string_equal(buf_str(&scene->filters), want);
    buf_reset(&scene->filters);
}

/* `step` of the workers from w`from` to w`to` of the hive. */
static void run_for(struct scene *scene, const char *step, const char *hive, unsigned from, unsigned to)
{
    for (unsigned i = from; i <= to; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s @%s/w%u", step, hive, i);
        scene_run(scene, text);
    }
}

/* As far as the pass over all heartbeats. */
static void read_up_to_heartbeats(struct scene *scene)
{
    while (!strstr(buf_str(&scene->read_filter), "hive/+/worker/+/heartbeat"))
        scene_run(scene, "mark; suback");
}

static void count_by_broker(struct scene *scene, const char *name, const char *count, bool stored)
{
    char topic[64];
    snprintf(topic, sizeof topic, "$SYS/broker/publish/messages/%s", name);
    scene->stored = stored;
    scene_message(scene, topic, text_of(count));
    scene->stored = false;
}

/* Nothing is known: one filter at a time, each behind the marker of the one before. */
static void the_first_time_each_kind_is_read_by_itself(void **state)
{
    static const char *const want[] = { "queen/queen/since queen/queen/hive-verdict/+ ",
                                        "queen/queen/verdict/+/+ ",
                                        "hive/+/presence ",
                                        "hive/+/heartbeat ",
                                        "hive/+/worker/+/heartbeat ",
                                        "hive/+/worker/+/presence ",
                                        "hive/+/worker/+/witness " };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "subscribe");
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        check_read(&scene, "none before the marker", "");
        scene_run(&scene, "mark");
        assert_false(queen_sees(scene.queen));
        check_read(&scene, "one", want[i]);
        assert_int_equal(scene.markers, i + 1);
        scene_run(&scene, "suback");
        assert_int_equal(scene.markers, i + 2);
    }
    scene_run(&scene, "mark");
    assert_true(queen_sees(scene.queen));
    assert_int_equal(scene.queen->snapshot.completeness.verdict, SNAPSHOT_COMPLETE);
    assert_int_equal(scene.unsubscribed, 3); /* what comes on the queen's own is an echo from now on */
    scene_run(&scene, "wait 3600000");
    check_read(&scene, "it was complete", "");
    scene_clear(&scene);
}

/* Few are known: that fits into one piece, so that a slow link costs few round trips. */
static void a_small_fleet_is_read_in_few_passes(void **state)
{
    static const char *const want[] = { "queen/queen/since queen/queen/hive-verdict/+ queen/queen/verdict/+/+ ",
                                        "hive/+/presence hive/+/heartbeat ",
                                        "hive/+/worker/+/heartbeat hive/+/worker/+/presence hive/+/worker/+/witness " };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1 @h1/; birth 1.1 @h1/w1; beat 1.1.0 @h1/w1; down; subscribe");
    buf_reset(&scene.filters);
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        scene_run(&scene, "mark; suback");
        check_read(&scene, "together", want[i]);
    }
    scene_run(&scene, "mark");
    assert_true(queen_sees(scene.queen));
    scene_clear(&scene);
}

/* As many hives as together bring 1,000 copies; a hive that brings more by kind; a hive that is new alone. */
static void a_large_fleet_is_read_hive_by_hive(void **state)
{
    static const char *const want[] = { "hive/h1/worker/+/heartbeat hive/h1/worker/+/presence ",
                                        "hive/h1/worker/+/witness hive/h3/worker/+/heartbeat "
                                        "hive/h3/worker/+/presence ",
                                        "hive/h3/worker/+/witness ",
                                        "hive/+/worker/+/heartbeat ",
                                        "hive/+/worker/+/presence ",
                                        "hive/+/worker/+/witness ",
                                        "hive/h9/worker/+/heartbeat hive/h9/worker/+/presence "
                                        "hive/h9/worker/+/witness " };
    struct scene scene;
    (void)state;
    scene_init_large(&scene);
    scene_run(&scene, "up; birth 1.1 @h1/");
    run_for(&scene, "beat 1.1.0", "h1", 1, 400);
    run_for(&scene, "beat 1.1.0", "h3", 1, 300);
    scene_run(&scene, "down; subscribe; mark; suback; mark; suback");
    buf_reset(&scene.filters);
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        scene_run(&scene, "mark; suback");
        check_read(&scene, "in this order", want[i]);
        if (i == 3)
            scene_run(&scene, "stored beat 1.1.0 @h9/w1");
    }
    scene_run(&scene, "mark");
    assert_true(queen_sees(scene.queen));
    assert_int_equal(scene.unsubscribed, 3 + 3 + 9);
    scene_clear(&scene);
}

/* A full queue drops SUBACKs and markers as well. Whoever is cut off for good is live all the same, and says so. */
static void a_pass_that_is_cut_begins_anew(void **state)
{
    static const struct {
        const char *why, *script;
        unsigned read, cut; /* filters with stored copies; passes given up */
        bool live;
    } rows[] = {
        { "nothing is lost", "read", 8, 0, true },
        { "the SUBACK is: one at a time", "wait 2000; read", 10, 0, true },
        { "of two passes, each is read by itself then", "wait 2000; suback; mark", 4, 0, false },
        { "the SUBACK of every attempt is", "suback; mark; wait 5999; read", 10, 0, true },
        { "the marker is", "suback; mark; suback; wait 2000; read", 9, 0, true },
        { "stored copies come: nothing is", "suback; wait 1999; stored beat 1.1.0; wait 1999", 2, 0, false },
        { "live messages are no progress", "suback; wait 1999; beat 1.1.0; wait 1", 3, 0, false },
        { "three attempts, then the next pass", "suback; mark; wait 6000", 6, 1, false },
        { "three passes in a row, and it is live", "suback; mark; wait 18000", 11, 3, true },
        { "the next link begins anew", "suback; mark; wait 18000; down; connect; read", 19, 0, true },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, "subscribe; mark");
        scene_run(&scene, rows[i].script);
        if (scene.reads != rows[i].read || scene.queen->snapshot.given_up != rows[i].cut)
            print_error("%s: %u read, %u cut\n", rows[i].why, scene.reads, scene.queen->snapshot.given_up);
        assert_int_equal(scene.reads, rows[i].read);
        assert_int_equal(scene.queen->snapshot.given_up, rows[i].cut);
        assert_int_equal(queen_sees(scene.queen), rows[i].live);
        if (rows[i].cut > 0)
            assert_non_null(strstr(buf_str(&scene.notice), "max_queued_bytes"));
        scene_clear(&scene);
    }
}

/* The live subscriptions are there if their marker is, but health says that nobody knows. */
static void without_their_subacks_the_live_subscriptions_are_tried(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "check; free");
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_UP });
    scene_run(&scene, "wait 5999");
    assert_int_equal(scene.markers, 0);
    scene_run(&scene, "wait 1");
    assert_int_equal(scene.markers, 1);
    scene.subscribing_count = 0;
    scene_run(&scene, "read");
    assert_true(queen_sees(scene.queen));
    assert_true(scene.queen->snapshot.unacknowledged);
    scene_clear(&scene);
}

/* What was not known is read once more, and what was is the first time. */
static void whoever_is_found_is_looked_for_again(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "connect");
    read_up_to_heartbeats(&scene);
    scene_run(&scene, "stored beat 1.1.0; read");
    assert_int_equal(scene.queen->snapshot.completeness.verdict, SNAPSHOT_CHECKING);
    scene_run(&scene, "wait 0; suback; stored beat 1.1.0; read");
    assert_int_equal(scene.queen->snapshot.completeness.verdict, SNAPSHOT_COMPLETE);
    scene_run(&scene, "down; connect; stored beat 1.1.0; read");
    assert_int_equal(scene.queen->snapshot.completeness.verdict, SNAPSHOT_COMPLETE);
    scene_clear(&scene);
}

/* It is read again after 30 s, 60 s and 120 s, and then what is missing is not stored. */
static void whoever_is_missing_is_reported_once(void **state)
{
    struct scene scene;
    struct http_response response;
    unsigned cycles = 0;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; say \"retain_s\":86400; beat 1.1.0 @w1; beat 1.1.0 @w2; down; connect");
    scene_run(&scene, "stored beat 1.1.0 @w1; read");
    assert_int_equal(scene.queen->snapshot.completeness.verdict, SNAPSHOT_INCOMPLETE);
    response = scene_http(&scene, &(struct http_request){ .method = "GET", .path = "/health" });
    assert_non_null(strstr(buf_str(&response.body), "\"status\":\"warn\""));
    assert_non_null(strstr(buf_str(&response.body), "1 of at least 2 stored workers were read"));
    buf_clear(&response.body);
    for (; scene.queen->snapshot.completeness.verdict != SNAPSHOT_COMPLETE; cycles++) {
        assert_true(cycles < 5);
        scene_run(&scene, cycles == 0 ? "wait 30000" : cycles == 1 ? "wait 60000" : "wait 120000");
        scene_run(&scene, "suback; stored beat 1.1.0 @w1; read");
    }
    assert_int_equal(cycles, 3);
    assert_non_null(strstr(buf_str(&scene.notice), "has not stored 1 workers that it should have"));
    keep(&scene.notice, TEXT(""));
    scene_run(&scene, "down; connect; stored beat 1.1.0 @w1; read");
    assert_int_equal(scene.queen->snapshot.completeness.verdict, SNAPSHOT_COMPLETE);
    assert_int_equal(scene.notice.len, 0);
    scene_clear(&scene);
}

static void what_is_evidence_that_some_is_missing(void **state)
{
    static const struct {
        const char *why, *script;
        int verdict;
    } rows[] = {
        { "a worker without message expiry need not be stored", "up; beat 1.1.0; down; up", SNAPSHOT_COMPLETE },
        { "one whose expiry is over", "up; say \"retain_s\":60,\"interval_ms\":1000; beat 1.1.0; wait 61000; down; up",
          SNAPSHOT_COMPLETE },
        { "one that is received live meanwhile",
          "up; say \"retain_s\":600; beat 1.1.0; down; connect; beat 1.1.1; read", SNAPSHOT_COMPLETE },
        { "one that was last heard over HTTP", "up; say \"retain_s\":600; post 1.1.0; down; up", SNAPSHOT_COMPLETE },
        { "one that must be", "up; say \"retain_s\":600; beat 1.1.0; down; up", SNAPSHOT_INCOMPLETE },
        { "a hive that has as many workers as it says it has",
          HIVE "; say \"workers\":{\"total\":1}; beat 1.1.1 @h1/; say; beat 1.1.0 @h1/w1; down; up",
          SNAPSHOT_COMPLETE },
        { "... and one that has more",
          HIVE "; say \"workers\":{\"total\":2}; beat 1.1.1 @h1/; say; "
               "beat 1.1.0 @h1/w1; down; up",
          SNAPSHOT_INCOMPLETE },
        { "... which is down", HIVE "; say \"workers\":{\"total\":2}; beat 1.1.1 @h1/; say; bye 1.1 @h1/; down; up",
          SNAPSHOT_COMPLETE },
        { "a live heartbeat of a worker that was born before", "up; say \"retain_s\":600; beat 1.1.7",
          SNAPSHOT_INCOMPLETE },
        { "its first one", "up; say \"retain_s\":600; beat 1.1.0", SNAPSHOT_COMPLETE },
        { "one behind its birth", "up; birth 1.1; say \"retain_s\":600; beat 1.1.7", SNAPSHOT_COMPLETE },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, rows[i].script);
        if ((int)scene.queen->snapshot.completeness.verdict != rows[i].verdict)
            print_error("%s\n", rows[i].why);
        assert_int_equal(scene.queen->snapshot.completeness.verdict, rows[i].verdict);
        scene_clear(&scene);
    }
}

/* Copies over all, and of each hive by itself; and what the broker says it has dropped, or nothing. */
static void the_broker_counts_what_it_drops(void **state)
{
    static const struct {
        const char *why;
        unsigned copies;
        const char *before, *after;
        int verdict;
        size_t shown, stored;
    } rows[] = {
        { "few copies are never cut", 50, "7", NULL, SNAPSHOT_COMPLETE, 50, 50 },
        { "many, and it has not said anything since", 150, "7", NULL, SNAPSHOT_CHECKING, 150, 150 },
        { "... and it has dropped nothing", 150, "7", "7", SNAPSHOT_COMPLETE, 150, 150 },
        { "it has dropped some", 150, "7", "27", SNAPSHOT_INCOMPLETE, 150, 170 },
        { "it counts nothing", 150, NULL, NULL, SNAPSHOT_COMPLETE, 150, 150 },
        { "few may be cut, too", 50, "7", "27", SNAPSHOT_INCOMPLETE, 50, 70 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct completeness_numbers numbers;
        scene_init_large(&scene);
        scene_run(&scene, "up; down; connect");
        if (rows[i].before)
            count_by_broker(&scene, "dropped", rows[i].before, true);
        for (int times = 0; times < 2; times++) {
            read_up_to_heartbeats(&scene);
            run_for(&scene, "stored beat 1.1.0", "default", 1, rows[i].copies);
            scene_run(&scene, "read");
            if (times == 0 && rows[i].before)
                count_by_broker(&scene, "sent", "1", false);
            if (times == 0)
                scene_run(&scene, "wait 0; suback");
        }
        if (rows[i].after) {
            count_by_broker(&scene, "dropped", rows[i].after, false);
            count_by_broker(&scene, "sent", "1", false);
        }
        numbers = completeness_numbers(scene.queen);
        if ((int)scene.queen->snapshot.completeness.verdict != rows[i].verdict || numbers.stored != rows[i].stored)
            print_error("%s: %zu of %zu\n", rows[i].why, numbers.shown, numbers.stored);
        assert_int_equal(scene.queen->snapshot.completeness.verdict, rows[i].verdict);
        assert_int_equal(numbers.shown, rows[i].shown);
        assert_int_equal(numbers.stored, rows[i].stored);
        scene_clear(&scene);
    }
}

/* The passes of the queen's own are given up, so nothing else is read before the view is live. */
static void r19_the_broker_counts_and_nothing_is_read(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "subscribe; mark");
    count_by_broker(&scene, "dropped", "7", true);
    count_by_broker(&scene, "dropped", "27", false);
    scene_run(&scene, "wait 20000");
    assert_true(queen_sees(scene.queen));
    assert_int_equal(scene.queen->snapshot.completeness.verdict, SNAPSHOT_INCOMPLETE);
    scene_clear(&scene);
}

/* A second process, which has a row of a worker that no stored copy shows. */
static void r19_who_must_be_stored_is_known_over_a_restart(void **state)
{
    static const struct {
        const char *why;
        uint32_t retain_s;
        ms_t ago;
        bool over_http, lacks_retain;
        int64_t cap;
        size_t missing;
    } rows[] = {
        { "its copy must be there", 60, 59000, false, false, 0, 1 },
        { "... has expired", 60, 60000, false, false, 0, 0 },
        { "... need not be there", 0, 59000, false, false, 0, 0 },
        { "it sends over HTTP", 60, 59000, true, false, 0, 0 },
        { "the broker keeps nothing", 60, 59000, false, true, 0, 0 },
        { "... or not for so long", 60, 59000, false, false, 58, 0 },
        { "... or for longer", 60, 59000, false, false, 61, 1 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct store_row row = { .kind = STORE_RECORD,
                                 .hive = TEXT("default"),
                                 .worker = TEXT("w1"),
                                 .record = { .state = STATE_STALE,
                                             .announced = STATE_STALE,
                                             .is_of_store = true,
                                             .epoch = 9,
                                             .received_wall = SCENE_WALL - rows[i].ago,
                                             .seq = INT_ABSENT,
                                             .progress = INT_ABSENT,
                                             .interval_ms = INT_ABSENT,
                                             .lease_ms = INT_ABSENT,
                                             .retain_s = rows[i].retain_s,
                                             .over_http = rows[i].over_http } };
        scene_init(&scene);
        assert_int_equal(queen_restore(scene.queen, &row), OK);
        scene_record(&scene)->share->age.cap = rows[i].cap;
        scene_run(&scene, "connect");
        scene.queen->fit.facts.no_retain = rows[i].lacks_retain;
        scene_run(&scene, "read");
        if (scene.queen->snapshot.completeness.missing != rows[i].missing)
            fail_msg("%s: %zu missing", rows[i].why, scene.queen->snapshot.completeness.missing);
        scene_clear(&scene);
    }
}

/* Which is stored in its turn when it changes. */
static void r19_how_long_a_copy_is_kept_is_stored(void **state)
{
    struct store_row row;
    struct scene scene;
    unsigned records = 0;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; beat 1.1.1");
    while (queen_next_row(scene.queen, &row))
        continue;
    scene_run(&scene, "say \"retain_s\":600; beat 1.1.2; say \"retain_s\":600; beat 1.1.3");
    while (queen_next_row(scene.queen, &row))
        if (row.kind == STORE_RECORD) {
            assert_int_equal(row.record.retain_s, 600);
            records++;
        }
    assert_int_equal(records, 1);
    scene_run(&scene, "say \"retain_s\":600; beat 1.1.4");
    while (queen_next_row(scene.queen, &row))
        assert_int_equal(row.kind, STORE_LIFE);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r19_who_must_be_stored_is_known_over_a_restart),
        cmocka_unit_test(r19_how_long_a_copy_is_kept_is_stored),
        cmocka_unit_test(r19_the_broker_counts_and_nothing_is_read),
        cmocka_unit_test(the_first_time_each_kind_is_read_by_itself),
        cmocka_unit_test(a_small_fleet_is_read_in_few_passes),
        cmocka_unit_test(a_large_fleet_is_read_hive_by_hive),
        cmocka_unit_test(a_pass_that_is_cut_begins_anew),
        cmocka_unit_test(without_their_subacks_the_live_subscriptions_are_tried),
        cmocka_unit_test(whoever_is_found_is_looked_for_again),
        cmocka_unit_test(whoever_is_missing_is_reported_once),
        cmocka_unit_test(what_is_evidence_that_some_is_missing),
        cmocka_unit_test(the_broker_counts_what_it_drops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
