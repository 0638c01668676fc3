#include "registry.h"

#include <stdlib.h>
#include <utlist.h>

#include "rations.h"

_Static_assert(INTERN_FULL < 1 << ROLL_WORD_BITS, "all numbers of words have to fit");

void registry_init(struct registry *registry, size_t max_count, size_t max_document_bytes)
{
    *registry = (struct registry){ .max_count = max_count, .max_document_bytes = max_document_bytes };
    for (size_t part = 0; part < NAME_PARTS; part++)
        name_index_init(&registry->by[part], (enum name_part)part, max_count);
    name_index_init(&registry->ended, NAME_OF_PAIR, max_count);
    registry->touched_end = &registry->touched;
    shares_init(&registry->shares, max_count);
    registry->words.shares = &registry->shares;
}

static void clear_ended(struct registry *registry)
{
    for (size_t i = 0; registry->ended.buckets && i < registry->ended.size; i++)
        while (registry->ended.buckets[i])
            registry_remove(registry, registry->ended.buckets[i]);
    name_index_clear(&registry->ended);
}

void registry_clear(struct registry *registry)
{
    clear_ended(registry);
    for (size_t i = 0; i < registry->roll.count; i++)
        if (registry->roll.entries[i].record)
            record_free(registry->roll.entries[i].record);
    for (size_t part = 0; part < NAME_PARTS; part++)
        name_index_clear(&registry->by[part]);
    roll_clear(&registry->roll);
    removals_clear(&registry->removals);
    intern_clear(&registry->words);
    shares_clear(&registry->shares);
    heap_clear(&registry->due[false]);
    heap_clear(&registry->due[true]);
}

static struct record *find_pair(const struct name_index *index, struct text hive, struct text worker)
{
    char key[NAME_PAIR_SIZE];
    if (hive.len > NAME_MAX_LEN || worker.len > NAME_MAX_LEN)
        return NULL;
    return name_index_find(index, (struct text){ key, name_pair(key, hive, worker) });
}

struct record *registry_find(const struct registry *registry, struct text hive, struct text worker)
{
    return find_pair(&registry->by[NAME_OF_PAIR], hive, worker);
}

