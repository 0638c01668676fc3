/* fake_store.h - what a queen's store (queen/store.h) does, without a disk: a batch is kept as a whole or not at all,
 * later than it was handed over, and a process that dies takes what it had not handed over with it. */
#ifndef SIM_FAKE_STORE_H
#define SIM_FAKE_STORE_H

#include "arena.h"
#include "store_row.h"

#define FAKE_STORE_BATCH 4096
#define FAKE_STORE_BUCKETS 4096

struct fake_row {
    struct fake_row *next;
    struct store_row row;
};

/* Zero-initialise it, but for the arena. */
struct fake_store {
    struct arena *arena;                       /* of all rows */
    struct fake_row *kept[FAKE_STORE_BUCKETS]; /* by key; those removed say so */
    struct fake_row *events, *last_event;      /* those that are kept, by id */
    size_t event_count, event_bytes;
    struct fake_row *batch, *writing, **end; /* being filled; handed over */
    size_t count;                            /* of the batch */
    ms_t next_at;                            /* when the next batch may be filled */
    bool is_full, loses_batch, has_lost;
};

/* Another process takes it. */
void fake_store_open(struct fake_store *store);
void fake_store_damage(struct fake_store *store); /* nothing is left */

/* All rows, in the order of their kinds. */
enum err fake_store_load(struct fake_store *store, enum err (*take)(void *user, const struct store_row *row),
                         void *user);

bool fake_store_takes(struct fake_store *store, ms_t now);
bool fake_store_has_room(const struct fake_store *store); /* for two more rows */
void fake_store_put(struct fake_store *store, const struct store_row *row);
void fake_store_commit(struct fake_store *store, ms_t now);
bool fake_store_has_lost(struct fake_store *store); /* since it was called last */
const char *fake_store_fault(const struct fake_store *store);
void fake_store_close(struct fake_store *store); /* what was handed over is kept */

#endif
