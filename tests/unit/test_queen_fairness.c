/* Who makes room for whom in random fleets beside a hive that takes what it can get. No hive but a flood loses anything
 * to a larger one; none that is small is refused while another has more; the dead are not kept in place of the living;
 * and it ends: who was evicted and comes back does not evict who came instead. One fleet per seed. */
#include "registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rations.h"
#include "rng.h"

#define SEEDS 25
#define MAX 200
#define HIVES 400
#define WORKERS 4000
#define LEASE 90000
#define BUSY 300000  /* ms in which workers come and go */
#define QUIET 900000 /* ... in which who is left only beats; in the last third nobody may be evicted */
#define OPEN 3000    /* ms until a death is confirmed and announced */

/* What the hive 0 does. */
enum evil { BEATS, ONE_BEAT_EACH, JOBS, COMES_AND_GOES, MADE_UP_HIVES, EVILS };

struct worker {
    int hive, number;
    ms_t interval, next; /* MS_NEVER: it beats no more */
};

struct fleet {
    struct registry registry;
    struct rng rng;
    enum evil evil;
    struct worker workers[WORKERS];
    int count, hives;
    ms_t now;
    unsigned evicted, refused;
};

/* What the rule goes by, counted anew. */
struct hive {
    size_t all, weak, online;
};
struct census {
    struct hive hives[HIVES];
    size_t weak, most_weak, largest, equal;
    bool made_up; /* by so many that their names say nothing */
};

static struct fleet fleet;

static bool chance(int percent)
{
    return rng_between(&fleet.rng, 1, 100) <= percent;
}

static bool is_lost(const struct record *record)
{
    return record->state == STATE_OFFLINE || record->state == STATE_STALE;
}

static int hive_of(const struct record *record)
{
    return atoi(record_hive(record) + 1);
}

static struct record *next_record(size_t *at)
{
    struct record *record = NULL;
    while (!record && *at < fleet.registry.roll.count)
        record = fleet.registry.roll.entries[(*at)++].record;
    return record;
}

static void count(struct census *census, int newcomer)
{
    struct record *record;
    size_t hives = 0;
    *census = (struct census){ 0 };
    for (size_t at = 0; (record = next_record(&at));) {
        struct hive *hive = &census->hives[hive_of(record)];
        hives += hive->all++ == 0;
        hive->weak += !record->established;
        hive->online += record->state == STATE_ONLINE;
        census->weak += !record->established;
        census->most_weak = hive->weak > census->most_weak ? hive->weak : census->most_weak;
        census->largest = hive->all > census->largest ? hive->all : census->largest;
    }
    census->equal = MAX / (hives + (census->hives[newcomer].all == 0));
    census->made_up = census->weak > MAX / RATION_SMALL_PART && census->most_weak < census->weak / RATION_SMALL_PART;
}

/* Lost for so long, or in such a way, that it may go for anybody. */
static bool is_spare(const struct census *census, const struct record *record)
{
    return (is_lost(record) && fleet.now - record->since_mono >= RATION_DOWN_MS) ||
           (record->state == STATE_OFFLINE && census->hives[hive_of(record)].online == 0) ||
           (census->made_up && !record->established && fleet.now - record->received_mono >= RATION_SILENT_MS);
}

static bool is_open(const struct record *record)
{
    return record->loss || record->owed;
}

static bool may_go(const struct census *census, const struct record *victim, int newcomer)
{
    const struct hive *from = &census->hives[hive_of(victim)], *to = &census->hives[newcomer];
    bool lives = !is_lost(victim) && victim->state != STATE_SUSPECT;
    bool begins = to->weak * 2 > to->all + 1 && to->all > census->equal / RATION_SMALL_PART;
    if (is_spare(census, victim))
        return !is_open(victim);
    if (from == to)
        return !is_open(victim) && (!lives || (!victim->established && to->weak * 2 > to->all &&
                                               fleet.now - victim->received_mono >= RATION_SILENT_MS));
    if (from->all < census->equal / 2)
        return false;
    if (from->all < census->equal || from->all <= to->all + 1) /* of a flood only */
        return from->weak * 2 > from->all && !victim->established;
    return !lives || !victim->established || (!begins && to->all < census->equal / 2);
}

/* A hive's dead are not kept in place of its own; and a small hive that is established takes of the larger ones. */
static void check_refused(const struct census *census, int newcomer)
{
    const struct hive *to = &census->hives[newcomer];
    struct record *record;
    for (size_t at = 0; (record = next_record(&at));)
        assert_false(is_lost(record) && !is_open(record) && hive_of(record) == newcomer);
    assert_false(to->all < census->equal / 2 && to->weak * 2 <= to->all && census->largest > to->all + 1 &&
                 !census->made_up);
}

static void check(const struct record *victim, int newcomer)
{
    static struct census census;
    fleet.evicted += victim != NULL;
    fleet.refused += !victim;
    if (!victim && fleet.refused % 8 != 0) /* costs time */
        return;
    count(&census, newcomer);
    if (!victim) {
        check_refused(&census, newcomer);
        return;
    }
    if (!may_go(&census, victim, newcomer))
        print_error("%s/%s (state %d, established %d) of %zu went for hive %d of %zu, an equal share is %zu\n",
                    record_hive(victim), record_worker(victim), victim->state, victim->established,
                    census.hives[hive_of(victim)].all, newcomer, census.hives[newcomer].all, census.equal);
    assert_true(may_go(&census, victim, newcomer));
}

static void set_state(struct record *record, enum state state)
{
    if (record->state != state)
        record->since_mono = fleet.now;
    registry_set_state(&fleet.registry, record, state);
}

