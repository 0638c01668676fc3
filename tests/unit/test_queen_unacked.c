/* R17: the events of an earlier process, as a store has them: which are published, and when. */
#include "queen_script.h"

#define FIRST (UINT64_C(1700000000000) * 1000)
#define EVENTS 5
#define DOCUMENT_MAX (64 * 1024) /* as in unacked.c */

static enum err restore_life(struct scene *scene, uint64_t acked)
{
    struct store_row row = {
        .kind = STORE_LIFE,
        .life = { .life = 1, .epoch = 13, .grace_from = MS_NEVER, .last_event = FIRST + EVENTS, .acked = acked }
    };
    return queen_restore(scene->queen, &row);
}

static enum err restore_event(struct scene *scene, uint64_t id, const char *document)
{
    struct store_row row = { .kind = STORE_EVENT, .hive = TEXT("h1"), .event = { id, text_of(document) } };
    enum err err = queen_restore(scene->queen, &row);
    scene->last_event = queen_last_event(scene->queen);
    return err;
}

static const char *long_document(size_t len)
{
    static char document[DOCUMENT_MAX + 2];
    memset(document, 'x', len);
    document[len] = '\0';
    return document;
}

static void restore(struct scene *scene, uint64_t acked)
{
    assert_int_equal(restore_life(scene, acked), OK);
    for (uint64_t i = 1; i <= EVENTS; i++)
        assert_int_equal(restore_event(scene, FIRST + i, "{\"state\":\"stale\"}"), OK);
}

static void what_was_not_acknowledged_is_published_before_all_else(void **state)
{
    static const struct {
        uint64_t acked;
        unsigned again; /* so many are published */
    } rows[] = { { 0, 5 }, { FIRST, 5 }, { FIRST + 3, 2 }, { FIRST + EVENTS, 0 }, { FIRST + 100, 0 } };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct buf want = BUF_INIT;
        scene_init(&scene);
        restore(&scene, rows[i].acked);
        scene_run(&scene, "connect; birth 1.1");
        assert_string_equal(buf_str(&scene.trace), ""); /* the view is not live */
        scene_run(&scene, "read");
        for (unsigned again = 0; again < rows[i].again; again++)
            buf_printf(&want, "%sevent again", again ? ", " : "");
        buf_printf(&want, "%sunknown -> online (birth)", rows[i].again ? ", " : "");
        assert_string_equal(buf_str(&scene.trace), buf_str(&want));
        assert_true(scene.published > FIRST + EVENTS);
        buf_clear(&want);
        scene_clear(&scene);
    }
}

/* It comes behind them. */
static void what_a_verdict_shows_to_be_published_is_not_published_again(void **state)
{
    static const struct {
        const char *script, *want;
    } rows[] = {
        { "connect; stored verdict stale process_exited 1.1 1700000000000004; read", "event again" },
        { "connect; stored verdict stale process_exited 1.1 1700000000000001; read",
          "event again, event again, event again" },
        { "connect; stored verdict stale process_exited 1.1 1700000000000009; read",
          "" }, /* later than what is stored */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        restore(&scene, FIRST + 2);
        scene_run(&scene, rows[i].script);
        assert_string_equal(buf_str(&scene.trace), rows[i].want);
        scene_clear(&scene);
    }
}

/* In slices; who comes meanwhile waits, and the ids ascend. */
static void many_are_published_in_slices(void **state)
{
    struct queen_options options = scene_options;
    struct scene scene;
    (void)state;
    options.limits.records = 2;
    scene_init_with(&scene, &options);
    restore(&scene, 0);
    scene_run(&scene, "connect; read; birth 1.1");
    assert_string_equal(buf_str(&scene.trace), "event again, event again");
    assert_int_equal(queen_deadline(scene.queen), scene.now);
    scene_run(&scene, "down"); /* it was never live, so that it is not blind either */
    assert_int_equal(scene.events, 0);
    scene_run(&scene, "connect; read; wait 1");
    assert_non_null(strstr(buf_str(&scene.trace), "event again, event again, event again"));
    assert_int_equal(scene.last_event, queen_last_event(scene.queen));
    assert_true(scene.events >= 2); /* live, and the birth */
    scene_clear(&scene);
}

static void acknowledge(struct scene *scene, uint64_t id)
{
    scene_step(scene, (struct input){ .kind = INPUT_ACKED, .token = (uint64_t)TOKEN_EVENT << TOKEN_KIND_SHIFT | id });
}

static void the_highest_acknowledged_one_is_given_to_the_store(void **state)
{
    struct scene scene;
    struct store_row row;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1");
    assert_int_equal(queen_acked(scene.queen), 0);
    acknowledge(&scene, scene.last_event);
    acknowledge(&scene, scene.last_event - 1);
    assert_true(queen_acked(scene.queen) == scene.last_event && queen_last_event(scene.queen) == scene.last_event);
    assert_true(queen_next_row(scene.queen, &row));
    assert_int_equal(row.kind, STORE_LIFE);
    assert_true(row.life.acked == scene.last_event);
    scene_clear(&scene);
}

static void restore_dead(struct scene *scene)
{
    struct store_row row = { .kind = STORE_RECORD,
                             .hive = TEXT("default"),
                             .worker = TEXT("w1"),
                             .record = { .state = STATE_STALE,
                                         .announced = STATE_STALE,
                                         .previous = STATE_ONLINE,
                                         .cause = CAUSE_LAST_WILL,
                                         .announced_cause = CAUSE_LAST_WILL,
                                         .is_of_store = true,
                                         .event_id = FIRST + EVENTS,
                                         .revision = 1,
                                         .session = SCENE_SESSION + 1,
                                         .connection = 1,
                                         .known = true,
                                         .interval_ms = INT_ABSENT,
                                         .lease_ms = INT_ABSENT } };
    assert_int_equal(queen_restore(scene->queen, &row), OK);
}

