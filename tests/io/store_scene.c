#include "store_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "msg.h"
#include "store_schema.h"

enum err see(void *user, const struct store_row *row)
{
    struct scene *scene = user;
    struct store_row *seen = &scene->seen[scene->seen_count++];
    assert_true(scene->seen_count <= SEEN_MAX);
    *seen = *row;
    seen->hive.at = arena_copy(&scene->arena, row->hive);
    seen->worker.at = arena_copy(&scene->arena, row->worker);
    if (row->kind == STORE_EVENT)
        seen->event.document.at = arena_copy(&scene->arena, row->event.document);
    return OK;
}

void real_open(struct scene *scene)
{
    struct errbuf e = { 0 };
    assert_int_equal(store_open(scene->dir, &scene->store, &e), OK);
    assert_string_equal(e.text, "");
    assert_null(store_fault(scene->store));
}

void real_put(struct scene *scene, const struct store_row *rows, size_t count)
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

void real_leave(struct scene *scene)
{
    store_close(scene->store);
    scene->store = NULL;
}

void real_load(struct scene *scene)
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

const struct store_kind_ops kinds[STORE_KINDS] = { { "database", real_open, real_put, real_leave, real_load },
                                                   { "fake", fake_open, fake_put, fake_leave, fake_load } };

void store_scene_init(struct scene *scene)
{
    *scene = (struct scene){ .dir = "/tmp/test_store.XXXXXX" };
    assert_non_null(mkdtemp(scene->dir));
    snprintf(scene->path, sizeof scene->path, "%s/queen.db", scene->dir);
    assert_non_null(scene->seen = calloc(SEEN_MAX, sizeof *scene->seen));
}

void store_scene_clear(struct scene *scene)
{
    char command[128];
    store_close(scene->store);
    arena_clear(&scene->arena);
    free(scene->seen);
    snprintf(command, sizeof command, "rm -rf %s", scene->dir);
    assert_int_equal(system(command), 0);
}

/* Another process takes it, and reads what there is. */
void reopen(struct scene *scene, const struct store_kind_ops *kind)
{
    kind->leave(scene);
    kind->open(scene);
    scene->seen_count = 0;
    kind->load(scene);
}

struct store_row life(uint32_t number)
{
    return (struct store_row){ .kind = STORE_LIFE,
                               .life = { number, 7, 1000, 2000, 1700000000000, MS_NEVER, UINT64_C(1) << 51, 11, 12 } };
}

struct store_row event(uint64_t id, const char *document)
{
    return (struct store_row){ .kind = STORE_EVENT, .hive = TEXT("h1"), .event = { id, text_of(document) } };
}

struct store_row tombstone(const char *worker)
{
    return (struct store_row){
        .kind = STORE_TOMBSTONE, .hive = TEXT("h1"), .worker = text_of(worker), .tombstone = { UINT64_MAX, 5, 3 }
    };
}

struct store_row incident(uint64_t id, ms_t ended)
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

struct store_row record(const char *hive, const char *worker, enum state state)
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
                    .retain_s = UINT32_MAX,
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

void assert_same(const struct store_row *a, const struct store_row *b)
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
