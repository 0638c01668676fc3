/* One contract for two stores: the database, and the one that the simulated fleet has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "arena.h"
#include "fake_store.h"
#include "msg.h"
#include "store.h"
#include "store_schema.h"

#define ROWS 100000

struct scene {
    char dir[64], path[96];
    struct store *store;
    struct fake_store fake;
    struct arena arena;
    ms_t now;
    struct store_row *seen; /* borrowed texts are not kept: they are in `arena` */
    size_t seen_count;
};

/* A store that a process opens, fills and leaves. */
struct store_kind_ops {
    const char *name;
    void (*open)(struct scene *scene);
    void (*put)(struct scene *scene, const struct store_row *rows, size_t count);
    void (*leave)(struct scene *scene);
    void (*load)(struct scene *scene);
};

static enum err see(void *user, const struct store_row *row)
{
    struct scene *scene = user;
    struct store_row *seen = &scene->seen[scene->seen_count++];
    assert_true(scene->seen_count <= ROWS + 10);
    *seen = *row;
    seen->hive.at = arena_copy(&scene->arena, row->hive);
    seen->worker.at = arena_copy(&scene->arena, row->worker);
    if (row->kind == STORE_EVENT)
        seen->event.document.at = arena_copy(&scene->arena, row->event.document);
    return OK;
}

static void real_open(struct scene *scene)
{
    struct errbuf e = { 0 };
    assert_int_equal(store_open(scene->dir, &scene->store, &e), OK);
    assert_string_equal(e.text, "");
    assert_null(store_fault(scene->store));
}

static void real_put(struct scene *scene, const struct store_row *rows, size_t count)
{
    for (size_t i = 0; i < count || !store_wait(scene->store);) {
        if (i == count || !store_wait(scene->store))
            continue; /* however long the disk takes */
        scene->now += 1000;
        assert_true(store_takes(scene->store, scene->now));
        for (; i < count && store_has_room(scene->store); i++)
            store_put(scene->store, &rows[i]);
        store_commit(scene->store, scene->now);
    }
    assert_false(store_has_lost(scene->store));
}

static void real_leave(struct scene *scene)
{
    store_close(scene->store);
    scene->store = NULL;
}

static void real_load(struct scene *scene)
{
    struct errbuf e = { 0 };
    size_t refused;
    assert_int_equal(store_load(scene->store, see, scene, &refused, &e), OK);
    assert_int_equal(refused, 0);
}

static void fake_open(struct scene *scene)
{
    scene->fake.arena = &scene->arena;
    fake_store_open(&scene->fake);
}

static void fake_put(struct scene *scene, const struct store_row *rows, size_t count)
{
    for (size_t i = 0; i < count;) {
        scene->now += 1000;
        assert_true(fake_store_takes(&scene->fake, scene->now));
        for (; i < count && fake_store_has_room(&scene->fake); i++)
            fake_store_put(&scene->fake, &rows[i]);
        fake_store_commit(&scene->fake, scene->now);
    }
}

static void fake_leave(struct scene *scene)
{
    fake_store_close(&scene->fake);
}

static void fake_load(struct scene *scene)
{
    assert_int_equal(fake_store_load(&scene->fake, see, scene), OK);
}

static const struct store_kind_ops kinds[] = { { "database", real_open, real_put, real_leave, real_load },
                                               { "fake", fake_open, fake_put, fake_leave, fake_load } };

static void scene_init(struct scene *scene)
{
    *scene = (struct scene){ .dir = "/tmp/test_store.XXXXXX" };
    assert_non_null(mkdtemp(scene->dir));
    snprintf(scene->path, sizeof scene->path, "%s/queen.db", scene->dir);
    assert_non_null(scene->seen = calloc(ROWS + 10, sizeof *scene->seen));
}

static void scene_clear(struct scene *scene)
{
    char command[128];
    store_close(scene->store);
    arena_clear(&scene->arena);
    free(scene->seen);
    snprintf(command, sizeof command, "rm -rf %s", scene->dir);
    assert_int_equal(system(command), 0);
}

/* Another process takes it, and reads what there is. */
static void reopen(struct scene *scene, const struct store_kind_ops *kind)
{
    kind->leave(scene);
    kind->open(scene);
    scene->seen_count = 0;
    kind->load(scene);
}

static struct store_row life(uint32_t number)
{
    return (struct store_row){ .kind = STORE_LIFE,
                               .life = { number, 7, 1000, 2000, 1700000000000, MS_NEVER, UINT64_C(1) << 51, 11, 12 } };
}

static struct store_row event(uint64_t id, const char *document)
{
    return (struct store_row){ .kind = STORE_EVENT, .hive = TEXT("h1"), .event = { id, text_of(document) } };
}

static struct store_row tombstone(const char *worker)
{
    return (struct store_row){
        .kind = STORE_TOMBSTONE, .hive = TEXT("h1"), .worker = text_of(worker), .tombstone = { UINT64_MAX, 5, 3 }
    };
}

