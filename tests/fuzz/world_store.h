/* world_store.h - the queen's store: takes rows as her driver does, and gives them to the next process, perhaps with
 * one number that nobody has written. */
#ifndef SKEP_FUZZ_STORE_H
#define SKEP_FUZZ_STORE_H

#include "fake_store.h"
#include "keeper.h"

struct world_store {
    struct arena arena;
    struct fake_store rows;
    struct keeper keeper;
};

void world_store_init(struct world_store *store);
void world_store_clear(struct world_store *store);

enum world_disk { DISK_OK, DISK_FULL, DISK_LOSES_BATCH };

/* Time enough has passed since it last took some. */
void world_store_keep(struct world_store *store, ms_t now, enum world_disk disk);

/* A process begins. `damage` is a line: which row, which of its fields, and the number in its place; absent: none. */
void world_store_restore(struct world_store *store, struct queen *queen, struct text damage);

/* It was moved aside: there is none. */
void world_store_forget(struct world_store *store);

#endif
