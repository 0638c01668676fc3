#include "queen_script.h"

#define ROWS_MAX 100

/* What a queen has given, copied. */
struct memory {
    struct store_row rows[ROWS_MAX];
    char names[ROWS_MAX][2][NAME_SIZE];
    size_t count;
};

static struct text copy(char to[NAME_SIZE], struct text from)
{
    memcpy(to, from.at ? from.at : "", from.len);
    to[from.len] = '\0';
    return (struct text){ to, from.len };
}

static void take(struct memory *memory, struct scene *scene)
{
    struct store_row row;
    *memory = (struct memory){ 0 };
    while (queen_next_row(scene->queen, &row)) {
        assert_true(memory->count < ROWS_MAX);
        row.hive = copy(memory->names[memory->count][0], row.hive);
        row.worker = copy(memory->names[memory->count][1], row.worker);
        memory->rows[memory->count++] = row;
    }
}

/* In the order of the kinds, as a store does; what was removed is not stored. */
static void give(const struct memory *memory, struct scene *scene)
{
    for (enum store_kind kind = 0; kind < STORE_KIND_COUNT; kind++)
        for (size_t i = 0; i < memory->count; i++)
            if (memory->rows[i].kind == kind && !memory->rows[i].removed)
                assert_int_equal(queen_restore(scene->queen, &memory->rows[i]), OK);
}

static unsigned count_of(const struct memory *memory, enum store_kind kind, bool removed)
{
    unsigned count = 0;
    for (size_t i = 0; i < memory->count; i++)
        count += memory->rows[i].kind == kind && memory->rows[i].removed == removed;
    return count;
}

static unsigned given(struct scene *scene, enum store_kind kind)
{
    struct memory memory;
    take(&memory, scene);
    return count_of(&memory, kind, false);
}

#define DIES "birth 1.1; will 1.1; ack 10; wait 250; ack 10"

/* A second process takes over what the first one gave. */
static void r17_a_process_goes_on_with_what_the_one_before_gave(void **state)
{
    static const struct {
        const char *before;
        struct row after;
    } rows[] = {
        { "birth 1.1; beat 1.1.1", { "who was online is unverified", "up", "| unverified" } },
        { "birth 1.1; beat 1.1.1", { "... and it beats", "up; beat 1.1.5", "| online" } },
        { "birth 1.1; beat 1.1.1", { "... with another process", "up; birth 2.1", "| online" } },
        { "birth 1.1; birth 2.1", { "... with a retired one", "up; beat 1.1.9", "| online" } },
        { "beat 1.1.1",
          { "... nothing comes of it", "up; wait 125000; ack 0",
            "probe, online -> stale (missed_heartbeats) | stale" } },
        { "beat 1.1.1", { "... a stored copy says nothing new", "connect; stored beat 1.1.1; read", "| unverified" } },
        { "birth 1.1",
          { "... has died", "connect; stored birth 1.1; stored will 1.1; read; wait 35000; ack 10; wait 250; ack 10",
            "ask, ask, online -> stale (last_will) | stale" } },
        { "birth 1.1", { "... has left", "connect; stored bye 1.1; read", "online -> offline (goodbye) | offline" } },
        { DIES, { "who was stale stays so", "up; wait 300000", "| stale" } },
        { DIES, { "... and it lives", "up; beat 1.2.5", "stale -> online (heartbeat) | online" } },
        { "birth 1.1; crash 1.1", { "who crashed stays so", "connect; stored crash 1.1; read", "| stale" } },
        { "birth 1.1; bye 1.1",
          { "who was offline stays so, and late beats of that connection say nothing", "up; beat 1.1.5",
            "| offline" } },
        { "birth 1.1; bye 1.1", { "... starts again", "up; birth 2.1", "offline -> online (birth) | online" } },
        { "beat 1.1.1; wait 66000",
          { "who was suspect by silence", "up; beat 1.1.2", "suspect -> online (heartbeat) | online" } },
        { "down; connect; stored birth 1.1; read",
          { "who was known by a stored copy only", "up; beat 1.1.1", "unknown -> online (heartbeat) | online" } },
        { "post 1.1.1", { "who was heard over HTTP", "up; post 1.1.2", "202 | online" } },
        { "post 1.1.1", { "... has its lease, and a grace", "up; wait 124999", "| unverified" } },
        { "post 1.1.1", { "... and no more", "up; wait 125000", "online -> stale (missed_heartbeats) | stale" } },
        { "", { "nobody is known", "up", "| gone" } },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct memory memory;
        scene_init(&scene);
        scene_run(&scene, "up");
        scene_run(&scene, rows[i].before);
        take(&memory, &scene);
        scene_clear(&scene);
        scene_init(&scene);
        give(&memory, &scene);
        row_check_in(&scene, &rows[i].after);
        scene_clear(&scene);
    }
}

