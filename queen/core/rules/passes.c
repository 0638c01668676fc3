#include "passes.h"

#include <stdio.h>

/* What one SUBSCRIBE brings is not known: nothing of any size is read with it. */
#define EXPECTED_UNKNOWN SIZE_MAX

static const enum topic_kind live_kinds[] = { TOPIC_HIVE_PRESENCE, TOPIC_HIVE_HEARTBEAT, TOPIC_WORKER_HEARTBEAT,
                                              TOPIC_WORKER_PRESENCE, TOPIC_WORKER_WITNESS };
/* What the queen has published itself comes first, for an earlier process may have known more (R17). */
static const enum topic_kind own_kinds[] = { TOPIC_QUEEN_SINCE, TOPIC_HIVE_VERDICT, TOPIC_VERDICT };
/* A hive is known by its presence. */
static const enum topic_kind hive_kinds[] = { TOPIC_HIVE_PRESENCE, TOPIC_HIVE_HEARTBEAT };
/* Where stored copies contradict each other the heartbeat's session is current (R15). */
static const enum topic_kind worker_kinds[] = { TOPIC_VERDICT, TOPIC_WORKER_HEARTBEAT, TOPIC_WORKER_PRESENCE,
                                                TOPIC_WORKER_WITNESS };

bool passes_is_own(enum topic_kind kind)
{
    return kind == TOPIC_QUEEN_SINCE || kind == TOPIC_HIVE_VERDICT || kind == TOPIC_VERDICT;
}

enum err passes_filter(const struct queen *queen, const struct snapshot_filter *filter, char ret[TOPIC_SIZE])
{
    struct topic topic = {
        .kind = filter->kind, .queen = text_of(queen->options.id), .hive = text_of(filter->hive), .worker = TEXT("+")
    };
    if (!filter->device)
        return topic_build(queen->options.root, &topic, ret);
    snprintf(ret, TOPIC_SIZE, "%s", filter->device);
    return OK;
}

/* Behind the live view, where nobody waits for it. */
static bool is_one_at_a_time(const struct queen *queen)
{
    return queen->snapshot.alone || queen_sees(queen);
}

/* False: it is to be read with later ones. mosquitto 2.0.11 lets what a second SUBSCRIBE finds stored wait behind a
 * full socket, and drops what is too much there. */
static bool add_filter(struct queen *queen, const struct snapshot_filter *filter, size_t expected)
{
    struct snapshot *snapshot = &queen->snapshot;
    size_t room = snapshot->burst - (snapshot->expected < snapshot->burst ? snapshot->expected : snapshot->burst);
    if (snapshot->count > 0 && (snapshot->count == SNAPSHOT_FILTERS || is_one_at_a_time(queen) ||
                                (expected == EXPECTED_UNKNOWN ? snapshot->expected > 1 : expected > room)))
        return false;
    snapshot->filters[snapshot->count++] = *filter;
    snapshot->expected = expected == EXPECTED_UNKNOWN ? snapshot->burst : snapshot->expected + expected;
    return true;
}

static bool add(struct queen *queen, enum topic_kind kind, const char *hive, size_t expected)
{
    struct snapshot_filter filter = { .kind = kind };
    snprintf(filter.hive, sizeof filter.hive, "%s", hive);
    return add_filter(queen, &filter, expected);
}

/* How many are known. Zero is no number: there may be any that are not. */
static size_t expected_of(size_t known)
{
    return known > 0 ? known : EXPECTED_UNKNOWN;
}

/* Goes on in a list of kinds, as far as they are read together. */
static void add_kinds(struct queen *queen, const enum topic_kind *kinds, size_t count, const size_t *expected)
{
    unsigned *step = &queen->snapshot.step;
    while (*step < count && add(queen, kinds[*step], "+", expected[*step]))
        ++*step;
}

/* The first `count` filters of other systems' devices, from `begin` on in the steps of the stage. One that brings what
 * is stored is subscribed to already, so it stays when it is read. */
static void add_devices(struct queen *queen, unsigned begin, size_t count, size_t expected)
{
    const struct devices *devices = queen->options.devices;
    unsigned *step = &queen->snapshot.step;
    for (; *step >= begin && *step - begin < count; ++*step) {
        struct snapshot_filter filter = { TOPIC_WORKER_PRESENCE, "+", devices->filters[*step - begin] };
        if (!add_filter(queen, &filter, expected))
            return;
    }
}

static size_t hives_known(const struct queen *queen)
{
    return expected_of(queen->registry.hive_count);
}

static struct hive_watch *watch_of(const struct queen *queen, struct text hive)
{
    struct record *record = registry_find(&queen->registry, hive, (struct text){ 0 });
    return record ? record->watch : NULL;
}