static struct store_row incident(uint64_t id, ms_t ended)
{
    return (struct store_row){ .kind = STORE_INCIDENT,
                               .hive = TEXT("h1"),
                               .worker = TEXT("w1"),
                               .incident = { .id = id,
                                             .kind = INCIDENT_WORKER,
                                             .class = INCIDENT_LOST,
                                             .state = STATE_STALE,
                                             .cause = CAUSE_BIRTH,
                                             .session = UINT64_MAX - 1,
                                             .connection = UINT32_MAX,
                                             .opened = 1700000000000,
                                             .ended = ended,
                                             .end = ended == TIME_ABSENT ? INCIDENT_NOT_ENDED : INCIDENT_FORGOTTEN } };
}

static struct store_row record(const char *hive, const char *worker, enum state state)
{
    return (struct store_row){
        .kind = STORE_RECORD,
        .hive = text_of(hive),
        .worker = text_of(worker),
        .record = { .state = state,
                    .announced = STATE_ONLINE,
                    .previous = STATE_NONE,
                    .cause = CAUSE_LAST_WILL,
                    .announced_cause = CAUSE_BIRTH,
                    .is_of_store = true,
                    .since_wall = 1700000000000,
                    .since_loop = -5,
                    .event_id = 9,
                    .session = UINT64_MAX - 1,
                    .revision = 2,
                    .connection = UINT32_MAX,
                    .interval_ms = 10000,
                    .lease_ms = INT_ABSENT,
                    .evidence = { .path = PATH_WITNESS,
                                  .result = RESULT_WITNESSED,
                                  .has_exit = true,
                                  .oom = -1,
                                  .code = 139,
                                  .signal = "SIGSEGV",
                                  .took = 12,
                                  .seen_at = 13,
                                  .last_seen_ago = -1 },
                    .life = 1,
                    .epoch = 7,
                    .received_at = 900,
                    .received_wall = TIME_ABSENT,
                    .not_before = 0,
                    .retired = { 1, 2, UINT64_MAX, 0 },
                    .seq = 77,
                    .progress = INT_ABSENT,
                    .connect_ms = 300,
                    .known = true,
                    .rpc = true,
                    .closed = true,
                    .established = true,
                    .was_zombie = true },
    };
}

#define SAME_INT(a, b) assert_true((a) == (b));
#define SAME_STATE SAME_INT
#define SAME_CAUSE SAME_INT
#define SAME_PATH SAME_INT
#define SAME_RESULT SAME_INT
#define SAME_SIGNAL(a, b) assert_string_equal(a, b);
#define SAME_INCIDENT_KIND SAME_INT
#define SAME_INCIDENT_CLASS SAME_INT
#define SAME_INCIDENT_END SAME_INT
#define SAME_INCIDENT(kind, column, member) SAME_##kind(a->incident.member, b->incident.member)
#define SAME(kind, column, member) SAME_##kind(a->record.member, b->record.member)

static void assert_same(const struct store_row *a, const struct store_row *b)
{
    assert_int_equal(a->kind, b->kind);
    if (a->kind == STORE_LIFE) {
        assert_memory_equal(&a->life, &b->life, sizeof a->life);
        return;
    }
    assert_true(text_equal(a->hive, b->hive) && text_equal(a->worker, b->worker));
    if (a->kind == STORE_INCIDENT) {
        STORE_INCIDENT_COLUMNS(SAME_INCIDENT)
        assert_true(a->incident.id == b->incident.id);
        return;
    }
    if (a->kind == STORE_EVENT) {
        assert_true(a->event.id == b->event.id && text_equal(a->event.document, b->event.document));
        return;
    }
    if (a->kind == STORE_TOMBSTONE) {
        assert_true(a->tombstone.session == b->tombstone.session && a->tombstone.added_at == b->tombstone.added_at &&
                    a->tombstone.epoch == b->tombstone.epoch);
        return;
    }
    assert_true(a->record.is_of_store);
    STORE_RECORD_COLUMNS(SAME)
}

static void what_was_put_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct scene scene;
        struct store_row rows[] = { record("h1", "w1", STATE_STALE), record("h1", "", STATE_ONLINE), tombstone("w9"),
                                    life(1) };
        scene_init(&scene);
        kinds[i].open(&scene);
        kinds[i].put(&scene, rows, ARRAY_LEN(rows));
        reopen(&scene, &kinds[i]);
        assert_int_equal(scene.seen_count, 4);
        assert_same(&scene.seen[0], &rows[3]); /* in the order of the kinds */
        assert_same(&scene.seen[1], &rows[2]);
        assert_same(&scene.seen[2], scene.seen[2].worker.len > 0 ? &rows[0] : &rows[1]);
        assert_same(&scene.seen[3], scene.seen[3].worker.len > 0 ? &rows[0] : &rows[1]);
        scene_clear(&scene);
    }
}