struct record *registry_find_ended(const struct registry *registry, struct text hive, struct text worker)
{
    return find_pair(&registry->ended, hive, worker);
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

static bool is_full_of_ends(const struct registry *registry, bool of_hives)
{
    size_t lives = of_hives ? registry->hive_count : registry->count;
    size_t ends = of_hives ? registry->ended_hive_count : registry->ended_count;
    return ends > 0 && lives + ends >= registry->max_count + registry->max_count / RATION_ENDS_PART;
}

bool registry_is_full(const struct registry *registry, bool of_hives)
{
    return (of_hives ? registry->hive_count : registry->count) >= registry->max_count ||
           is_full_of_ends(registry, of_hives);
}

/* In whole numbers, so that what was added can be taken away again. */
static uint64_t queue_of(const struct roll_entry *entry)
{
    return isnan(entry->load.queue_depth) ? 0 : (uint64_t)entry->load.queue_depth;
}

/* Among those of its model and version, as its entry has it: `by` is 1, or -1 before that changes. */
static void count_words(struct registry *registry, const struct record *record, int by)
{
    const struct roll_entry *entry = roll_entry_of(&registry->roll, record);
    struct word_use *model = intern_use(&registry->words, entry->model);
    struct word_use *version = intern_use(&registry->words, record->version);
    if (entry->is_hive)
        return;
    model->models[entry->state] += (uint32_t)by;
    version->versions[entry->state] += (uint32_t)by;
    if (entry->state == STATE_ONLINE)
        model->queue_depth += (uint64_t)by * queue_of(entry);
}

enum err registry_add(struct registry *registry, struct text hive, struct text worker, struct record **ret)
{
    struct share *share;
    struct record *record;
    if (registry_is_full(registry, worker.len == 0))
        return ERR_FULL;
    if (!reserve(registry) || share_open(&registry->shares, worker.len > 0 ? hive : TEXT(""), &share) != OK)
        return ERR_NOMEM;
    if (!(record = record_new(hive, worker))) {
        share_end(&registry->shares, share);
        return ERR_NOMEM;
    }
    record->share = share;
    tenants_add(&registry->shares, record);
    for (size_t part = 0; part < parts_of(record); part++)
        name_index_add(&registry->by[part], record);
    roll_add(&registry->roll, record);
    count_words(registry, record, 1);
    ++*count_of(registry, record);
    counts_of(registry, record)[STATE_NONE]++;
    share->states[STATE_NONE]++;
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

void registry_set_load(struct registry *registry, struct record *record, const struct load *load)
{
    struct roll_entry *entry = roll_entry_of(&registry->roll, record);
    count_words(registry, record, -1);
    entry->status = intern_swap(&registry->words, record->share, entry->status, load->status);
    entry->model = intern_swap(&registry->words, record->share, entry->model, load->model);
    record->version = (uint16_t)intern_swap(&registry->words, record->share, record->version, load->version);
    entry->load = load->numbers;
    count_words(registry, record, 1);
}

void registry_set_document(struct registry *registry, struct record *record, struct document **document,
                           struct document *by)
{
    size_t before = document_size(*document), bytes = document_size(by);
    bool had_some = record->document || record->witness, has_some;
    free(*document);
    *document = by;
    has_some = record->document || record->witness;
    if (has_some != had_some)
        tenants_documents(record, has_some);
    registry->document_bytes += bytes - before;
    if (bytes >= before)
        share_add(&registry->shares, record->share, RATION_BYTES, bytes - before);
    else
        share_remove(&registry->shares, record->share, RATION_BYTES, before - bytes);
}

void registry_drop_documents(struct registry *registry, struct record *record)
{
    registry_set_document(registry, record, &record->document, NULL);
    registry_set_document(registry, record, &record->witness, NULL);
    registry_set_load(registry, record, &LOAD_NONE);
}

static void walk_on(struct registry *registry, enum walk_kind kind, struct walk *walk)
{
    walk->at = name_index_next(&registry->by[NAME_OF_HIVE], walk->at);
    if (!walk->at)
        DL_DELETE(registry->walks[kind], walk);
}

static void take_out(struct registry *registry, struct record *record)
{
    unschedule(registry, record);
    untouch(registry, record);
    registry_drop_documents(registry, record);
    count_words(registry, record, -1);
    roll_remove(&registry->roll, record);
    for (enum walk_kind kind = 0; kind < WALK_COUNT; kind++)
        if (record->share->walks[kind].at == record)
            walk_on(registry, kind, &record->share->walks[kind]);
    for (size_t part = 0; part < parts_of(record); part++)
        name_index_remove(&registry->by[part], record);
    --*count_of(registry, record);
    counts_of(registry, record)[record->state]--;
    record->share->states[record->state]--;
}

static size_t *ended_count_of(struct registry *registry, const struct record *record)
{
    return record_is_hive(record) ? &registry->ended_hive_count : &registry->ended_count;
}

void registry_remove(struct registry *registry, struct record *record)
{
    removals_note(&registry->removals, STORE_RECORD, text_of(record_hive(record)), text_of(record_worker(record)));
    *ended_count_of(registry, record) -= record->ended;
    if (record->ended)
        name_index_remove(&registry->ended, record);
    else
        take_out(registry, record);
    tenants_remove(&registry->shares, record);
    record_free(record);
}

enum err registry_end(struct registry *registry, struct record *record)
{
    if (name_index_reserve(&registry->ended) != OK)
        return ERR_NOMEM;
    take_out(registry, record);
    free(record->verification);
    record->verification = NULL;
    name_index_add(&registry->ended, record);
    record->ended = true;
    tenants_update(&registry->shares, record);
    ++*ended_count_of(registry, record);
    return OK;
}

void registry_note_pressure(struct registry *registry, enum pressure_kind kind, struct text hive, bool evicted)
{
    struct pressure *pressure = &registry->pressure[kind];
    pressure->evicted += evicted;
    pressure->refused += !evicted;
    pressure->is_new = true;
    if (hive.at)
        text_to_printable(hive, pressure->hive, sizeof pressure->hive);
}

struct record *registry_victim(struct registry *registry, struct text hive, struct text worker, ms_t now)
{
    bool of_hives = worker.len == 0, of_ends = is_full_of_ends(registry, of_hives);
    struct text of = of_hives ? (struct text){ 0 } : hive;
    struct record *victim =
        of_ends ? tenants_end(&registry->shares, of) : tenants_victim(&registry->shares, of, registry->max_count, now);
    enum ration most = of_hives ? RATION_HIVES : of_ends ? RATION_ENDS : RATION_WORKERS;
    if (!victim || !of_ends) /* an end loses nothing */
        registry_note_pressure(registry, of_hives ? PRESSURE_HIVES : PRESSURE_WORKERS,
                               share_name(share_greatest(&registry->shares, most)), victim != NULL);
    return victim;
}

void registry_expect(struct registry *registry, struct record *record)
{
    record->expected = true;
    tenants_update(&registry->shares, record);
}

void registry_establish(struct registry *registry, struct record *record)
{
    record->established = true;
    tenants_update(&registry->shares, record);
}

void registry_received(struct registry *registry, struct record *record, ms_t now)
{
    struct roll_entry *entry = roll_entry_of(&registry->roll, record);
    bool was_established = record->established;
    tenants_received(&registry->shares, record, now);
    if (!entry->received || record->established != was_established)
        roll_mark(&registry->roll, record);
    entry->received = true;
}

void registry_walk(struct registry *registry, struct text hive, enum walk_kind kind)
{
    struct share *share = share_find(&registry->shares, hive);
    struct walk *walk = share ? &share->walks[kind] : NULL;
    if (!walk)
        return;
    if (walk->at)
        DL_DELETE(registry->walks[kind], walk);
    if ((walk->at = name_index_find(&registry->by[NAME_OF_HIVE], hive)))
        DL_APPEND(registry->walks[kind], walk);
}

struct record *registry_walk_take(struct registry *registry, enum walk_kind kind)
{
    struct walk *walk = registry->walks[kind];
    struct record *record = walk ? walk->at : NULL;
    if (!walk)
        return NULL;
    walk_on(registry, kind, walk);
    if (walk->at && walk->next) {
        DL_DELETE(registry->walks[kind], walk);
        DL_APPEND(registry->walks[kind], walk);
    }
    return record;
}

void registry_set_state(struct registry *registry, struct record *record, enum state state)
{
    size_t *counts = counts_of(registry, record);
    counts[record->state]--;
    counts[state]++;
    record->share->states[record->state]--;
    record->share->states[state]++;
    count_words(registry, record, -1);
    record->state = (uint8_t)state;
    roll_entry_of(&registry->roll, record)->state = record->state;
    count_words(registry, record, 1);
    tenants_update(&registry->shares, record);
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
