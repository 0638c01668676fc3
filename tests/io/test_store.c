/* One contract for two stores: the database, and the one that the simulated fleet has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "msg.h"
#include "store_scene.h"

static void what_was_put_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct scene scene;
        struct store_row rows[] = { record("h1", "w1", STATE_STALE), record("h1", "", STATE_ONLINE), tombstone("w9"),
                                    life(1) };
        store_scene_init(&scene);
        kinds[i].open(&scene);
        kinds[i].put(&scene, rows, ARRAY_LEN(rows));
        reopen(&scene, &kinds[i]);
        assert_int_equal(scene.seen_count, 4);
        assert_same(&scene.seen[0], &rows[3]); /* in the order of the kinds */
        assert_same(&scene.seen[1], &rows[2]);
        assert_same(&scene.seen[2], scene.seen[2].worker.len > 0 ? &rows[0] : &rows[1]);
        assert_same(&scene.seen[3], scene.seen[3].worker.len > 0 ? &rows[0] : &rows[1]);
        store_scene_clear(&scene);
    }
}

static void a_later_row_replaces_an_earlier_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct scene scene;
        struct store_row rows[] = { record("h1", "w1", STATE_ONLINE), record("h1", "w2", STATE_ONLINE), tombstone("w1"),
                                    record("h1", "w1", STATE_STALE) };
        store_scene_init(&scene);
        kinds[i].open(&scene);
        kinds[i].put(&scene, rows, ARRAY_LEN(rows));
        rows[1].removed = rows[2].removed = true;
        kinds[i].put(&scene, &rows[1], 2);
        reopen(&scene, &kinds[i]);
        assert_int_equal(scene.seen_count, 1);
        assert_same(&scene.seen[0], &rows[3]);
        store_scene_clear(&scene);
    }
}

/* One that ends replaces itself. */
static void incidents_are_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct scene scene;
        struct store_row rows[] = { incident(1, TIME_ABSENT), incident(1, 1700000000001) };
        store_scene_init(&scene);
        kinds[i].open(&scene);
        kinds[i].put(&scene, rows, ARRAY_LEN(rows));
        reopen(&scene, &kinds[i]);
        assert_int_equal(scene.seen_count, 1);
        assert_same(&scene.seen[0], &rows[1]);
        store_scene_clear(&scene);
    }
}

/* At least so many are kept. */
/* However many others come: what is open stays. */
static void the_oldest_incidents_go(void **state)
{
    size_t count = STORE_INCIDENTS + 12000;
    struct store_row *rows = calloc(count, sizeof *rows);
    struct scene scene;
    (void)state;
    assert_non_null(rows);
    store_scene_init(&scene);
    real_open(&scene);
    for (size_t i = 0; i < count; i++)
        rows[i] = incident(i + 1, i == 1 ? TIME_ABSENT : 1700000000001);
    real_put(&scene, rows, count);
    reopen(&scene, &kinds[0]);
    assert_in_range(scene.seen_count, STORE_INCIDENTS, count - 1);
    assert_same(&scene.seen[0], &rows[1]);
    assert_true(scene.seen[1].incident.id > 3);
    assert_int_equal(scene.seen[scene.seen_count - 1].incident.id, count);
    store_scene_clear(&scene);
    free(rows);
}

/* In the order of their ids, each once, however often they were given. */
static void events_are_kept_in_their_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct scene scene;
        struct store_row rows[] = { event(1, "{\"a\":1}"), event(7, "{\"a\":2}"), record("h1", "w1", STATE_STALE),
                                    event(UINT64_C(1) << 52, "{}") };
        store_scene_init(&scene);
        kinds[i].open(&scene);
        kinds[i].put(&scene, rows, 3);
        kinds[i].put(&scene, &rows[1], 3);
        reopen(&scene, &kinds[i]);
        assert_int_equal(scene.seen_count, 4);
        assert_same(&scene.seen[0], &rows[2]);
        assert_int_equal(scene.seen[1].event.id, 1);
        assert_same(&scene.seen[2], &rows[1]);
        assert_same(&scene.seen[3], &rows[3]);
        store_scene_clear(&scene);
    }
}

#define LARGE (16 * 1024)

