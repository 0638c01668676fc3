#include "name_index.h"

#include <stdlib.h>

#define SIZE_FIRST 64

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
    return index->half == NAME_OF_HIVE ? (struct text){ record_hive(record), record->hive_len }
                                       : (struct text){ record_worker(record), record->worker_len };
}

static struct record **bucket_of(const struct name_index *index, struct text name)
{
    return &index->buckets[keyed_hash(name.at, name.len) & (index->size - 1)];
}

static void link_in(const struct name_index *index, struct record *record)
{
    struct record **at = bucket_of(index, name_of(index, record));
    struct name_link *link = &record->named[index->half];
    link->next = *at;
    link->at = at;
    if (*at)
        (*at)->named[index->half].at = &link->next;
    *at = record;
}

static void link_out(const struct name_index *index, struct record *record)
{
    struct name_link *link = &record->named[index->half];
    *link->at = link->next;
    if (link->next)
        link->next->named[index->half].at = link->at;
}

/* As many buckets as records, so that a chain is short. */
static enum err grow(struct name_index *index)
{
    struct name_index larger = { .half = index->half,
                                 .size = index->size ? index->size * 2 : SIZE_FIRST,
                                 .count = index->count };
    if (!(larger.buckets = calloc(larger.size, sizeof(struct record *))))
        return ERR_NOMEM;
    for (size_t i = 0; i < index->size; i++) {
        struct record *record;
        while ((record = index->buckets[i])) {
            link_out(index, record);
            link_in(&larger, record);
        }
    }
    free(index->buckets);
    index->buckets = larger.buckets;
    index->size = larger.size;
    return OK;
}

void name_index_init(struct name_index *index, enum name_half half)
{
    *index = (struct name_index){ .half = half };
}

void name_index_clear(struct name_index *index)
{
    free(index->buckets);
    name_index_init(index, index->half);
}

enum err name_index_add(struct name_index *index, struct record *record)
{
    if (index->count == index->size && grow(index) != OK)
        return ERR_NOMEM;
    link_in(index, record);
    index->count++;
    return OK;
}

void name_index_remove(struct name_index *index, struct record *record)
{
    link_out(index, record);
    index->count--;
}

static struct record *first_of(const struct name_index *index, struct record *record, struct text name)
{
    while (record && !text_equal(name_of(index, record), name))
        record = record->named[index->half].next;
    return record;
}

struct record *name_index_find(const struct name_index *index, struct text name)
{
    return index->size ? first_of(index, *bucket_of(index, name), name) : NULL;
}

struct record *name_index_next(const struct name_index *index, const struct record *record)
{
    return first_of(index, record->named[index->half].next, name_of(index, record));
}
