/* name_index.h - records by a part of their key: workers by name, in whichever hive; workers by hive; all by the pair.
 *
 * Chained buckets linked through the records: 16 bytes a record, where a handle of uthash would take 56. There are as
 * many buckets as records are expected, so that no step has to hash all of them anew. */
#ifndef SKEP_NAME_INDEX_H
#define SKEP_NAME_INDEX_H

#include "record.h"

/* (hive, worker) as one key: hive NUL worker; its length. The names must be short enough to be valid. */
#define NAME_PAIR_SIZE (2 * NAME_SIZE)
size_t name_pair(char ret[NAME_PAIR_SIZE], struct text hive, struct text worker);

struct name_index {
    enum name_part part;
    struct record **buckets; /* NULL until something is added */
    size_t size;             /* a power of two */
};

void name_index_init(struct name_index *index, enum name_part part, size_t expected);
void name_index_clear(struct name_index *index); /* frees the buckets, not the records */

/* ERR_NOMEM. Before anything is added. */
enum err name_index_reserve(struct name_index *index);
void name_index_add(struct name_index *index, struct record *record);
void name_index_remove(struct name_index *index, struct record *record); /* it must be in */

/* A record of that name (or pair), and the next one of the same; NULL when there is none. In no order. */
struct record *name_index_find(const struct name_index *index, struct text name);
struct record *name_index_next(const struct name_index *index, const struct record *record);

#endif