/* So many are kept, and so many bytes: the oldest go. */
static void the_oldest_events_go(void **state)
{
    static char large[LARGE + 1];
    static const struct {
        const char *document;
        size_t count, kept;
    } rows[] = { { "{}", STORE_EVENTS + 3000, STORE_EVENTS },
                 { large, STORE_EVENT_BYTES / LARGE + 500, STORE_EVENT_BYTES / LARGE } };
    (void)state;
    memset(large, ' ', LARGE);
    for (size_t i = 0; i < 2 * ARRAY_LEN(kinds); i++) {
        const struct store_kind_ops *kind = &kinds[i / 2];
        size_t count = rows[i % 2].count;
        struct scene scene;
        struct store_row *events = calloc(count, sizeof *events);
        assert_non_null(events);
        store_scene_init(&scene);
        kind->open(&scene);
        for (size_t id = 1; id <= count; id++)
            events[id - 1] = event(id, rows[i % 2].document);
        kind->put(&scene, events, count / 2);
        kind->leave(&scene); /* the next process goes on counting */
        kind->open(&scene);
        kind->put(&scene, events + count / 2, count - count / 2);
        reopen(&scene, kind);
        assert_int_equal(scene.seen_count, rows[i % 2].kept);
        assert_int_equal(scene.seen[0].event.id, count - rows[i % 2].kept + 1);
        assert_int_equal(scene.seen[scene.seen_count - 1].event.id, count);
        store_scene_clear(&scene);
        free(events);
    }
}

static void a_hundred_thousand_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct scene scene;
        struct store_row *rows = calloc(ROWS, sizeof *rows);
        char(*names)[16] = calloc(ROWS, sizeof *names);
        assert_true(rows && names);
        store_scene_init(&scene);
        kinds[i].open(&scene);
        for (size_t row = 0; row < ROWS; row++) {
            snprintf(names[row], sizeof names[row], "w%zu", row);
            rows[row] = record("h1", names[row], STATE_ONLINE);
        }
        kinds[i].put(&scene, rows, ROWS);
        reopen(&scene, &kinds[i]);
        assert_int_equal(scene.seen_count, ROWS);
        store_scene_clear(&scene);
        free(rows);
        free(names);
    }
}

/* More than one batch takes, and the process ends before the last one: nothing of it is kept. */
static void a_full_batch_is_kept_with_the_one_behind_it(void **state)
{
    struct scene scene;
    struct store_row row = record("h1", "w1", STATE_STALE), later = record("h1", "w2", STATE_STALE);
    (void)state;
    store_scene_init(&scene);
    for (size_t i = 0; i < 2; i++) {
        real_open(&scene);
        assert_true(store_takes(scene.store, 1000));
        while (store_has_room(scene.store))
            store_put(scene.store, &row);
        store_commit(scene.store, 1000);
        assert_true(store_wait(scene.store));
        if (i == 1)
            real_put(&scene, &later, 1);
        reopen(&scene, &kinds[0]);
        assert_int_equal(scene.seen_count, 2 * i);
        real_leave(&scene);
    }
    store_scene_clear(&scene);
}

static void only_the_last_lives_are_kept(void **state)
{
    struct scene scene;
    (void)state;
    store_scene_init(&scene);
    real_open(&scene);
    for (uint32_t i = 1; i <= STORE_LIVES + 5; i++) {
        struct store_row row = life(i);
        real_put(&scene, &row, 1);
    }
    reopen(&scene, &kinds[0]);
    assert_int_equal(scene.seen_count, STORE_LIVES);
    assert_int_equal(scene.seen[STORE_LIVES - 1].life.life, STORE_LIVES + 5);
    store_scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incidents_are_kept),           cmocka_unit_test(the_oldest_incidents_go),
        cmocka_unit_test(what_was_put_is_read),         cmocka_unit_test(a_later_row_replaces_an_earlier_one),
        cmocka_unit_test(a_hundred_thousand_rows),      cmocka_unit_test(events_are_kept_in_their_order),
        cmocka_unit_test(the_oldest_events_go),         cmocka_unit_test(a_full_batch_is_kept_with_the_one_behind_it),
        cmocka_unit_test(only_the_last_lives_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