static void what_has_changed_is_given_once(void **state)
{
    struct scene scene;
    struct memory memory;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; birth 1.1 @w2");
    take(&memory, &scene);
    assert_int_equal(count_of(&memory, STORE_LIFE, false), 1);
    assert_int_equal(count_of(&memory, STORE_RECORD, false), 2);
    assert_int_equal(given(&scene, STORE_RECORD), 0);
    scene_run(&scene, "beat 1.1.1; beat 1.1.2; wait 1000; beat 1.1.3");
    assert_int_equal(given(&scene, STORE_RECORD), 0); /* no write for a heartbeat */
    scene_run(&scene, "wait 31000; beat 1.1.4");
    assert_int_equal(given(&scene, STORE_RECORD), 1); /* it is established */
    scene_run(&scene, "beat 1.2.5");
    assert_int_equal(given(&scene, STORE_RECORD), 1);
    scene_run(&scene, "bye 1.2; birth 2.1; bye 2.1");
    assert_int_equal(given(&scene, STORE_RECORD), 1);
    queen_rows_lost(scene.queen);
    assert_int_equal(given(&scene, STORE_RECORD), 2);
    scene_clear(&scene);
}

static void r16_who_is_forgotten_is_removed_and_has_a_tombstone(void **state)
{
    struct scene scene;
    struct memory memory;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; bye 1.1");
    assert_int_equal(given(&scene, STORE_RECORD), 1);
    scene_run(&scene, "delete; wait 1000");
    take(&memory, &scene);
    assert_int_equal(count_of(&memory, STORE_RECORD, true), 1);
    assert_int_equal(count_of(&memory, STORE_TOMBSTONE, false), 1);
    scene_run(&scene, "birth 2.1");
    take(&memory, &scene);
    assert_int_equal(count_of(&memory, STORE_TOMBSTONE, true), 1);
    assert_int_equal(count_of(&memory, STORE_RECORD, false), 1);
    scene_clear(&scene);
}

/* Its row is there still, and that it was forgotten is, too. */
static void r16_an_end_that_was_not_announced_is_announced(void **state)
{
    struct scene scene;
    struct memory before, after;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; bye 1.1");
    take(&before, &scene);
    scene_run(&scene, "delete; wait 1000");
    take(&after, &scene);
    scene_clear(&scene);
    scene_init(&scene);
    give(&after, &scene);
    for (size_t i = 0; i < before.count; i++)
        if (before.rows[i].kind == STORE_RECORD)
            assert_int_equal(queen_restore(scene.queen, &before.rows[i]), OK);
    assert_null(scene_record(&scene));
    scene_run(&scene, "up; wait 1000");
    assert_non_null(strstr(buf_str(&scene.trace), "offline -> forgotten (forgotten)"));
    scene_clear(&scene);
}

/* R20: the wall clock goes back by a day between two processes, and that of the machine begins at 0 anyway. */
static void r17_clocks_and_ids_go_on(void **state)
{
    struct scene scene;
    struct memory memory;
    ms_t watch, loop;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; wait 50000; beat 1.1.1; packet");
    watch = scene.queen->watch.time;
    loop = scene.queen->watch.loop_time;
    take(&memory, &scene);
    scene_clear(&scene);
    scene_init(&scene);
    scene.wall -= 86400000;
    give(&memory, &scene);
    assert_int_equal(scene.queen->watch.time, watch);
    assert_int_equal(scene.queen->watch.loop_time, loop);
    assert_int_equal(scene_record(&scene)->received_at, watch);
    assert_true(scene.queen->next_event > (uint64_t)SCENE_WALL * 1000 + 1000000);
    scene_clear(&scene);
}

/* It was received in the first process to its end, and the second one never was heard of: its age stays. */
static void r17_an_age_does_not_move_with_further_restarts(void **state)
{
    struct scene scene;
    struct memory first, second;
    ms_t at;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; beat 1.1.1; wait 20000; packet; beat 1.1.2 @w2");
    take(&first, &scene);
    at = scene.queen->watch.last_packet_at;
    scene_clear(&scene);
    scene_init(&scene);
    give(&first, &scene);
    scene_run(&scene, "up; wait 10000; beat 1.1.3 @w2");
    take(&second, &scene);
    scene_clear(&scene);
    scene_init(&scene);
    give(&first, &scene); /* a store has both: the row of w1 is as it was */
    for (size_t i = 0; i < second.count; i++)
        if (second.rows[i].kind == STORE_LIFE)
            assert_int_equal(queen_restore(scene.queen, &second.rows[i]), OK);
    assert_int_equal(scene_record(&scene)->received_at, at);
    scene_clear(&scene);
}