/* Opens it, or ends that. */
static void keep_open(struct record *record, bool confirm, bool owed)
{
    free(record->loss);
    record->loss = confirm ? malloc(1) : NULL;
    record->owed = owed ? (struct owed *)&fleet : NULL;
}

static struct record *find(const struct worker *worker, bool add)
{
    char hive[16], name[16];
    struct record *record, *victim;
    snprintf(hive, sizeof hive, "h%d", worker->hive);
    snprintf(name, sizeof name, "w%d", worker->number);
    record = registry_find(&fleet.registry, text_of(hive), text_of(name));
    if (record || !add)
        return record;
    if (registry_is_full(&fleet.registry, false)) {
        victim = registry_victim(&fleet.registry, text_of(hive), text_of(name), fleet.now);
        check(victim, worker->hive);
        if (!victim)
            return NULL;
        registry_remove(&fleet.registry, victim);
    }
    assert_int_equal(registry_add(&fleet.registry, text_of(hive), text_of(name), &record), OK);
    return record;
}

static void beat(struct worker *worker)
{
    struct record *record = find(worker, true);
    worker->next = fleet.now + rng_jitter(&fleet.rng, worker->interval, 5);
    if (!record)
        return;
    record->interval_ms = (int32_t)worker->interval;
    record->received_mono = fleet.now;
    keep_open(record, false, false);
    registry_received(&fleet.registry, record, fleet.now);
    set_state(record, STATE_ONLINE);
}

static struct worker *begin(int hive, ms_t interval)
{
    struct worker *worker = &fleet.workers[fleet.count];
    assert_true(fleet.count < WORKERS);
    *worker = (struct worker){ hive, fleet.count++, interval, fleet.now };
    beat(worker);
    return worker;
}

static void end(struct worker *worker, bool says_goodbye)
{
    struct record *record = find(worker, false);
    worker->next = MS_NEVER;
    if (record)
        set_state(record, says_goodbye ? STATE_OFFLINE : STATE_SUSPECT);
    if (record && !says_goodbye)
        keep_open(record, chance(80), chance(20));
}

static void do_evil(ms_t time)
{
    switch (fleet.evil) {
    case BEATS: /* as many as there is room for and more */
        for (int i = 0; i < 10 && time < 30000; i++)
            begin(0, 5000);
        break;
    case ONE_BEAT_EACH:
        for (int i = 0; i < 5; i++)
            begin(0, MS_NEVER)->next = MS_NEVER;
        break;
    case JOBS:
        begin(0, 1000);
        if (fleet.count > 50 && fleet.workers[fleet.count - 50].hive == 0)
            end(&fleet.workers[fleet.count - 50], true);
        break;
    case COMES_AND_GOES:
        for (int i = 0; i < 10; i++)
            end(begin(0, 1000), i % 2 == 0);
        break;
    default:
        for (int i = 0; i < 5; i++)
            begin((int)rng_between(&fleet.rng, 20, HIVES - 1), MS_NEVER)->next = MS_NEVER;
        break;
    }
}

/* Deaths are judged, and silence is. */
static void judge(void)
{
    struct record *record;
    for (size_t at = 0; (record = next_record(&at));) {
        if (fleet.now - record->since_mono >= OPEN) {
            keep_open(record, false, false);
            set_state(record, record->state == STATE_SUSPECT ? STATE_STALE : record->state);
        }
        if (record->state == STATE_ONLINE && fleet.now - record->received_mono >= LEASE)
            set_state(record, STATE_STALE);
    }
}

static void second(ms_t time)
{
    fleet.now += 1000;
    for (int i = 0; i < fleet.count; i++)
        if (fleet.workers[i].next <= fleet.now)
            beat(&fleet.workers[i]);
    if (time < BUSY) {
        do_evil(time);
        if (chance(20)) { /* somebody dies, or leaves, and sometimes another comes instead */
            struct worker *worker = &fleet.workers[rng_between(&fleet.rng, 0, fleet.count - 1)];
            if (worker->hive != 0 && worker->next != MS_NEVER)
                end(worker, chance(30));
            if (worker->hive != 0 && worker->interval != MS_NEVER && chance(50))
                begin(worker->hive, worker->interval);
        }
    }
    judge();
}

static void play(uint64_t seed)
{
    unsigned before = 0;
    size_t alive = 0;
    fleet = (struct fleet){ .rng = { seed }, .evil = (enum evil)(seed % EVILS), .now = 2 * RATION_DOWN_MS };
    registry_init(&fleet.registry, MAX, SIZE_MAX);
    fleet.hives = (int)rng_between(&fleet.rng, 1, 12);
    for (int hive = 1; hive <= fleet.hives; hive++) {
        ms_t interval = rng_between(&fleet.rng, 1, 20) * 1000;
        for (int64_t left = rng_between(&fleet.rng, 1, 2 * MAX / fleet.hives); left > 0; left--)
            begin(hive, interval);
    }
    for (ms_t time = 0; time < BUSY + QUIET; time += 1000) {
        if (time == BUSY / 2 && seed % 3 == 0)
            fleet.now += RATION_DOWN_MS;
        if (time == BUSY + QUIET * 2 / 3)
            before = fleet.evicted;
        second(time);
    }
    assert_int_equal(fleet.evicted, before);
    for (int i = 0; i < fleet.count; i++)
        alive += fleet.workers[i].next != MS_NEVER;
    if (alive >= MAX && fleet.refused > 0)
        print_message("seed %llu: %d hives, %u evicted, %u refused, %zu online of %zu\n", (unsigned long long)seed,
                      fleet.hives, fleet.evicted, fleet.refused, fleet.registry.counts[STATE_ONLINE], alive);
    registry_clear(&fleet.registry);
}

static void hives_share_what_there_is(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        play(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hives_share_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
