#include "registry.h"

#include <stdlib.h>

void registry_init(struct registry *registry, size_t max_count, size_t max_document_bytes)
{
    *registry = (struct registry){ .max_count = max_count, .max_document_bytes = max_document_bytes };
    for (size_t part = 0; part < NAME_PARTS; part++)
        name_index_init(&registry->by[part], (enum name_part)part, max_count);
    registry->touched_end = &registry->touched;
}

static void record_release(struct record *record)
{
    free(record->confirm);
    free(record->verification); /* or what the queen keeps of a hive */
    free(record->document);
    free(record->witness);
    free(record);
}

void registry_clear(struct registry *registry)
{
    for (size_t i = 0; i < registry->roll.count; i++)
        if (registry->roll.entries[i].record)
            record_release(registry->roll.entries[i].record);
    for (size_t part = 0; part < NAME_PARTS; part++)
        name_index_clear(&registry->by[part]);
    roll_clear(&registry->roll);
    intern_clear(&registry->words);
    shares_clear(&registry->shares);
    heap_clear(&registry->due[false]);
    heap_clear(&registry->due[true]);
}

struct record *registry_find(const struct registry *registry, struct text hive, struct text worker)
{
    char key[NAME_PAIR_SIZE];
    if (hive.len > NAME_MAX_LEN || worker.len > NAME_MAX_LEN)
        return NULL;
    return name_index_find(&registry->by[NAME_OF_PAIR], (struct text){ key, name_pair(key, hive, worker) });
}

struct record *registry_find_name(const struct registry *registry, struct text worker)
{
    return name_index_find(&registry->by[NAME_OF_WORKER], worker);
}

enum err registry_find_one(const struct registry *registry, struct text hive, struct text worker, struct record **ret)
{
    *ret = hive.at ? registry_find(registry, hive, worker) : registry_find_name(registry, worker);
    if (!*ret)
        return ERR_MISSING;
    return !hive.at && name_index_next(&registry->by[NAME_OF_WORKER], *ret) ? ERR_CONFLICT : OK;
}

struct record *registry_hive_of(const struct registry *registry, const struct record *worker)
{
    return registry_find(registry, (struct text){ record_hive(worker), worker->hive_len }, (struct text){ 0 });
}

static struct record *record_new(struct text hive, struct text worker)
{
    size_t size = offsetof(struct record, names) + hive.len + worker.len + 2;
    struct record *record = calloc(1, size < sizeof *record ? sizeof *record : size);
    if (!record)
        return NULL;
    record->hive_len = (uint8_t)hive.len;
    record->worker_len = (uint8_t)worker.len;
    memcpy(record->names, hive.at, hive.len);
    if (worker.len > 0)
        memcpy(record->names + hive.len + 1, worker.at, worker.len);
    record->interval_ms = INT_ABSENT;
    record->lease_ms = INT_ABSENT;
    record->received_mono = MS_NEVER;
    record->skew = TIME_ABSENT;
    record->work.progress = INT_ABSENT;
    return record;
}

/* Room for one more, so that adding it cannot fail halfway. */
static bool reserve(struct registry *registry)
{
    size_t count = registry->count + registry->hive_count + 1;
    return heap_reserve(&registry->due[false], count) == OK && heap_reserve(&registry->due[true], count) == OK &&
           name_index_reserve(&registry->by[NAME_OF_PAIR]) == OK &&
           name_index_reserve(&registry->by[NAME_OF_WORKER]) == OK &&
           name_index_reserve(&registry->by[NAME_OF_HIVE]) == OK && roll_reserve(&registry->roll) == OK;
}

static size_t *count_of(struct registry *registry, const struct record *record)
{
    return record_is_hive(record) ? &registry->hive_count : &registry->count;
}

static size_t *counts_of(struct registry *registry, const struct record *record)
{
    return record_is_hive(record) ? registry->hive_counts : registry->counts;
}

/* A hive is found by the pair only, which is the first part. */
static size_t parts_of(const struct record *record)
{
    return record_is_hive(record) ? 1 : NAME_PARTS;
}

static enum ration ration_of(const struct record *record)
{
    return record_is_hive(record) ? RATION_HIVES : RATION_WORKERS;
}

enum err registry_add(struct registry *registry, struct text hive, struct text worker, struct record **ret)
{
    struct share *share;
    struct record *record;
    if ((worker.len > 0 ? registry->count : registry->hive_count) >= registry->max_count)
        return ERR_FULL;
    if (!reserve(registry) || share_open(&registry->shares, worker.len > 0 ? hive : TEXT(""), &share) != OK)
        return ERR_NOMEM;
    if (!(record = record_new(hive, worker))) {
        share_end(&registry->shares, share);
        return ERR_NOMEM;
    }
    record->share = share;
    share_add(&registry->shares, share, ration_of(record), 1);
    for (size_t part = 0; part < parts_of(record); part++)
        name_index_add(&registry->by[part], record);
    roll_add(&registry->roll, record);
    ++*count_of(registry, record);
    counts_of(registry, record)[STATE_NONE]++;
    *ret = record;
    return OK;
}

