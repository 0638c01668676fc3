#include "name_index.h"

#include <stdlib.h>

#include "keyed_hash.h"

#define SIZE_MIN 64
#define SIZE_LARGEST (1u << 24)

size_t name_pair(char ret[NAME_PAIR_SIZE], struct text hive, struct text worker)
{
    memcpy(ret, hive.at, hive.len);
    ret[hive.len] = '\0';
    if (worker.len > 0)
        memcpy(ret + hive.len + 1, worker.at, worker.len);
    return hive.len + 1 + worker.len;
}

static struct text name_of(const struct name_index *index, const struct record *record)
{
    switch (index->part) {
    case NAME_OF_WORKER:
        return (struct text){ record_worker(record), record->worker_len };
    case NAME_OF_HIVE:
        return (struct text){ record_hive(record), record->hive_len };
    default:
        return (struct text){ record->names, record->hive_len + 1u + record->worker_len };
    }
}

static struct record **bucket_of(const struct name_index *index, struct text name)
{
    return &index->buckets[keyed_hash(name.at, name.len) & (index->size - 1)];
}

void name_index_init(struct name_index *index, enum name_part part, size_t expected)
{
    *index = (struct name_index){ .part = part, .size = SIZE_MIN };
    while (index->size < expected && index->size < SIZE_LARGEST)
        index->size *= 2;
}

void name_index_clear(struct name_index *index)
{
    free(index->buckets);
    index->buckets = NULL;
}

enum err name_index_reserve(struct name_index *index)
{
    if (!index->buckets)
        index->buckets = calloc(index->size, sizeof(struct record *));
    return index->buckets ? OK : ERR_NOMEM;
}

void name_index_add(struct name_index *index, struct record *record)
{
    struct name_link *link = &record->named[index->part];
    link->at = bucket_of(index, name_of(index, record));
    link->next = *link->at;
    if (link->next)
        link->next->named[index->part].at = &link->next;
    *link->at = record;
}

void name_index_remove(struct name_index *index, struct record *record)
{
    struct name_link *link = &record->named[index->part];
    *link->at = link->next;
    if (link->next)
        link->next->named[index->part].at = link->at;
}

static struct record *first_of(const struct name_index *index, struct record *record, struct text name)
{
    while (record && !text_equal(name_of(index, record), name))
        record = record->named[index->part].next;
    return record;
}

struct record *name_index_find(const struct name_index *index, struct text name)
{
    return index->buckets ? first_of(index, *bucket_of(index, name), name) : NULL;
}

struct record *name_index_next(const struct name_index *index, const struct record *record)
{
    return first_of(index, record->named[index->part].next, name_of(index, record));
}
