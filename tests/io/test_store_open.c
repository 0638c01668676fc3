/* What a process may find where its store should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "msg.h"
#include "store_scene.h"

/* Each with a sentence that has that part; then it begins anew. */
static void what_is_no_database_is_moved_aside(void **state)
{
    static const struct {
        const char *what, *sql, *expect;
    } rows[] = {
        { "no database", NULL, "not a database" },
        { "of a later version", "PRAGMA user_version = 1000", "it is of version 1000" },
        { "of another program", "PRAGMA application_id = 7", "it is not a queen's" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct store_row row = record("h1", "w1", STATE_STALE);
        struct errbuf e = { 0 };
        char command[256];
        store_scene_init(&scene);
        real_open(&scene);
        real_put(&scene, &row, 1);
        real_leave(&scene);
        if (rows[i].sql)
            snprintf(command, sizeof command, "sqlite3 %s '%s'", scene.path, rows[i].sql);
        else
            snprintf(command, sizeof command, "head -c 8192 /dev/zero >%s", scene.path);
        assert_int_equal(system(command), 0);
        assert_int_equal(store_open(scene.dir, &scene.store, &e), OK);
        if (!strstr(e.text, rows[i].expect) || !strstr(e.text, "queen.db.damaged-"))
            fail_msg("%s: `%s`", rows[i].what, e.text);
        real_load(&scene);
        assert_int_equal(scene.seen_count, 0);
        real_put(&scene, &row, 1);
        reopen(&scene, &kinds[0]);
        assert_int_equal(scene.seen_count, 1);
        store_scene_clear(&scene);
    }
}

static void two_queens_on_one_folder(void **state)
{
    struct scene scene;
    struct store *other;
    struct errbuf e = { 0 };
    (void)state;
    store_scene_init(&scene);
    real_open(&scene);
    assert_int_equal(store_open(scene.dir, &other, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.text, "another queen uses it"));
    assert_int_equal(store_check(scene.dir, &e), OK);
    store_scene_clear(&scene);
}

/* It has all that the queen had open, for as long as it executes no program of its own. */
static void a_child_of_a_killed_queen_is_waited_for(void **state)
{
    struct scene scene;
    pid_t child;
    (void)state;
    store_scene_init(&scene);
    real_open(&scene);
    if ((child = fork()) == 0) {
        nanosleep(&(struct timespec){ .tv_nsec = 200 * 1000 * 1000 }, NULL);
        _exit(0);
    }
    real_leave(&scene);
    real_open(&scene);
    assert_int_equal(waitpid(child, NULL, 0), child);
    store_scene_clear(&scene);
}

/* A file that others may write is no queen's; a folder that does not exist could be made. */
static void who_else_could_write_is_refused(void **state)
{
    struct scene scene;
    struct errbuf e = { 0 };
    char command[256], missing[128];
    (void)state;
    store_scene_init(&scene);
    real_open(&scene);
    real_leave(&scene);
    snprintf(command, sizeof command, "chmod 666 %s", scene.path);
    assert_int_equal(system(command), 0);
    assert_int_equal(store_open(scene.dir, &scene.store, &e), ERR_REFUSED);
    assert_int_equal(store_check(scene.dir, &e), ERR_REFUSED);
    snprintf(command, sizeof command, "chmod 777 %s", scene.dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(store_open(scene.dir, &scene.store, &e), ERR_REFUSED);
    snprintf(missing, sizeof missing, "%s/none", scene.dir);
    snprintf(command, sizeof command, "chmod 700 %s", scene.dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(store_check(missing, &e), OK);
    assert_int_equal(access(missing, F_OK), -1);
    store_scene_clear(&scene);
}

/* A table that somebody dropped stands for a disk that fails: the batch is lost, that is said, and a minute later it is
 * tried again. */
static void a_batch_that_fails(void **state)
{
    struct scene scene;
    struct store_row row = record("h1", "w1", STATE_STALE);
    char command[256];
    (void)state;
    store_scene_init(&scene);
    real_open(&scene);
    snprintf(command, sizeof command, "sqlite3 %s 'ALTER TABLE record RENAME TO other'", scene.path);
    assert_int_equal(system(command), 0);
    assert_true(store_takes(scene.store, 1000));
    store_put(scene.store, &row);
    store_commit(scene.store, 1000);
    assert_true(store_wait(scene.store));
    assert_false(store_takes(scene.store, 3000));
    assert_true(store_has_lost(scene.store));
    assert_false(store_has_lost(scene.store));
    assert_non_null(store_fault(scene.store));
    snprintf(command, sizeof command, "sqlite3 %s 'ALTER TABLE other RENAME TO record'", scene.path);
    assert_int_equal(system(command), 0);
    assert_false(store_takes(scene.store, 62999));
    assert_true(store_takes(scene.store, 63000));
    store_put(scene.store, &row);
    store_commit(scene.store, 63000);
    assert_true(store_wait(scene.store));
    (void)store_takes(scene.store, 63001);
    assert_null(store_fault(scene.store));
    reopen(&scene, &kinds[0]);
    assert_int_equal(scene.seen_count, 1);
    store_scene_clear(&scene);
}

static void assert_no_other_can_take(const struct scene *scene)
{
    struct store *other;
    struct errbuf e = { 0 };
    assert_int_equal(store_open(scene->dir, &other, &e), ERR_CONFLICT);
}

/* All is given again, to a new one, which this queen alone has. */
static void what_somebody_removes(void **state)
{
    static const char *const commands[] = {
        "rm $d/queen.db*", "rm $d/lock", "rm $d/*", "rm -r $d", "mv $d $d.moved && cp -r $d.moved $d && rm -r $d.moved",
    };
    struct store_row row = record("h1", "w1", STATE_STALE);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        struct scene scene;
        char command[256];
        store_scene_init(&scene);
        real_open(&scene);
        real_put(&scene, &row, 1);
        snprintf(command, sizeof command, "d=%s; %s", scene.dir, commands[i]);
        print_message("%s\n", command);
        assert_int_equal(system(command), 0);
        assert_true(store_takes(scene.store, 5000));
        store_put(scene.store, &row);
        store_commit(scene.store, 5000);
        assert_true(store_wait(scene.store));
        assert_false(store_takes(scene.store, 7000));
        assert_true(store_has_lost(scene.store));
        assert_non_null(strstr(store_fault(scene.store), "removed or replaced"));
        scene.now = 67000;
        real_put(&scene, &row, 1);
        (void)store_takes(scene.store, scene.now + 1);
        assert_null(store_fault(scene.store));
        assert_no_other_can_take(&scene);
        reopen(&scene, &kinds[0]);
        assert_int_equal(scene.seen_count, 1);
        store_scene_clear(&scene);
    }
}

/* ... and another queen has taken in the meantime. */
static void a_folder_that_another_queen_has_by_now(void **state)
{
    struct scene scene;
    struct store *other;
    struct store_row row = record("h1", "w1", STATE_STALE);
    struct errbuf e = { 0 };
    char command[256];
    (void)state;
    store_scene_init(&scene);
    real_open(&scene);
    real_put(&scene, &row, 1);
    snprintf(command, sizeof command, "rm -r %s", scene.dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(store_open(scene.dir, &other, &e), OK);
    for (ms_t at = 5000; at <= 66000; at += 61000) {
        assert_true(store_takes(scene.store, at));
        store_put(scene.store, &row);
        store_commit(scene.store, at);
        while (!store_wait(scene.store))
            ; /* for the lock */
        assert_false(store_takes(scene.store, at));
        assert_true(store_has_lost(scene.store));
        assert_non_null(strstr(store_fault(scene.store), at == 5000 ? "removed or replaced" : "another queen uses it"));
    }
    store_close(other);
    store_scene_clear(&scene);
}

/* Cannot be written at the start, when so many rows are read; and is, a minute after it can be, in the place of what is
 * there. */
static void taken_later(struct scene *scene, const char *mend, size_t read)
{
    struct store_row row = record("h1", "w2", STATE_STALE), now = life(1);
    struct errbuf e = { 0 };
    size_t refused;
    assert_int_equal(store_open(scene->dir, &scene->store, &e), OK);
    assert_non_null(store_fault(scene->store));
    assert_int_equal(store_load(scene->store, see, scene, &refused, &e), OK);
    assert_int_equal(scene->seen_count, read);
    assert_int_equal(strstr(store_fault(scene->store), "; what it holds was read") != NULL, read > 0);
    for (ms_t at = 1000; at <= 62000; at += 61000) {
        assert_true(store_takes(scene->store, at));
        store_put(scene->store, &now);
        store_put(scene->store, &row);
        store_commit(scene->store, at);
        assert_true(store_wait(scene->store));
        assert_int_equal(store_takes(scene->store, at), false);
        assert_int_equal(store_has_lost(scene->store), at == 1000);
        assert_int_equal(store_fault(scene->store) != NULL, at == 1000);
        if (at == 1000)
            assert_int_equal(system(mend), 0);
    }
    reopen(scene, &kinds[0]);
}

static void a_folder_that_is_there_later(void **state)
{
    struct scene scene;
    char mend[128], top[64];
    (void)state;
    store_scene_init(&scene);
    snprintf(top, sizeof top, "%s", scene.dir);
    snprintf(mend, sizeof mend, "mkdir -m 700 %s/later", top);
    snprintf(scene.dir, sizeof scene.dir, "%.40s/later/state", top);
    taken_later(&scene, mend, 0);
    assert_int_equal(scene.seen_count, 2);
    snprintf(scene.dir, sizeof scene.dir, "%s", top);
    store_scene_clear(&scene);
}

/* Its lock cannot be written; events are history and stay. */
static void a_database_that_was_not_read(void **state)
{
    struct scene scene;
    struct store_row rows[] = { record("h1", "w1", STATE_STALE), tombstone("w3"), incident(4, TIME_ABSENT), life(9),
                                event(5, "{}") };
    char command[192], mend[160];
    (void)state;
    store_scene_init(&scene);
    real_open(&scene);
    real_put(&scene, rows, ARRAY_LEN(rows));
    real_leave(&scene);
    snprintf(command, sizeof command, "rm %s/lock && mkdir %s/lock", scene.dir, scene.dir);
    assert_int_equal(system(command), 0);
    snprintf(mend, sizeof mend, "rmdir %s/lock", scene.dir);
    taken_later(&scene, mend, 0);
    assert_int_equal(scene.seen_count, 3);
    assert_int_equal(scene.seen[0].life.life, 1);
    assert_true(text_is(scene.seen[1].worker, "w2"));
    assert_int_equal(scene.seen[2].event.id, 5);
    store_scene_clear(&scene);
}

#define NOBODY 65534

/* Root may write whatever its mode is. */
static void become_nobody(const struct scene *scene)
{
    if (geteuid() != 0)
        return;
    assert_int_equal(chown(scene->dir, NOBODY, NOBODY), 0);
    assert_int_equal(seteuid(NOBODY), 0);
}

/* As it is left by a queen that ends, and by one that is killed. */
static void a_database_that_can_only_be_read(void **state)
{
    static const char *const leaves[] = { "cp -a $d $d.killed; rm -r $d.killed", "cp -a $d $d.killed" };
    struct store_row rows[] = { record("h1", "w1", STATE_STALE), tombstone("w3"), incident(4, TIME_ABSENT), life(9),
                                event(5, "{}") };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(leaves); i++) {
        struct scene scene;
        struct store *other;
        struct errbuf e = { 0 };
        char command[320], mend[160];
        store_scene_init(&scene);
        become_nobody(&scene);
        real_open(&scene);
        real_put(&scene, rows, ARRAY_LEN(rows));
        snprintf(command, sizeof command, "d=%s; %s", scene.dir, leaves[i]);
        assert_int_equal(system(command), 0);
        real_leave(&scene);
        snprintf(command, sizeof command,
                 "d=%s; if [ -e $d.killed ]; then rm -r $d && mv $d.killed $d && ls $d/queen.db-wal; fi; "
                 "chmod 400 $d/* && chmod 500 $d",
                 scene.dir);
        assert_int_equal(system(command), 0);
        assert_int_equal(store_open(scene.dir, &scene.store, &e), OK);
        assert_int_equal(store_open(scene.dir, &other, &e), ERR_CONFLICT);
        real_leave(&scene);
        snprintf(mend, sizeof mend, "d=%s; chmod 700 $d; chmod 600 $d/*", scene.dir);
        taken_later(&scene, mend, ARRAY_LEN(rows));
        assert_int_equal(scene.seen_count, 3);
        store_scene_clear(&scene);
        assert_int_equal(seteuid(getuid()), 0);
    }
}

/* Each with a sentence that has that part. */
static void what_cannot_be_read_without_being_written(void **state)
{
    static const struct {
        const char *what, *command, *expect;
        enum err err;
    } rows[] = {
        { "no database", "head -c 8192 /dev/zero >$d/queen.db", "not a database", ERR_SYNTAX },
        { "an empty one", ": >$d/queen.db", "it is not a queen's", ERR_SYNTAX },
        { "of an earlier version", "sqlite3 $d/queen.db 'PRAGMA user_version = 3'",
          "it is of version 3, and is read when it can be written", ERR_IO },
        { "of a later version", "sqlite3 $d/queen.db 'PRAGMA user_version = 1000'", "it is of version 1000",
          ERR_SYNTAX },
        { "others may write it", "chmod 422 $d/queen.db; keep=1", "others than its owner may write it", ERR_REFUSED },
        { "there is none", "rm $d/queen.db", "", OK },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct store_row row = record("h1", "w1", STATE_STALE);
        struct errbuf e = { 0 };
        char command[320];
        size_t refused;
        store_scene_init(&scene);
        become_nobody(&scene);
        real_open(&scene);
        real_put(&scene, &row, 1);
        real_leave(&scene);
        snprintf(command, sizeof command, "d=%s; %s; [ \"$keep\" ] || chmod 400 $d/*; chmod 500 $d", scene.dir,
                 rows[i].command);
        assert_int_equal(system(command), 0);
        print_message("%s\n", rows[i].what);
        assert_int_equal(store_open(scene.dir, &scene.store, &e), OK);
        assert_non_null(store_fault(scene.store));
        e = (struct errbuf){ 0 };
        assert_int_equal(store_load(scene.store, see, &scene, &refused, &e), rows[i].err);
        assert_non_null(strstr(e.text, rows[i].expect));
        assert_int_equal(scene.seen_count, 0);
        snprintf(command, sizeof command, "chmod 700 %s", scene.dir);
        assert_int_equal(system(command), 0);
        store_scene_clear(&scene);
        assert_int_equal(seteuid(getuid()), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_database_is_moved_aside),
        cmocka_unit_test(two_queens_on_one_folder),
        cmocka_unit_test(a_child_of_a_killed_queen_is_waited_for),
        cmocka_unit_test(who_else_could_write_is_refused),
        cmocka_unit_test(a_batch_that_fails),
        cmocka_unit_test(what_somebody_removes),
        cmocka_unit_test(a_folder_that_another_queen_has_by_now),
        cmocka_unit_test(a_folder_that_is_there_later),
        cmocka_unit_test(a_database_that_was_not_read),
        cmocka_unit_test(a_database_that_can_only_be_read),
        cmocka_unit_test(what_cannot_be_read_without_being_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
