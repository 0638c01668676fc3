#include "queen_check.h"

#include <utlist.h>

#include "fuzz.h"
#include "json_scan.h"
#include "rations.h"

static void check_heap(const struct heap *heap)
{
    for (size_t i = 0; i < heap->len; i++) {
        require(heap->items[i]->position == i + 1);
        require(heap->items[i]->at >= heap->items[(i + 1) / 2 > 0 ? (i + 1) / 2 - 1 : 0]->at);
    }
}

static bool is_in(const struct heap *heap, const struct heap_item *item)
{
    return item->position > 0 && item->position <= heap->len && heap->items[item->position - 1] == item;
}

static size_t size_of(const struct document *document)
{
    require(!document || (document->len < document->size && document->text[document->len] == '\0'));
    return document ? document->size : 0;
}

static void check_record(const struct registry *registry, const struct roll_entry *entry)
{
    const struct record *record = entry->record;
    struct text hive = { record_hive(record), record->hive_len };
    struct text worker = { record_worker(record), record->worker_len };
    require(registry_find(registry, hive, worker) == record);
    require(text_is_id(hive) && (worker.len == 0 || text_is_id(worker)));
    require(roll_entry_of(&registry->roll, record) == entry && roll_find(&registry->roll, entry->number) == record);
    require(record->state == entry->state && record->state < STATE_COUNT && record->announced < STATE_COUNT);
    require(entry->is_hive == record_is_hive(record) && !record->touched);
    require(record->due.position == 0 || is_in(&registry->due[record->on_watch], &record->due));
    require(!record_is_hive(record) || record->watch->record == record);
}

/* By each word that somebody has, they add up to all. */
static void check_words(struct registry *registry)
{
    size_t models[STATE_COUNT] = { 0 }, versions[STATE_COUNT] = { 0 };
    for (unsigned number = 0; number <= INTERN_FULL; number++) {
        const struct word_use *use = intern_use(&registry->words, number);
        for (int state = 0; use && state < STATE_COUNT; state++) {
            models[state] += use->models[state];
            versions[state] += use->versions[state];
        }
    }
    require(memcmp(models, registry->counts, sizeof models) == 0);
    require(memcmp(versions, registry->counts, sizeof versions) == 0);
}

static void check_registry(const struct registry *registry)
{
    size_t workers[STATE_COUNT] = { 0 }, hives[STATE_COUNT] = { 0 };
    size_t worker_count = 0, hive_count = 0, documents = 0, scheduled = 0;
    for (size_t i = 0; i < registry->roll.count; i++) {
        const struct record *record = registry->roll.entries[i].record;
        if (!record)
            continue;
        check_record(registry, &registry->roll.entries[i]);
        ++*(record_is_hive(record) ? &hive_count : &worker_count);
        (record_is_hive(record) ? hives : workers)[record->state]++;
        scheduled += record->due.position > 0;
        documents += size_of(record->document) + size_of(record->witness);
    }
    require(worker_count == registry->count && hive_count == registry->hive_count);
    require(worker_count <= registry->max_count && hive_count <= registry->max_count);
    require(worker_count + registry->ended_count <= registry->max_count + registry->max_count / RATION_ENDS_PART);
    require(hive_count + registry->ended_hive_count <= registry->max_count + registry->max_count / RATION_ENDS_PART);
    require(memcmp(workers, registry->counts, sizeof workers) == 0);
    require(memcmp(hives, registry->hive_counts, sizeof hives) == 0);
    require(documents == registry->document_bytes && documents <= registry->max_document_bytes);
    check_heap(&registry->due[false]);
    check_heap(&registry->due[true]);
    require(scheduled == registry->due[false].len + registry->due[true].len);
    require(!registry->touched);
}

static void check_hives(const struct queen *queen)
{
    const struct hive_watch *watch;
    size_t count = 0, due = 0, running = 0;
    DL_FOREACH(queen->hives.all, watch)
    {
        bool is_out = requester_is_waiting(&watch->pending) || watch->http.token;
        count++;
        due += watch->due.position > 0;
        running += is_out;
        require(watch->due.position == 0 || is_in(&queen->hives.first, &watch->due) ||
                is_in(&queen->hives.again, &watch->due));
        require(watch->polling == (is_out || watch->due.position > 0)); /* it is out, or has its turn */
    }
    require(count == queen->registry.hive_count && due == queen->hives.first.len + queen->hives.again.len);
    require(running == queen->hives.running && queen->hives.running_again <= running);
    check_heap(&queen->hives.first);
    check_heap(&queen->hives.again);
}