/* A row of that kind with one thing changed. */
#define REFUSES(of_kind, change)                           \
    {                                                      \
        row = *row_of(&memory, of_kind);                   \
        change;                                            \
        if (queen_restore(scene.queen, &row) != ERR_RANGE) \
            fail_msg("%s", #change);                       \
    }
#define FAR (1LL << 52)

static const struct store_row *row_of(const struct memory *memory, enum store_kind kind)
{
    for (size_t i = 0; i < memory->count; i++)
        if (memory->rows[i].kind == kind)
            return &memory->rows[i];
    fail();
    return NULL;
}

static void what_no_queen_has_written_is_refused(void **state)
{
    struct scene scene;
    struct memory memory;
    struct store_row row;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; beat 1.1.1 @w2; delete force @w2; wait 1000");
    take(&memory, &scene);
    scene_clear(&scene);
    scene_init(&scene);
    row = *row_of(&memory, STORE_RECORD);
    row.hive = TEXT("a/b");
    assert_int_equal(queen_restore(scene.queen, &row), ERR_ID);
    REFUSES(STORE_RECORD, row.record.state = STATE_COUNT);
    REFUSES(STORE_RECORD, row.record.state = STATE_NONE);
    REFUSES(STORE_RECORD, row.record.announced = STATE_COUNT);
    REFUSES(STORE_RECORD, row.record.previous = STATE_COUNT);
    REFUSES(STORE_RECORD, row.record.cause = CAUSE_COUNT);
    REFUSES(STORE_RECORD, row.record.announced_cause = CAUSE_COUNT);
    REFUSES(STORE_RECORD, row.record.since_loop = FAR);
    REFUSES(STORE_RECORD, row.record.since_loop = -FAR);
    REFUSES(STORE_RECORD, row.record.since_wall = FAR);
    REFUSES(STORE_RECORD, row.record.received_at = INT64_MIN);
    REFUSES(STORE_RECORD, row.record.received_wall = FAR);
    REFUSES(STORE_RECORD, row.record.not_before = FAR);
    REFUSES(STORE_RECORD, row.record.interval_ms = INT_ABSENT - 1);
    REFUSES(STORE_RECORD, row.record.interval_ms = (int64_t)INT32_MAX + 1);
    REFUSES(STORE_RECORD, row.record.lease_ms = (int64_t)INT32_MAX + 1);
    REFUSES(STORE_RECORD, row.record.connect_ms = -1);
    REFUSES(STORE_RECORD, row.record.connect_ms = RECORD_CONNECT_MAX + 1);
    REFUSES(STORE_RECORD, row.record.evidence.seen_at = INT64_MIN);
    REFUSES(STORE_RECORD, (row.worker.len = 0, row.record.state = STATE_ZOMBIE)); /* no hive is */
    REFUSES(STORE_RECORD, (row.worker.len = 0, row.record.announced = STATE_ZOMBIE));
    REFUSES(STORE_RECORD, (row.worker.len = 0, row.record.previous = STATE_UNREACHABLE));
    REFUSES(STORE_RECORD, (row.worker.len = 0, row.record.was_zombie = true));
    REFUSES(STORE_TOMBSTONE, row.tombstone.added_at = FAR);
    REFUSES(STORE_LIFE, row.life.loop = INT64_MAX);
    REFUSES(STORE_LIFE, row.life.watch = FAR);
    REFUSES(STORE_LIFE, row.life.wall = -FAR);
    REFUSES(STORE_LIFE, row.life.grace_from = FAR);
    REFUSES(STORE_LIFE, row.life.acked = EVENT_ID_MAX + 1);
    REFUSES(STORE_LIFE, row.life.commanded = EVENT_ID_MAX + 1);
    REFUSES(STORE_LIFE, row.life.life = UINT32_MAX);
    assert_null(scene_record(&scene));
    row = *row_of(&memory, STORE_LIFE);
    row.life.life = 7;
    row.life.acked = row.life.commanded = EVENT_ID_MAX;
    row.life.watch = FAR - 1;
    row.life.loop = 1 - FAR;
    assert_int_equal(queen_restore(scene.queen, &row), OK);
    REFUSES(STORE_LIFE, row.life.life = 6); /* it comes before that one */
    row = *row_of(&memory, STORE_RECORD);
    row.record.interval_ms = INT32_MAX;
    row.record.connect_ms = RECORD_CONNECT_MAX;
    assert_int_equal(queen_restore(scene.queen, &row), OK);
    scene_clear(&scene);
}

/* R2, R1: which processes were before it, and what is over. */
static void r17_what_is_known_of_its_process_is_restored(void **state)
{
    static const struct {
        const char *before;
        unsigned session, connection;
        unsigned retired[2];
        bool closed, will_closed;
    } rows[] = {
        { "birth 1.1", 1, 1, { 0 }, false, false },
        { "birth 1.1; birth 2.3", 2, 3, { 1 }, false, false },
        { "birth 1.1; birth 2.1; birth 3.1", 3, 1, { 2, 1 }, false, false },
        { "birth 1.1; bye 1.1", 1, 1, { 0 }, true, false },
        { "birth 1.1; will 1.1; ack 10; wait 250; ack 10", 1, 1, { 0 }, false, true },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct memory memory;
        const struct record *record;
        print_message("%s\n", rows[i].before);
        scene_init(&scene);
        scene_run(&scene, "up");
        scene_run(&scene, rows[i].before);
        take(&memory, &scene);
        scene_clear(&scene);
        scene_init(&scene);
        give(&memory, &scene);
        assert_int_equal(queen_restore(scene.queen, row_of(&memory, STORE_RECORD)), OK); /* twice is fine */
        record = scene_record(&scene);
        assert_true(record->incarnation.known);
        assert_int_equal(record->incarnation.session, SCENE_SESSION + rows[i].session);
        assert_int_equal(record->incarnation.connection, rows[i].connection);
        assert_int_equal(record->incarnation.retired != NULL, rows[i].retired[0] != 0);
        for (size_t at = 0; at < 2 && rows[i].retired[at]; at++)
            assert_int_equal(record->incarnation.retired[at], SCENE_SESSION + rows[i].retired[at]);
        assert_int_equal(record->closed, rows[i].closed);
        assert_int_equal(record->will_closed, rows[i].will_closed);
        scene_clear(&scene);
    }
}

/* Beyond --max-workers: nobody is evicted for one that was known once. */
static void r17_more_rows_than_there_is_room_for(void **state)
{
    struct scene scene;
    struct memory memory;
    struct queen_options options = scene_options;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; birth 1.1 @w2");
    take(&memory, &scene);
    scene_clear(&scene);
    options.max_workers = 1;
    scene_init_with(&scene, &options);
    assert_int_equal(queen_restore(scene.queen, &memory.rows[1]), OK);
    assert_int_equal(queen_restore(scene.queen, &memory.rows[2]), ERR_FULL);
    assert_non_null(scene_record(&scene));
    scene_clear(&scene);
}

/* Else a restored fleet would be hardly alive, and the first newcomers would evict it. */
static void r17_who_was_established_is(void **state)
{
    struct scene scene;
    struct memory memory;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; beat 1.1.1; wait 31000; beat 1.1.2; beat 1.1.1 @w2");
    take(&memory, &scene);
    scene_clear(&scene);
    scene_init(&scene);
    give(&memory, &scene);
    assert_true(scene_record(&scene)->established);
    assert_false(registry_find(&scene.queen->registry, TEXT("default"), TEXT("w2"))->established);
    scene_clear(&scene);
}

/* The process before was killed between its verdict and the next batch. */
static void r17_a_later_verdict_is_given_to_the_store(void **state)
{
    static const char *const verdicts[] = { "stored verdict online birth 1.1 1700000000900000",
                                            "stored verdict stale last_will 1.1 1700000000900000" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
        struct scene scene;
        struct memory memory;
        scene_init(&scene);
        scene_run(&scene, "connect; beat 1.1.1"); /* known, and nothing is announced before the end marker */
        take(&memory, &scene);
        scene_clear(&scene);
        scene_init(&scene);
        give(&memory, &scene);
        scene_run(&scene, "connect");
        assert_int_equal(given(&scene, STORE_RECORD), 0);
        scene_run(&scene, verdicts[i]);
        assert_int_equal(scene_record(&scene)->state, i == 0 ? STATE_UNVERIFIED : STATE_STALE);
        assert_int_equal(given(&scene, STORE_RECORD), 1);
        scene_run(&scene, "read; wait 1000");
        assert_int_equal(scene.events, 1); /* live */
        scene_clear(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r17_a_process_goes_on_with_what_the_one_before_gave),
        cmocka_unit_test(what_has_changed_is_given_once),
        cmocka_unit_test(r16_who_is_forgotten_is_removed_and_has_a_tombstone),
        cmocka_unit_test(r16_an_end_that_was_not_announced_is_announced),
        cmocka_unit_test(r17_clocks_and_ids_go_on),
        cmocka_unit_test(r17_an_age_does_not_move_with_further_restarts),
        cmocka_unit_test(what_no_queen_has_written_is_refused),
        cmocka_unit_test(r17_what_is_known_of_its_process_is_restored),
        cmocka_unit_test(r17_more_rows_than_there_is_room_for),
        cmocka_unit_test(r17_who_was_established_is),
        cmocka_unit_test(r17_a_later_verdict_is_given_to_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