/* A stored verdict shows that its event was published, and those before it; also one that is revised meanwhile. */
static void a_verdict_is_not_written_again_before_they_are_acknowledged(void **state)
{
    static const struct {
        const char *script, *want; /* on each link; of the verdict */
    } rows[] = {
        { "connect; read; wait 5000", "\"last_will\"" },
        { "connect; read; witness 1; wait 5000", "\"process_exited\"" },
        { "connect; stored witness 1; read; wait 5000", "\"process_exited\"" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        restore(&scene, FIRST + 2);
        restore_dead(&scene);
        scene_run(&scene, rows[i].script);
        acknowledge(&scene, FIRST + EVENTS - 1);
        scene_run(&scene, "wait 1000");
        assert_int_equal(scene.verdicts, 0);
        scene_run(&scene, "down");
        scene_run(&scene, rows[i].script); /* nor on the next link */
        assert_int_equal(scene.verdicts, 0);
        acknowledge(&scene, FIRST + EVENTS);
        scene_run(&scene, "wait 1000");
        assert_int_equal(scene.verdicts, 1);
        assert_non_null(strstr(buf_str(&scene.verdict), rows[i].want));
        scene_clear(&scene);
    }
}

/* Those who follow get what they missed, and none twice. */
static void restored_events_are_kept(void **state)
{
    struct scene scene;
    const struct event *event;
    (void)state;
    scene_init(&scene);
    restore(&scene, FIRST + EVENTS);
    scene_run(&scene, "up; birth 1.1");
    event = queen_event_after(scene.queen, FIRST + 3);
    assert_true(event->id == FIRST + 4 && event->previous == FIRST + 3);
    assert_string_equal(event->hive, "h1");
    event = queen_event_after(scene.queen, FIRST + EVENTS); /* live */
    assert_true(event->id > FIRST + EVENTS + 1 && event->previous == FIRST + EVENTS);
    scene_clear(&scene);
}

/* While they are published, however many they are; then as many as otherwise. */
static void all_of_them_are_kept_until_they_are_published(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    assert_int_equal(restore_life(&scene, FIRST), OK);
    for (uint64_t i = 1; i <= EVENT_RING_BYTES / DOCUMENT_MAX + 10; i++)
        assert_int_equal(restore_event(&scene, FIRST + i, long_document(DOCUMENT_MAX)), OK);
    assert_true(queen_event_after(scene.queen, 0)->id == FIRST + 1);
    scene_run(&scene, "up; wait 1000");
    assert_int_equal(scene.queen->events.limit, EVENT_RING_BYTES);
    scene_run(&scene, "birth 1.1");
    assert_true(queen_event_after(scene.queen, 0)->id > FIRST + 10);
    scene_clear(&scene);
}

/* The store has them for those who follow; the queue for the broker is another's. */
static void acknowledged_ones_take_no_more_room_than_others(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    assert_int_equal(restore_life(&scene, FIRST + 1), OK);
    assert_int_equal(restore_event(&scene, FIRST + 1, "{}"), OK);
    assert_int_equal(scene.queen->events.limit, EVENT_RING_BYTES);
    assert_int_equal(restore_event(&scene, FIRST + 2, "{}"), OK);
    assert_true(scene.queen->events.limit > EVENT_RING_BYTES);
    scene_clear(&scene);
}

/* Without a row of that process. */
static void ids_go_on_behind_them(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    assert_int_equal(restore_event(&scene, 2 * FIRST, "{}"), OK);
    scene_run(&scene, "up; birth 1.1");
    assert_true(scene.last_event > 2 * FIRST);
    scene_clear(&scene);
}

static void what_no_queen_has_stored_is_refused(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    restore(&scene, 0);
    assert_int_equal(restore_event(&scene, FIRST + EVENTS, "{}"), ERR_RANGE);
    assert_int_equal(restore_event(&scene, FIRST + EVENTS + 1, ""), ERR_RANGE);
    assert_int_equal(restore_event(&scene, FIRST + EVENTS + 1, "{\n}"), ERR_RANGE);
    assert_int_equal(restore_event(&scene, EVENT_ID_MAX + 1, "{}"), ERR_RANGE);
    assert_int_equal(restore_event(&scene, FIRST + EVENTS + 1, long_document(DOCUMENT_MAX + 1)), ERR_RANGE);
    assert_int_equal(restore_event(&scene, FIRST + EVENTS + 1, long_document(DOCUMENT_MAX)), OK);
    assert_int_equal(restore_event(&scene, FIRST + EVENTS + 2, "0"), OK);
    assert_int_equal(restore_event(&scene, EVENT_ID_MAX, "{}"), OK);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_acknowledged_is_published_before_all_else),
        cmocka_unit_test(what_a_verdict_shows_to_be_published_is_not_published_again),
        cmocka_unit_test(many_are_published_in_slices),
        cmocka_unit_test(the_highest_acknowledged_one_is_given_to_the_store),
        cmocka_unit_test(a_verdict_is_not_written_again_before_they_are_acknowledged),
        cmocka_unit_test(restored_events_are_kept),
        cmocka_unit_test(all_of_them_are_kept_until_they_are_published),
        cmocka_unit_test(acknowledged_ones_take_no_more_room_than_others),
        cmocka_unit_test(ids_go_on_behind_them),
        cmocka_unit_test(what_no_queen_has_stored_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