/* What each hive has adds up to what there is, and whoever has any is ranked by it. */
static void check_shares(const struct registry *registry)
{
    const struct shares *shares = &registry->shares;
    size_t count = 0, sums[RATION_COUNT] = { 0 }, ranked[RATION_COUNT] = { 0 }, states[STATE_COUNT] = { 0 };
    for (size_t i = 0; shares->buckets && i < shares->size; i++)
        for (const struct share *share = shares->buckets[i]; share; share = share->next) {
            count++;
            for (size_t k = 0; k < RATION_COUNT; k++) {
                require((share->has[k] > 0) == is_in(&shares->greatest[k], &share->rank[k]));
                sums[k] += share->has[k];
                ranked[k] += share->has[k] > 0;
            }
            for (size_t k = 0; k < STATE_COUNT; k++)
                states[k] += share->states[k];
        }
    require(count == shares->count && sums[RATION_ENDS] == registry->ended_count);
    require(sums[RATION_HIVES] == registry->hive_count + registry->ended_hive_count);
    require(sums[RATION_WORKERS] + sums[RATION_EXPECTED] == registry->count);
    require(memcmp(sums, shares->total, sizeof sums) == 0);
    require(sums[RATION_BYTES] == registry->document_bytes && sums[RATION_WORDS] == registry->words.count);
    for (size_t k = 0; k < STATE_COUNT; k++)
        require(states[k] == registry->counts[k] + registry->hive_counts[k]);
    for (size_t k = 0; k < RATION_COUNT; k++) {
        require(ranked[k] == shares->greatest[k].len);
        check_heap(&shares->greatest[k]);
    }
}

static size_t count_queued(const struct queen *queen)
{
    size_t count = 0;
    for (size_t i = 0; i < VERIFY_CLASS_COUNT; i++)
        count += queen->verifying.queued[i].count;
    return count;
}

/* Nothing is asked twice for one record. */
static void check_asking(const struct queen *queen)
{
    size_t workers = queen->registry.count, hives = queen->registry.hive_count;
    size_t ended = queen->registry.ended_count + queen->registry.ended_hive_count;
    size_t limits[ASKING_COUNT] = { [ASKING_LOSS] = workers + hives,
                                    [ASKING_INQUIRY] = hives,
                                    [ASKING_NEIGHBOUR] = workers,
                                    [ASKING_VERIFY] = workers,
                                    [ASKING_HIVE] = hives };
    for (size_t i = 0; i < ASKING_COUNT; i++) {
        check_heap(&queen->asking[i].deadlines);
        require(HASH_COUNT(queen->asking[i].open) <= limits[i]);
        require(queen->asking[i].deadlines.len <= HASH_COUNT(queen->asking[i].open));
    }
    require(queen->verifying.running + count_queued(queen) <= workers && queen->verifying.running <= VERIFY_RUNNING);
    require(queen->barriers.waiting.count + queen->barriers.over.count <= workers + hives);
    require(announce_count(&queen->announcing) <= workers + hives + ended);
    require(queen->hives.running <= HIVE_POLLS_RUNNING);
    require(HASH_COUNT(queen->over_http) <= workers + hives);
}

void queen_check(const struct queen *queen)
{
    check_registry(&queen->registry);
    check_words((struct registry *)&queen->registry);
    check_shares(&queen->registry);
    check_hives(queen);
    check_asking(queen);
    require(queen->counters.refused_transitions == 0); /* the rules know what may follow what */
    require(!queen->out);
}

void queen_check_events(const struct queen *queen, uint64_t *last)
{
    const struct event *event;
    while ((event = queen_event_after(queen, *last))) {
        const struct json_value *value;
        struct arena arena;
        arena = (struct arena){ 0 };
        require(event->id > *last && event->id < queen->next_event);
        require(json_scan(&arena, event->json, &value, NULL) == OK && text_is_utf8(text_of(event->line)));
        arena_clear(&arena);
        *last = event->id;
    }
}

void queen_check_empty(const struct queen *queen)
{
    require(queen->registry.count == 0 && queen->registry.hive_count == 0 && queen->registry.document_bytes == 0);
    require(queen->registry.due[false].len == 0 && queen->registry.due[true].len == 0);
    require(queen->hives.first.len == 0 && queen->hives.again.len == 0 && announce_count(&queen->announcing) == 0);
    require(queen->registry.words.count == 0);
    require(!queen->hives.all && !queen->hives.marked && queen->hives.running == 0);
    require(count_queued(queen) == 0 && queen->verifying.running == 0);
    require(!queen->verifying.waits && queen->verifying.wait_count == 0);
    require(!queen->over_http && !queen->losses && !queen->holding &&
            queen->barriers.waiting.count + queen->barriers.over.count == 0);
    for (size_t i = 0; i < ASKING_COUNT; i++)
        require(!queen->asking[i].open && queen->asking[i].deadlines.len == 0);
}