static void unschedule(struct registry *registry, struct record *record)
{
    heap_remove(&registry->due[record->on_watch], &record->due);
}

void registry_touch(struct registry *registry, struct record *record)
{
    if (record->touched)
        return;
    record->touched = true;
    record->next_touched = NULL;
    *registry->touched_end = record;
    registry->touched_end = &record->next_touched;
}

/* The list is as long as a step has touched: a few. */
static void untouch(struct registry *registry, struct record *record)
{
    struct record **at = &registry->touched;
    if (!record->touched)
        return;
    while (*at != record)
        at = &(*at)->next_touched;
    *at = record->next_touched;
    if (!*at)
        registry->touched_end = at;
    record->touched = false;
}

struct record *registry_take_touched(struct registry *registry)
{
    struct record *record = registry->touched;
    if (record)
        untouch(registry, record);
    return record;
}

static void set_load(struct registry *registry, const struct record *record, const struct load *load)
{
    struct load *kept = &roll_entry_of(&registry->roll, record)->load;
    const char *status = kept->status, *model = kept->model;
    intern_set(&registry->words, &status, load->status);
    intern_set(&registry->words, &model, load->model);
    *kept = *load;
    kept->status = status;
    kept->model = model;
}

/* Called when documents were replaced: what the record's share has of them. */
static void count_bytes(struct registry *registry, struct share *share, size_t before, size_t bytes)
{
    registry->document_bytes += bytes - before;
    if (bytes >= before)
        share_add(&registry->shares, share, RATION_BYTES, bytes - before);
    else
        share_remove(&registry->shares, share, RATION_BYTES, before - bytes);
}

static size_t document_size(const struct document *document)
{
    return document ? document->size : 0;
}

void registry_remove(struct registry *registry, struct record *record)
{
    unschedule(registry, record);
    untouch(registry, record);
    set_load(registry, record, &LOAD_NONE);
    roll_remove(&registry->roll, record);
    for (size_t part = 0; part < parts_of(record); part++)
        name_index_remove(&registry->by[part], record);
    --*count_of(registry, record);
    counts_of(registry, record)[record->state]--;
    count_bytes(registry, record->share, document_size(record->document) + document_size(record->witness), 0);
    share_remove(&registry->shares, record->share, ration_of(record), 1);
    record_release(record);
}

/* Documents of one sender differ by a few digits: room for that saves the reallocation. */
static size_t document_room(size_t len)
{
    return (len + 16) & ~(size_t)15;
}

static bool fits(const struct document *document, size_t len)
{
    return document && len + 1 <= document->size && document_room(len + 1) * 4 >= document->size;
}

/* Makes *document one that the text fits into. */
static enum err make_room(struct registry *registry, struct record *record, struct document **document, size_t len)
{
    size_t room = document_room(len + 1), before = document_size(*document);
    struct document *larger;
    if (registry->document_bytes - before + room > registry->max_document_bytes)
        return ERR_FULL;
    if (!(larger = malloc(sizeof *larger + room)))
        return ERR_NOMEM;
    free(*document);
    *document = larger;
    larger->size = (uint32_t)room;
    count_bytes(registry, record->share, before, room);
    return OK;
}

enum err registry_store(struct registry *registry, struct record *record, struct document **document, struct text text)
{
    enum err err = fits(*document, text.len) ? OK : make_room(registry, record, document, text.len);
    if (err != OK)
        return err;
    memcpy((*document)->text, text.at, text.len);
    (*document)->text[text.len] = '\0';
    (*document)->len = (uint32_t)text.len;
    return OK;
}

enum err registry_store_document(struct registry *registry, struct record *record, struct text document,
                                 const struct load *load)
{
    enum err err = registry_store(registry, record, &record->document, document);
    if (err == OK)
        set_load(registry, record, load);
    return err;
}

void registry_set_state(struct registry *registry, struct record *record, enum state state)
{
    size_t *counts = counts_of(registry, record);
    counts[record->state]--;
    counts[state]++;
    record->state = (uint8_t)state;
    roll_entry_of(&registry->roll, record)->state = record->state;
}

void registry_schedule(struct registry *registry, struct record *record, bool on_watch, ms_t at)
{
    if (record->due.position != 0 && record->on_watch == on_watch && record->due.at <= at && at != MS_NEVER)
        return;
    if (record->on_watch != on_watch || at == MS_NEVER)
        unschedule(registry, record);
    record->on_watch = on_watch;
    if (at != MS_NEVER) /* cannot fail: registry_add made room */
        (void)heap_put(&registry->due[on_watch], &record->due, at);
}

struct record *registry_take_due(struct registry *registry, bool on_watch, ms_t now)
{
    struct heap_item *item = heap_top(&registry->due[on_watch]);
    if (!item || item->at > now)
        return NULL;
    heap_remove(&registry->due[on_watch], item);
    return CONTAINER_OF(item, struct record, due);
}

ms_t registry_next_due(const struct registry *registry, bool on_watch)
{
    const struct heap_item *item = heap_top(&registry->due[on_watch]);
    return item ? item->at : MS_NEVER;
}
