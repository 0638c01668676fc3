#include "metrics_page.h"

#include <math.h>
#include <stdlib.h>

#define COST_SAMPLE 8  /* of writing one */
#define SKIPPED_EACH 8 /* places without one that cost a unit */
#define WORKER_METRICS (METRIC_COUNT - METRIC_WORKER_STATE)

struct metrics_page {
    struct listing slices;
    struct metrics_text text;
    bool has_groups, has_workers, truncated;
    unsigned metric; /* the one at hand */
    bool begun;      /* its head is written */
    uint32_t number; /* of the last record or word that was examined for it */
    size_t bucket;   /* the next one whose hives are */
};

static size_t models_of(struct queen *queen, unsigned number)
{
    const struct word_use *use = intern_use(&queen->registry.words, number);
    size_t count = 0;
    for (int state = STATE_NONE + 1; use && state < STATE_COUNT; state++)
        count += use->models[state];
    return count;
}

/* Of hives and models; of hives no less than there are. */
static uint64_t count_groups(struct queen *queen)
{
    const struct registry *registry = &queen->registry;
    const struct heap *by = registry->shares.greatest;
    uint64_t names = by[RATION_WORKERS].len + by[RATION_EXPECTED].len, models = 0;
    for (unsigned number = 1; number <= INTERN_MAX; number++)
        models += models_of(queen, number) > 0;
    return registry->hive_count + names * (STATE_COUNT - 1) + models * STATE_COUNT;
}

static void choose_parts(struct queen *queen, struct metrics_page *page, bool workers)
{
    uint64_t max = (uint64_t)queen->options.max_series, groups = count_groups(queen);
    page->has_groups = groups <= max;
    page->has_workers = workers && groups + queen->registry.count * WORKER_METRICS <= max;
    page->truncated = !page->has_groups || workers != page->has_workers;
}

static bool is_over(const struct metrics_page *page)
{
    return slice_is_over(&page->slices);
}

static void put(struct metrics_page *page, const struct metric *metric, const struct metric_sample *sample)
{
    if (isnan(sample->value))
        return;
    metrics_text_sample(&page->text, metric, sample);
    page->slices.cost += COST_SAMPLE;
}

/* These write what there is of a metric. False: the slice is over before that. */
typedef bool write_fn(struct queen *queen, struct metrics_page *page, const struct metric *metric);

static bool write_of_queen(struct queen *queen, struct metrics_page *page, const struct metric *metric)
{
    struct metric_sample sample;
    unsigned index = 0;
    if (metric->type == METRIC_HISTOGRAM && queen->process.turns)
        metrics_text_histogram(&page->text, metric, queen->process.turns);
    while (metric->of_queen && metric_next(queen, page->metric, &index, &sample))
        put(page, metric, &sample);
    return true;
}

static bool write_of_answer(struct queen *queen, struct metrics_page *page, const struct metric *metric)
{
    (void)queen;
    put(page, metric, &(struct metric_sample){ .value = page->truncated });
    return true;
}

static bool write_of_records(struct queen *queen, struct metrics_page *page, const struct metric *metric)
{
    const struct roll *roll = &queen->registry.roll;
    bool of_hives = metric->scope == METRIC_OF_HIVES;
    size_t at = roll_after(roll, page->number);
    for (; at < roll->count && !is_over(page); at++) {
        const struct roll_entry *entry = &roll->entries[at];
        page->number = entry->number;
        page->slices.cost += at % SKIPPED_EACH == 0;
        if (entry->record && entry->is_hive == of_hives && entry->state != STATE_NONE)
            put(page, metric,
                &(struct metric_sample){ { record_hive(entry->record), record_worker(entry->record) },
                                         metric->of_record(queen, entry) });
    }
    return at == roll->count;
}

static void write_group(struct metrics_page *page, const struct metric *metric, const struct metric_group *group)
{
    struct metric_sample sample;
    for (unsigned index = 0; metric->of_group(group, index, &sample); index++)
        put(page, metric, &sample);
}

static bool write_of_hive_names(struct queen *queen, struct metrics_page *page, const struct metric *metric)
{
    const struct shares *shares = &queen->registry.shares;
    for (; shares->buckets && page->bucket < shares->size && !is_over(page); page->bucket++) {
        page->slices.cost += page->bucket % SKIPPED_EACH == 0;
        for (const struct share *share = shares->buckets[page->bucket]; share; share = share->next)
            if (share->name_len > 0 && share_workers(share) > 0)
                write_group(page, metric, &(struct metric_group){ share->name, share->states, 0 });
    }
    return !shares->buckets || page->bucket == shares->size;
}

static bool write_of_models(struct queen *queen, struct metrics_page *page, const struct metric *metric)
{
    struct intern *words = &queen->registry.words;
    while (page->number < INTERN_MAX && !is_over(page)) {
        const struct word_use *use = intern_use(words, ++page->number);
        page->slices.cost += page->number % SKIPPED_EACH == 0;
        if (models_of(queen, page->number) > 0)
            write_group(page, metric,
                        &(struct metric_group){ intern_text(words, page->number), use->models, use->queue_depth });
    }
    return page->number == INTERN_MAX;
}

static write_fn *const writers[] = {
    [METRIC_OF_QUEEN] = write_of_queen,           [METRIC_OF_ANSWER] = write_of_answer,
    [METRIC_OF_HIVES] = write_of_records,         [METRIC_OF_WORKERS] = write_of_records,
    [METRIC_OF_HIVE_NAMES] = write_of_hive_names, [METRIC_OF_MODELS] = write_of_models,
};

static bool is_in(const struct metrics_page *page, const struct metric *metric)
{
    return metric->scope == METRIC_OF_WORKERS ? page->has_workers
           : metric->scope >= METRIC_OF_HIVES ? page->has_groups
                                              : true;
}

static void next_metric(struct metrics_page *page)
{
    page->metric++;
    page->begun = false;
    page->number = 0;
    page->bucket = 0;
}

static bool page_go_on(struct queen *queen, struct listing *slices)
{
    struct metrics_page *page = (struct metrics_page *)slices;
    page->text.buf = slices->body;
    for (; page->metric < METRIC_COUNT; next_metric(page)) {
        const struct metric *metric = &metrics[page->metric];
        if (!is_in(page, metric))
            continue;
        if (is_over(page))
            return true;
        if (!page->begun)
            metrics_text_head(&page->text, metric);
        page->begun = true;
        if (!writers[metric->scope](queen, page, metric))
            return true;
    }
    metrics_text_end(&page->text);
    return false;
}

static size_t page_bytes(const struct listing *slices)
{
    (void)slices;
    return sizeof(struct metrics_page);
}

static void page_free(struct listing *slices)
{
    free(slices);
}

static const struct listing_kind kind = { page_go_on, NULL, page_bytes, page_free };

enum err metrics_page_new(struct queen *queen, enum metrics_format format, bool workers, struct listing **ret)
{
    struct metrics_page *page = calloc(1, sizeof *page);
    if (!page)
        return ERR_NOMEM;
    page->slices.kind = &kind;
    page->text.format = format;
    choose_parts(queen, page, workers);
    *ret = &page->slices;
    return OK;
}