static void a_later_row_replaces_an_earlier_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct scene scene;
        struct store_row rows[] = { record("h1", "w1", STATE_ONLINE), record("h1", "w2", STATE_ONLINE), tombstone("w1"),
                                    record("h1", "w1", STATE_STALE) };
        scene_init(&scene);
        kinds[i].open(&scene);
        kinds[i].put(&scene, rows, ARRAY_LEN(rows));
        rows[1].removed = rows[2].removed = true;
        kinds[i].put(&scene, &rows[1], 2);
        reopen(&scene, &kinds[i]);
        assert_int_equal(scene.seen_count, 1);
        assert_same(&scene.seen[0], &rows[3]);
        scene_clear(&scene);
    }
}

/* One that ends replaces itself. */
static void incidents_are_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct scene scene;
        struct store_row rows[] = { incident(1, TIME_ABSENT), incident(1, 1700000000001) };
        scene_init(&scene);
        kinds[i].open(&scene);
        kinds[i].put(&scene, rows, ARRAY_LEN(rows));
        reopen(&scene, &kinds[i]);
        assert_int_equal(scene.seen_count, 1);
        assert_same(&scene.seen[0], &rows[1]);
        scene_clear(&scene);
    }
}

/* In the order of their ids, each once, however often they were given. */
static void events_are_kept_in_their_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct scene scene;
        struct store_row rows[] = { event(1, "{\"a\":1}"), event(7, "{\"a\":2}"), record("h1", "w1", STATE_STALE),
                                    event(UINT64_C(1) << 52, "{}") };
        scene_init(&scene);
        kinds[i].open(&scene);
        kinds[i].put(&scene, rows, 3);
        kinds[i].put(&scene, &rows[1], 3);
        reopen(&scene, &kinds[i]);
        assert_int_equal(scene.seen_count, 4);
        assert_same(&scene.seen[0], &rows[2]);
        assert_int_equal(scene.seen[1].event.id, 1);
        assert_same(&scene.seen[2], &rows[1]);
        assert_same(&scene.seen[3], &rows[3]);
        scene_clear(&scene);
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
        scene_init(&scene);
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
        scene_clear(&scene);
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
        scene_init(&scene);
        kinds[i].open(&scene);
        for (size_t row = 0; row < ROWS; row++) {
            snprintf(names[row], sizeof names[row], "w%zu", row);
            rows[row] = record("h1", names[row], STATE_ONLINE);
        }
        kinds[i].put(&scene, rows, ROWS);
        reopen(&scene, &kinds[i]);
        assert_int_equal(scene.seen_count, ROWS);
        scene_clear(&scene);
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
    scene_init(&scene);
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
    scene_clear(&scene);
}

static void only_the_last_lives_are_kept(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    real_open(&scene);
    for (uint32_t i = 1; i <= STORE_LIVES + 5; i++) {
        struct store_row row = life(i);
        real_put(&scene, &row, 1);
    }
    reopen(&scene, &kinds[0]);
    assert_int_equal(scene.seen_count, STORE_LIVES);
    assert_int_equal(scene.seen[STORE_LIVES - 1].life.life, STORE_LIVES + 5);
    scene_clear(&scene);
}

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
        scene_init(&scene);
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
        scene_clear(&scene);
    }
}

/* As a queen of version 1 leaves it: what it announced has been published, and nothing of it is published again. */
static void a_database_of_version_1(void **state)
{
    struct scene scene;
    struct store_row rows[] = { life(3), record("h1", "w1", STATE_STALE), event(5, "{}") }, opened;
    char command[512];
    (void)state;
    scene_init(&scene);
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
    scene_clear(&scene);
}

static void two_queens_on_one_folder(void **state)
{
    struct scene scene;
    struct store *other;
    struct errbuf e = { 0 };
    (void)state;
    scene_init(&scene);
    real_open(&scene);
    assert_int_equal(store_open(scene.dir, &other, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.text, "another queen uses it"));
    assert_int_equal(store_check(scene.dir, &e), OK);
    scene_clear(&scene);
}

/* A file that others may write is no queen's; a folder that does not exist could be made. */
static void who_else_could_write_is_refused(void **state)
{
    struct scene scene;
    struct errbuf e = { 0 };
    char command[256], missing[128];
    (void)state;
    scene_init(&scene);
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
    scene_clear(&scene);
}

/* A table that somebody dropped stands for a disk that fails: the batch is lost, that is said, and a minute later it is
 * tried again. */
static void a_batch_that_fails(void **state)
{
    struct scene scene;
    struct store_row row = record("h1", "w1", STATE_STALE);
    char command[256];
    (void)state;
    scene_init(&scene);
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
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incidents_are_kept),
        cmocka_unit_test(what_was_put_is_read),
        cmocka_unit_test(a_later_row_replaces_an_earlier_one),
        cmocka_unit_test(a_hundred_thousand_rows),
        cmocka_unit_test(events_are_kept_in_their_order),
        cmocka_unit_test(the_oldest_events_go),
        cmocka_unit_test(a_database_of_version_1),
        cmocka_unit_test(a_full_batch_is_kept_with_the_one_behind_it),
        cmocka_unit_test(only_the_last_lives_are_kept),
        cmocka_unit_test(what_is_no_database_is_moved_aside),
        cmocka_unit_test(two_queens_on_one_folder),
        cmocka_unit_test(who_else_could_write_is_refused),
        cmocka_unit_test(a_batch_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
