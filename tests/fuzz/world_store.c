#include "world_store.h"

#include <stddef.h>

#include "world_script.h"

void world_store_init(struct world_store *store)
{
    store->rows.arena = &store->arena;
    fake_store_open(&store->rows);
}

void world_store_clear(struct world_store *store)
{
    arena_clear(&store->arena);
}

void world_store_keep(struct world_store *store, ms_t now, enum world_disk disk)
{
    struct fake_store *rows = &store->rows;
    struct keeper *keeper = &store->keeper;
    uint64_t given = queen_last_event(keeper->queen);
    struct store_row row;
    bool takes;
    rows->is_full = disk == DISK_FULL;
    rows->loses_batch |= disk == DISK_LOSES_BATCH;
    rows->next_at = now;
    takes = fake_store_takes(rows, now);
    keeper_turn(keeper, takes, fake_store_has_lost(rows));
    queen_set_store_fault(keeper->queen, fake_store_fault(rows));
    if (!takes)
        return;
    while (fake_store_has_room(rows) && keeper_next(keeper, given, &row))
        fake_store_put(rows, &row);
    keeper_filled(keeper, !fake_store_has_room(rows));
    fake_store_commit(rows, now);
}

#define FIELD(kind, member)                                                              \
    {                                                                                    \
        kind, offsetof(struct store_row, member), sizeof((struct store_row){ 0 }.member) \
    }

static const struct field {
    enum store_kind kind;
    size_t offset, size;
} fields[] = {
    FIELD(STORE_LIFE, life.life),
    FIELD(STORE_LIFE, life.epoch),
    FIELD(STORE_LIFE, life.watch),
    FIELD(STORE_LIFE, life.loop),
    FIELD(STORE_LIFE, life.wall),
    FIELD(STORE_LIFE, life.grace_from),
    FIELD(STORE_LIFE, life.last_event),
    FIELD(STORE_TOMBSTONE, tombstone.session),
    FIELD(STORE_TOMBSTONE, tombstone.added_at),
    FIELD(STORE_TOMBSTONE, tombstone.epoch),
    FIELD(STORE_RECORD, record.state),
    FIELD(STORE_RECORD, record.announced),
    FIELD(STORE_RECORD, record.previous),
    FIELD(STORE_RECORD, record.cause),
    FIELD(STORE_RECORD, record.announced_cause),
    FIELD(STORE_RECORD, record.since_wall),
    FIELD(STORE_RECORD, record.since_loop),
    FIELD(STORE_RECORD, record.event_id),
    FIELD(STORE_RECORD, record.incident),
    FIELD(STORE_RECORD, record.session),
    FIELD(STORE_RECORD, record.revision),
    FIELD(STORE_RECORD, record.unannounced),
    FIELD(STORE_RECORD, record.interval_ms),
    FIELD(STORE_RECORD, record.lease_ms),
    FIELD(STORE_RECORD, record.evidence.took),
    FIELD(STORE_RECORD, record.evidence.seen_at),
    FIELD(STORE_RECORD, record.evidence.last_seen_ago),
    FIELD(STORE_RECORD, record.life),
    FIELD(STORE_RECORD, record.epoch),
    FIELD(STORE_RECORD, record.received_at),
    FIELD(STORE_RECORD, record.received_wall),
    FIELD(STORE_RECORD, record.not_before),
    FIELD(STORE_RECORD, record.seq),
    FIELD(STORE_RECORD, record.progress),
    FIELD(STORE_RECORD, record.connect_ms),
    FIELD(STORE_RECORD, hive.len), /* a name that is none */
    FIELD(STORE_RECORD, worker.len),
    FIELD(STORE_RECORD, record.retain_s),
};

/* The row of that number among those of the field's kind, with the number there. */
struct damage {
    struct queen *queen;
    const struct field *field; /* NULL = none */
    int64_t row, number;
};

static void put(void *at, size_t size, int64_t number)
{
    uint32_t half = (uint32_t)number;
    memcpy(at, size == sizeof number ? (void *)&number : (void *)&half, size);
}

static enum err restore(void *user, const struct store_row *row)
{
    struct damage *damage = user;
    struct store_row copy = *row;
    if (damage->field && row->kind == damage->field->kind && damage->row-- == 0) {
        bool is_length = damage->field->offset >= offsetof(struct store_row, hive) &&
                         damage->field->offset < offsetof(struct store_row, record);
        put((char *)&copy + damage->field->offset, damage->field->size, is_length ? 0 : damage->number);
    }
    (void)queen_restore(damage->queen, &copy); /* the driver counts those that are refused, and goes on */
    return OK;
}

void world_store_restore(struct world_store *store, struct queen *queen, struct text damage)
{
    struct damage how = { .queen = queen };
    size_t field;
    how.row = script_number(script_part(&damage), 0, 1000);
    field = (size_t)script_number(script_part(&damage), ARRAY_LEN(fields), ARRAY_LEN(fields));
    how.field = field < ARRAY_LEN(fields) ? &fields[field] : NULL;
    (void)text_to_int(script_part(&damage), &how.number);
    fake_store_open(&store->rows);
    (void)fake_store_load(&store->rows, restore, &how);
    keeper_init(&store->keeper, queen);
}

void world_store_forget(struct world_store *store)
{
    fake_store_damage(&store->rows);
}
