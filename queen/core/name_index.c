#include "name_index.h"

#include <stdlib.h>

#define SIZE_FIRST 64

static struct text name_of(const struct record *record)
{
    return (struct text){ record_worker(record), record->worker_len };
}

static struct record **bucket_of(const struct name_index *index, struct text name)
{
    return &index->buckets[keyed_hash(name.at, name.len) & (index->size - 1)];
}

static void link_in(struct record **at, struct record *record)
{
    record->name_next = *at;
    record->name_at = at;
    if (*at)
        (*at)->name_at = &record->name_next;
    *at = record;
}

static void link_out(struct record *record)
{
    *record->name_at = record->name_next;
    if (record->name_next)
        record->name_next->name_at = record->name_at;
}

/* As many buckets as records, so that a chain is short. */
static enum err grow(struct name_index *index)
{
    struct name_index larger = { .size = index->size ? index->size * 2 : SIZE_FIRST, .count = index->count };
    if (!(larger.buckets = calloc(larger.size, sizeof(struct record *))))
        return ERR_NOMEM;
    for (size_t i = 0; i < index->size; i++) {
        struct record *record;
        while ((record = index->buckets[i])) {
            link_out(record);
            link_in(bucket_of(&larger, name_of(record)), record);
        }
    }
    free(index->buckets);
    *index = larger;
    return OK;
}

void name_index_clear(struct name_index *index)
{
    free(index->buckets);
    *index = (struct name_index){ 0 };
}

enum err name_index_add(struct name_index *index, struct record *record)
{
    if (index->count == index->size && grow(index) != OK)
        return ERR_NOMEM;
    link_in(bucket_of(index, name_of(record)), record);
    index->count++;
    return OK;
}

void name_index_remove(struct name_index *index, struct record *record)
{
    link_out(record);
    index->count--;
}

static struct record *first_of(struct record *record, struct text name)
{
    while (record && !text_equal(name_of(record), name))
        record = record->name_next;
    return record;
}

struct record *name_index_find(const struct name_index *index, struct text name)
{
    return index->size ? first_of(*bucket_of(index, name), name) : NULL;
}

struct record *name_index_next(const struct record *record)
{
    return first_of(record->name_next, name_of(record));
}
