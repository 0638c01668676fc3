/* name_index.h - workers by one half of their key: those of a name, in whichever hive, or those of a hive.
 *
 * Chained buckets linked through the records: 16 bytes a worker, where a second uthash handle would take 64. */
#ifndef SKEP_NAME_INDEX_H
#define SKEP_NAME_INDEX_H

#include "record.h"

/* (hive, worker) as one key: hive NUL worker; its length. The names must be short enough to be valid. */
#define NAME_PAIR_SIZE (2 * NAME_SIZE)
size_t name_pair(char ret[NAME_PAIR_SIZE], struct text hive, struct text worker);

struct name_index {
    enum name_half half; /* what it is by */
    struct record **buckets;
    size_t size; /* a power of two; 0 = nothing was added yet */
    size_t count;
};

void name_index_init(struct name_index *index, enum name_half half);
void name_index_clear(struct name_index *index); /* frees the buckets, not the records */

/* ERR_NOMEM: nothing changed. */
enum err name_index_add(struct name_index *index, struct record *record);
void name_index_remove(struct name_index *index, struct record *record); /* it must be in */

/* A record of that name, and the next one of the same; NULL when there is none. In no order. */
struct record *name_index_find(const struct name_index *index, struct text name);
struct record *name_index_next(const struct name_index *index, const struct record *record);

#endif
