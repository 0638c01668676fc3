/* A database of each earlier version is taken over, and each of its rows survives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "msg.h"
#include "store_scene.h"

/* As a queen of version 1 leaves it: what it announced has been published, and nothing of it is published again. */
static void a_database_of_version_1(void **state)
{
    struct scene scene;
    struct store_row rows[] = { life(3), record("h1", "w1", STATE_STALE), event(5, "{}") }, opened;
    char command[512];
    (void)state;
    store_scene_init(&scene);
    real_open(&scene);
    rows[1].record.announced = STATE_STALE;
    opened = incident(rows[1].record.event_id, TIME_ABSENT);
    real_put(&scene, rows, 2);
    real_leave(&scene);
    snprintf(command, sizeof command,
             "sqlite3 %s 'DROP TABLE event; DROP TABLE incident; ALTER TABLE life DROP COLUMN acked; ALTER TABLE life "
             "DROP COLUMN commanded;"
             "PRAGMA user_version = 1'",
             scene.path);
    assert_int_equal(system(command), 0);
    rows[0].life.told = rows[0].life.commanded = rows[0].life.last_event;
    real_open(&scene);
    real_load(&scene);
    assert_int_equal(scene.seen_count, 3);
    assert_same(&scene.seen[0], &rows[0]);
    assert_same(&scene.seen[1], &opened); /* that it is lost is an incident */
    assert_same(&scene.seen[2], &rows[1]);
    real_put(&scene, &rows[2], 1);
    reopen(&scene, &kinds[0]);
    assert_int_equal(scene.seen_count, 4);
    store_scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_database_of_version_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
