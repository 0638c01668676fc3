/* A database of each earlier version, as a queen of that time left it, is taken over: each of its rows survives. The
 * SQL is frozen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "msg.h"
#include "store_scene.h"

#define TOMBSTONE_1                                                                                              \
    "CREATE TABLE tombstone(hive TEXT NOT NULL, worker TEXT NOT NULL, session, added, epoch, PRIMARY KEY(hive, " \
    "worker)) WITHOUT ROWID; INSERT INTO tombstone VALUES('h1', 'w9', -1, 5, 3);"
#define RECORD_1                                                                                                       \
    "CREATE TABLE record(hive TEXT NOT NULL, worker TEXT NOT NULL, state, cause, announced, announced_cause, "         \
    "previous, event_id, revision, incident, unannounced, silent, since_wall, since_loop, session, connection, seq, "  \
    "known, retired_1, retired_2, retired_3, retired_4, closed, will_closed, interval_ms, lease_ms, connect_ms, rpc, " \
    "over_http, life, epoch, received_at, received_wall, not_before, established, progress, was_zombie, path, "        \
    "result, took, seen_at, last_seen_ago, has_exit, exit_code, exit_signal, exit_oom, PRIMARY KEY(hive, worker)) "    \
    "WITHOUT ROWID; INSERT INTO record VALUES('h1', 'w1', 'stale', 'last_will', 'stale', 'birth', NULL, 9, 2, 0, 0, "  \
    "0, 1700000000000, -5, -2, 4294967295, 77, 1, 1, 2, -1, 0, 1, 0, 10000, -1, 300, 1, 0, 1, 7, 900, "                \
    "-9223372036854775808, 0, 1, -1, 1, 'witness', 'witnessed', 12, 13, 4294967295, 1, 139, 'SIGSEGV', -1);"
#define LIFE_1                                                                                      \
    "CREATE TABLE life(id INTEGER PRIMARY KEY, epoch, watch, loop, wall, grace_from, last_event); " \
    "INSERT INTO life VALUES(3, 7, 1000, 2000, 1700000000000, 9223372036854775807, 2251799813685248);"
#define LIFE_2                                                                                                        \
    "CREATE TABLE life(id INTEGER PRIMARY KEY, epoch, watch, loop, wall, grace_from, last_event, acked, commanded); " \
    "INSERT INTO life VALUES(3, 7, 1000, 2000, 1700000000000, 9223372036854775807, 2251799813685248, 11, 12);"
#define EVENT_2                                                                                                   \
    "CREATE TABLE event(id INTEGER PRIMARY KEY, hive TEXT NOT NULL, document TEXT NOT NULL, ordinal INTEGER NOT " \
    "NULL, bytes INTEGER NOT NULL); INSERT INTO event VALUES(5, 'h1', '{}', 1, 2);"
#define INCIDENT_3                                                                                                 \
    "CREATE TABLE incident(id INTEGER PRIMARY KEY, hive TEXT NOT NULL, worker TEXT NOT NULL, kind, class, state, " \
    "cause, session, connection, opened, ended, ended_by); INSERT INTO incident VALUES(9, 'h1', 'w1', 'worker', "  \
    "'lost', 'stale', 'birth', -2, 4294967295, 1700000000000, -9223372036854775808, NULL);"
#define IS_OF(version) "PRAGMA application_id = 0x534B4550; PRAGMA user_version = " #version ";"

static const char *const databases[] = {
    LIFE_1 TOMBSTONE_1 RECORD_1 IS_OF(1),
    LIFE_2 TOMBSTONE_1 RECORD_1 EVENT_2 IS_OF(2),
    LIFE_2 TOMBSTONE_1 RECORD_1 EVENT_2 INCIDENT_3 IS_OF(3),
};

static void write_database(const struct scene *scene, const char *sql)
{
    char command[128];
    FILE *to;
    snprintf(command, sizeof command, "umask 077; sqlite3 %s", scene->path);
    assert_non_null(to = popen(command, "w"));
    assert_true(fputs(sql, to) >= 0);
    assert_int_equal(pclose(to), 0);
}

/* What a later version has and this one had not is as if it were not known. */
static void rows_of_version(int version, struct store_row rows[5], size_t *ret_count)
{
    struct store_row all[] = { life(3), tombstone("w9"), incident(9, TIME_ABSENT), record("h1", "w1", STATE_STALE),
                               event(5, "{}") };
    all[3].record.announced = STATE_STALE;
    all[3].record.retain_s = 0;
    if (version == 1)
        all[0].life.acked = all[0].life.commanded = all[0].life.last_event; /* it has published all that it announced */
    memcpy(rows, all, sizeof all);
    *ret_count = version == 1 ? 4 : 5; /* that it is lost is an incident, whoever opened it */
}

static void an_earlier_version_is_taken_over(void **state)
{
    (void)state;
    for (int version = 1; version <= (int)ARRAY_LEN(databases); version++) {
        struct scene scene;
        struct store_row rows[5], more = record("h1", "w2", STATE_ONLINE);
        size_t count;
        store_scene_init(&scene);
        write_database(&scene, databases[version - 1]);
        rows_of_version(version, rows, &count);
        real_open(&scene);
        real_load(&scene);
        assert_int_equal(scene.seen_count, count);
        for (size_t i = 0; i < count; i++)
            assert_same(&scene.seen[i], &rows[i]);
        real_put(&scene, &more, 1);
        reopen(&scene, &kinds[0]);
        assert_int_equal(scene.seen_count, count + 1);
        assert_same(&scene.seen[4], &more); /* the column that is new, too */
        store_scene_clear(&scene);
    }
}

/* Column by column: rows are read by their places. */
static void one_that_was_taken_over_is_as_a_new_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(databases); i++) {
        struct scene scene;
        char command[512];
        store_scene_init(&scene);
        real_open(&scene);
        real_leave(&scene);
        snprintf(command, sizeof command, "mv %s %s/new", scene.path, scene.dir);
        assert_int_equal(system(command), 0);
        write_database(&scene, databases[i]);
        real_open(&scene);
        real_leave(&scene);
        snprintf(command, sizeof command,
                 "cd %s && for db in new queen.db; do sqlite3 $db 'SELECT m.name, t.cid, t.name, t.type FROM "
                 "sqlite_master m, pragma_table_info(m.name) t ORDER BY 1, 2; PRAGMA user_version' >$db.is; done; "
                 "test -s new.is && diff new.is queen.db.is",
                 scene.dir);
        assert_int_equal(system(command), 0);
        store_scene_clear(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_earlier_version_is_taken_over),
        cmocka_unit_test(one_that_was_taken_over_is_as_a_new_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