/* Of a hive, as far as is known. */
static size_t workers_of(const struct queen *queen, const char *hive)
{
    const struct hive_watch *watch = watch_of(queen, text_of(hive));
    const struct share *share = share_find(&queen->registry.shares, text_of(hive));
    size_t known = share ? share_workers(share) : 0;
    if (watch && watch->workers > known + 1)
        known = watch->workers - 1;
    return expected_of(known);
}

static void begin_hive(struct snapshot *snapshot, const char *hive)
{
    snprintf(snapshot->hive, sizeof snapshot->hive, "%s", hive);
    snapshot->step = snapshot->own_is_large ? 0 : 1;
}

static bool next_real_hive(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    const struct roll *roll = &queen->registry.roll;
    for (size_t place = roll_after(roll, snapshot->hive_next); place < roll->count; place++) {
        struct record *record = roll->entries[place].is_hive ? roll->entries[place].record : NULL;
        snapshot->hive_next = roll->entries[place].number;
        if (!record || record->watch->read == snapshot->cycle)
            continue;
        record->watch->read = snapshot->cycle;
        begin_hive(snapshot, record_hive(record));
        return true;
    }
    return false;
}

/* Names that never had a hive's presence. */
static bool next_group(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    struct share *share;
    while ((share = share_unread(&queen->registry.shares, &snapshot->share_next, snapshot->cycle))) {
        share->read = snapshot->cycle;
        if (watch_of(queen, (struct text){ share->name, share->name_len }))
            continue; /* it was read as a hive */
        begin_hive(snapshot, share->name);
        return true;
    }
    return false;
}

static void add_hives(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    for (;;) {
        size_t expected;
        if (!snapshot->hive[0] && !next_real_hive(queen) && !next_group(queen))
            return;
        expected = workers_of(queen, snapshot->hive);
        for (; snapshot->step < ARRAY_LEN(worker_kinds); snapshot->step++)
            if (!add(queen, worker_kinds[snapshot->step], snapshot->hive, expected))
                return;
        snapshot->hive[0] = '\0';
    }
}

/* Workers that are known, or more, as far as hives declare them. Goes through all hives, which is too much for the
 * passes of each. */
static size_t workers_known(const struct queen *queen)
{
    size_t count = queen->registry.count, said = 0;
    const struct hive_watch *watch;
    for (watch = queen->hives.all; watch; watch = watch->next)
        said += watch->workers ? watch->workers - 1 : 0;
    return count > said ? count : said;
}

/* One hive at a time, unless all of them together are few enough. */
static bool is_by_hive(const struct queen *queen)
{
    const struct snapshot *snapshot = &queen->snapshot;
    return snapshot->alone || 3 * snapshot->workers > snapshot->burst;
}

/* Where those over all may have been cut, or hives were found that were not read by themselves. If none was, this is
 * the second time that all is read. */
static void add_found(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    struct completeness *completeness = &snapshot->completeness;
    if (completeness->by_hive == 0 && completeness->largest <= SNAPSHOT_BURST && !is_by_hive(queen))
        return;
    if (completeness->by_hive == 0 && snapshot->hive_next == 0)
        completeness->added = 0;
    add_hives(queen);
}

void passes_fill(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    enum snapshot_stage stage = snapshot->stage;
    bool of_each = stage == SNAPSHOT_KNOWN || stage == SNAPSHOT_FOUND;
    const struct devices none = { 0 }, *devices = queen->options.devices ? queen->options.devices : &none;
    size_t hives = hives_known(queen), workers;
    if (!of_each || snapshot->hive_next == 0)
        snapshot->workers = workers_known(queen);
    workers = expected_of(snapshot->workers);
    snapshot->count = 0;
    snapshot->expected = 0;
    if (stage == SNAPSHOT_LIVE) {
        add_kinds(queen, live_kinds, ARRAY_LEN(live_kinds), (const size_t[ARRAY_LEN(live_kinds)]){ 0 });
        add_devices(queen, ARRAY_LEN(live_kinds), devices->filter_count, 0);
    } else if (stage == SNAPSHOT_OWN)
        add_kinds(queen, own_kinds, ARRAY_LEN(own_kinds), (const size_t[]){ 1, hives, workers });
    else if (stage == SNAPSHOT_HIVES)
        add_kinds(queen, hive_kinds, ARRAY_LEN(hive_kinds), (const size_t[]){ hives, hives });
    else if (stage == SNAPSHOT_KNOWN && is_by_hive(queen))
        add_hives(queen);
    else if (stage == SNAPSHOT_ALL)
        add_kinds(queen, worker_kinds + 1, ARRAY_LEN(worker_kinds) - 1, (const size_t[]){ workers, workers, workers });
    else if (stage == SNAPSHOT_FOUND)
        add_found(queen);
    else if (stage == SNAPSHOT_DEVICES)
        add_devices(queen, 0, devices->stored_count, EXPECTED_UNKNOWN);
}
