/* What a batch of the store holds. */
#include "keeper.h"

#include "queen_script.h"

#define COMMANDED 7

/* The kinds of its rows, and the ids of events. */
static const char *batch(struct scene *scene, struct keeper *keeper, unsigned room, bool has_lost)
{
    static char ret[256];
    struct store_row row;
    size_t len = 0;
    ret[0] = '\0';
    keeper_turn(keeper, true, has_lost);
    for (; room > 0 && keeper_next(keeper, COMMANDED, &row); room--) {
        const char *kind = row.kind == STORE_LIFE ? "life" : row.kind == STORE_EVENT ? "event" : "row";
        len += (size_t)snprintf(ret + len, sizeof ret - len, "%s%s", len ? " " : "", kind);
        if (row.kind == STORE_EVENT)
            len += (size_t)snprintf(ret + len, sizeof ret - len, "-%llu",
                                    (unsigned long long)(queen_last_event(scene->queen) - row.event.id));
        if (row.kind == STORE_LIFE)
            assert_int_equal(row.life.commanded, COMMANDED);
    }
    keeper_filled(keeper, room == 0);
    return ret;
}

static void begin(struct scene *scene, struct keeper *keeper)
{
    scene_init(scene);
    keeper_init(keeper, scene->queen);
    scene_run(scene, "up; birth 1.1");
}

/* Of each the event comes before its record; what came of a batch is known with the next one. */
static void events_come_first_and_once(void **state)
{
    struct keeper keeper;
    struct scene scene;
    (void)state;
    begin(&scene, &keeper);
    assert_string_equal(batch(&scene, &keeper, 100, false), "event-1 event-0 life row");
    scene_run(&scene, "crash 1.1");
    assert_string_equal(batch(&scene, &keeper, 100, false), "event-0 life row row");
    assert_string_equal(batch(&scene, &keeper, 100, false), "life");
    scene_clear(&scene);
}

/* With all that was in full batches before it. */
static void what_was_lost_is_given_again(void **state)
{
    struct keeper keeper;
    struct scene scene;
    (void)state;
    begin(&scene, &keeper);
    assert_string_equal(batch(&scene, &keeper, 1, false), "event-1");
    assert_string_equal(batch(&scene, &keeper, 100, false), "event-0 life row");
    assert_string_equal(batch(&scene, &keeper, 100, true), "event-1 event-0 life row");
    assert_string_equal(batch(&scene, &keeper, 100, false), "life");
    scene_clear(&scene);
}

/* Not for ever: one that the broker or the command has not is given to the next process. */
static void a_batch_waits_for_events_on_their_way(void **state)
{
    struct keeper keeper;
    struct scene scene;
    uint64_t last;
    (void)state;
    begin(&scene, &keeper);
    last = queen_last_event(scene.queen);
    assert_int_equal(keeper_wait(&keeper, last), 200);
    scene_step(&scene,
               (struct input){ .kind = INPUT_ACKED, .token = (uint64_t)TOKEN_EVENT << TOKEN_KIND_SHIFT | last });
    assert_int_equal(keeper_wait(&keeper, last), 0);
    assert_int_equal(keeper_wait(&keeper, last - 1), 200);
    scene_clear(&scene);
}

static void events_that_are_gone_are_one(void **state)
{
    struct keeper keeper;
    struct scene scene;
    struct store_row row;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1");
    keeper_init(&keeper, scene.queen);
    scene_run(&scene, "crash 1.1; birth 2.1");
    scene.queen->events.limit = 1; /* no room for any */
    scene_run(&scene, "crash 2.1");
    scene.queen->events.limit = 1024 * 1024;
    scene_run(&scene, "birth 3.1");
    keeper_turn(&keeper, true, false);
    assert_true(keeper_next(&keeper, COMMANDED, &row));
    assert_int_equal(row.event.id, queen_last_event(scene.queen) - 1);
    assert_non_null(strstr(row.event.document.at, "events_lost"));
    assert_int_equal(keeper.missed, 3);
    assert_true(keeper_next(&keeper, COMMANDED, &row));
    assert_int_equal(row.event.id, queen_last_event(scene.queen));
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_first_and_once),
        cmocka_unit_test(what_was_lost_is_given_again),
        cmocka_unit_test(a_batch_waits_for_events_on_their_way),
        cmocka_unit_test(events_that_are_gone_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
