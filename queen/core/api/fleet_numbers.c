#include "fleet_numbers.h"

#include <stdlib.h>

#include "top.h"
#include "view.h"

#define COST_GROUP 10  /* of keeping one */
#define BUCKETS_EACH 8 /* that cost a unit */

struct fleet {
    struct listing slices;
    struct top hives, models, versions;
    size_t bucket; /* the next one whose hives are gathered */
    bool has_failed;
};

static void take_hive(struct fleet *fleet, const struct share *share)
{
    struct metric_group group = { .name = share->name, .states = share->states };
    if (share->name_len == 0)
        return;
    fleet->has_failed |= top_add(&fleet->hives, &group) != OK;
    fleet->slices.cost += COST_GROUP;
}

/* False: there are more. */
static bool gather_hives(const struct shares *shares, struct fleet *fleet)
{
    for (; shares->buckets && fleet->bucket < shares->size && !slice_is_over(&fleet->slices); fleet->bucket++) {
        fleet->slices.cost += fleet->bucket % BUCKETS_EACH == 0;
        for (const struct share *share = shares->buckets[fleet->bucket]; share; share = share->next)
            take_hive(fleet, share);
    }
    return !shares->buckets || fleet->bucket == shares->size;
}

static void gather_words(struct queen *queen, struct fleet *fleet)
{
    struct intern *words = &queen->registry.words;
    for (unsigned number = 0; number <= INTERN_MAX; number++) {
        const struct word_use *use = intern_use(words, number);
        const char *text = intern_text(words, number);
        if (!use)
            continue;
        fleet->has_failed |=
            top_add(&fleet->models, &(struct metric_group){ text, use->models, use->queue_depth }) != OK ||
            top_add(&fleet->versions, &(struct metric_group){ text, use->versions, 0 }) != OK;
    }
    top_add_other(&fleet->models, &(struct metric_group){ NULL, words->full.models, words->full.queue_depth });
    top_add_other(&fleet->versions, &(struct metric_group){ NULL, words->full.versions, 0 });
}

static void put_states(const struct queen *queen, const char *key, size_t total, enum metric_id id,
                       struct json_write *w)
{
    struct metric_sample sample;
    unsigned index = 0;
    json_open_member(w, key, '{');
    json_add_int(w, "total", (int64_t)total);
    while (metric_next(queen, id, &index, &sample))
        json_add_int(w, sample.labels[0], (int64_t)sample.value);
    json_close(w, '}');
}

static void write(const struct queen *queen, struct fleet *fleet)
{
    struct json_write w = json_write_to(fleet->slices.body);
    json_open(&w, '{');
    view_put_view(queen, &w);
    put_states(queen, "workers", queen->registry.count, METRIC_WORKERS, &w);
    put_states(queen, "hives", queen->registry.hive_count, METRIC_HIVES, &w);
    top_write(&fleet->hives, &(struct top_keys){ "by_hive", "hive_id", "other_hives", false }, &w);
    top_write(&fleet->models, &(struct top_keys){ "by_model", "model", "other_models", true }, &w);
    top_write(&fleet->versions, &(struct top_keys){ "by_version", "version", "other_versions", false }, &w);
    json_close(&w, '}');
}

static bool fleet_go_on(struct queen *queen, struct listing *slices)
{
    struct fleet *fleet = (struct fleet *)slices;
    bool has_all = gather_hives(&queen->registry.shares, fleet);
    if (has_all) {
        gather_words(queen, fleet);
        write(queen, fleet);
    }
    slices->body->failed |= fleet->has_failed;
    return !has_all;
}

static size_t fleet_bytes(const struct listing *slices)
{
    const struct fleet *fleet = (const struct fleet *)slices;
    return sizeof *fleet + fleet->hives.bytes + fleet->models.bytes + fleet->versions.bytes;
}

static void fleet_free(struct listing *slices)
{
    struct fleet *fleet = (struct fleet *)slices;
    top_clear(&fleet->hives);
    top_clear(&fleet->models);
    top_clear(&fleet->versions);
    free(fleet);
}

static const struct listing_kind kind = { fleet_go_on, NULL, fleet_bytes, fleet_free };

enum err fleet_numbers_new(size_t limit, struct listing **ret)
{
    struct fleet *fleet = calloc(1, sizeof *fleet);
    if (!fleet)
        return ERR_NOMEM;
    fleet->slices.kind = &kind;
    fleet->hives.limit = fleet->models.limit = fleet->versions.limit = limit;
    *ret = &fleet->slices;
    return OK;
}
