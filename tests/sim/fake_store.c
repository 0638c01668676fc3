#include "fake_store.h"

#include "network.h"
#include "siphash.h"

#define EVERY_MS 1000
#define RETRY_MS 60000

void fake_store_open(struct fake_store *store)
{
    store->batch = store->writing = NULL;
    store->count = 0;
    store->next_at = 0;
    store->has_lost = false;
}

void fake_store_damage(struct fake_store *store)
{
    memset(store->kept, 0, sizeof store->kept);
    store->events = store->last_event = NULL;
    store->event_count = store->event_bytes = 0;
}

static struct text copy(struct fake_store *store, struct text text)
{
    char *at = sim_alloc(store->arena, text.len + 1);
    if (text.len > 0)
        memcpy(at, text.at, text.len);
    return (struct text){ at, text.len };
}

static bool is_same(const struct store_row *a, const struct store_row *b)
{
    return a->kind == b->kind && (a->kind != STORE_INCIDENT || a->incident.id == b->incident.id) &&
           text_equal(a->hive, b->hive) && text_equal(a->worker, b->worker) &&
           (a->kind != STORE_LIFE || a->life.life == b->life.life);
}

static size_t bucket_of(const struct store_row *row)
{
    static const struct siphash_key key = { 1, 2 };
    return (siphash(&key, row->hive.at, row->hive.len) ^ siphash(&key, row->worker.at, row->worker.len)) %
           FAKE_STORE_BUCKETS;
}

static void drop_first_event(struct fake_store *store)
{
    store->event_count--;
    store->event_bytes -= store->events->row.event.document.len;
    store->events = store->events->next;
}

/* They come in the order of their ids. */
static void apply_event(struct fake_store *store, struct fake_row *row)
{
    row->next = NULL;
    if (store->events && store->last_event->row.event.id >= row->row.event.id) /* given again, as a whole */
        return;
    *(store->events ? &store->last_event->next : &store->events) = row;
    store->last_event = row;
    store->event_count++;
    store->event_bytes += row->row.event.document.len;
    while (store->event_count > STORE_EVENTS || store->event_bytes > STORE_EVENT_BYTES)
        drop_first_event(store);
}

static void apply(struct fake_store *store, struct fake_row *row)
{
    struct fake_row **at = &store->kept[bucket_of(&row->row)];
    while (*at && !is_same(&(*at)->row, &row->row))
        at = &(*at)->next;
    row->next = *at ? (*at)->next : NULL;
    *at = row;
}

/* What was handed over is kept by now, or is not. */
static void settle(struct fake_store *store)
{
    struct fake_row *row = store->writing, *next;
    bool lost = row && (store->is_full || store->loses_batch);
    store->writing = NULL;
    for (; row && !lost; row = next) {
        next = row->next;
        (row->row.kind == STORE_EVENT ? apply_event : apply)(store, row);
    }
    store->has_lost |= lost;
    store->loses_batch &= !lost;
}

enum err fake_store_load(struct fake_store *store, enum err (*take)(void *user, const struct store_row *row),
                         void *user)
{
    enum err err = OK;
    for (enum store_kind kind = 0; kind < STORE_KIND_COUNT; kind++)
        for (size_t i = 0; i < FAKE_STORE_BUCKETS && err == OK; i++)
            for (const struct fake_row *row = store->kept[i]; row && err == OK; row = row->next)
                if (row->row.kind == kind && !row->row.removed)
                    err = take(user, &row->row);
    for (const struct fake_row *row = store->events; row && err == OK; row = row->next)
        err = take(user, &row->row);
    return err;
}

bool fake_store_takes(struct fake_store *store, ms_t now)
{
    settle(store);
    if (store->has_lost && store->is_full)
        store->next_at = now + RETRY_MS;
    return now >= store->next_at;
}

bool fake_store_has_room(const struct fake_store *store)
{
    return store->count + 1 < FAKE_STORE_BATCH;
}

void fake_store_put(struct fake_store *store, const struct store_row *row)
{
    struct fake_row *put = sim_alloc(store->arena, sizeof *put);
    put->row = *row;
    put->row.hive = copy(store, row->hive);
    put->row.worker = copy(store, row->worker);
    if (row->kind == STORE_EVENT)
        put->row.event.document = copy(store, row->event.document);
    if (!store->batch)
        store->end = &store->batch;
    *store->end = put;
    store->end = &put->next;
    store->count++;
}

void fake_store_commit(struct fake_store *store, ms_t now)
{
    bool is_full = !fake_store_has_room(store);
    store->next_at = is_full ? now : now + EVERY_MS;
    store->count = 0;
    if (is_full) /* what follows goes with it */
        return;
    store->writing = store->batch;
    store->batch = NULL;
}

bool fake_store_has_lost(struct fake_store *store)
{
    bool lost = store->has_lost;
    store->has_lost = false;
    return lost;
}

const char *fake_store_fault(const struct fake_store *store)
{
    return store->is_full ? "database or disk is full" : NULL;
}

void fake_store_close(struct fake_store *store)
{
    settle(store);
}
