/* R18 and all the others: whatever happens to a fleet, in whatever order, the referee finds nothing wrong. One world
 * per seed; `sim_random SEED` prints its trace, which is a scenario that replays it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "referee.h"
#include "script.h"
#include "worker_host.h"

#define SEEDS 200
#define CHAOS_UNTIL 240000 /* ms */
#define LEAVING 2000       /* ms; longer than any goodbye */
#define QUIET 200000       /* ms: longer than any reconnect, lease, grace and confirmation in a row */

static const char *const names[] = { "w1", "w2", "w3", "w4", "w5" };
static const char *const intervals[] = { "1s", "3s", "10s", "20s" };

struct chaos {
    struct world world;
    struct referee referee;
    struct rng rng; /* of the script; the world has its own */
    bool has_hive;  /* the workers' hive runs, and is disturbed as well */
    struct errbuf failed;
};

static void act(struct chaos *chaos, const char *format, ...) PRINTF_LIKE(2, 3);

static void act(struct chaos *chaos, const char *format, ...)
{
    char line[128];
    struct errbuf e = { 0 };
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (script_do(&chaos->world, line, &e) != OK && !chaos->failed.text[0])
        (void)err_set(&chaos->failed, ERR_STATE, "%s: %s", line, e.text);
}

static int64_t pick(struct chaos *chaos, int64_t count)
{
    return rng_between(&chaos->rng, 0, count - 1);
}

static void start_worker(struct chaos *chaos, const char *name)
{
    act(chaos, "worker %s interval=%s", name, intervals[pick(chaos, ARRAY_LEN(intervals))]);
}

static void start_queen(struct chaos *chaos)
{
    referee_forget_queen(&chaos->referee);
    act(chaos, "queen q1");
}

static void end_worker(struct chaos *chaos, const char *name)
{
    static const char *const ends[] = { "kill %s", "kill %s", "stop %s", "stop %s code=139 signal=SIGSEGV" };
    switch (pick(chaos, ARRAY_LEN(ends))) {
    case 0:
    case 1:
        act(chaos, "kill %s", name);
        break;
    case 2:
        act(chaos, "stop %s", name);
        break;
    default:
        act(chaos, "stop %s code=139 signal=SIGSEGV", name);
        break;
    }
}

/* What may happen to a program; what was done to it before is undone first. */
static void disturb(struct chaos *chaos, const char *name, void (*start)(struct chaos *chaos, const char *name),
                    void (*end)(struct chaos *chaos, const char *name))
{
    const struct node *node = world_find(&chaos->world, name);
    if (!node || !node->running) {
        start(chaos, name);
    } else if (node->paused) {
        act(chaos, "resume %s", name);
    } else if (node->client.cut) {
        act(chaos, "mend %s", name);
    } else {
        switch (pick(chaos, 4)) {
        case 0:
            act(chaos, "pause %s", name);
            break;
        case 1:
            act(chaos, "cut %s", name);
            break;
        case 2:
            act(chaos, "reset %s", name);
            break;
        default:
            end(chaos, name);
            break;
        }
    }
}

static void disturb_worker(struct chaos *chaos)
{
    disturb(chaos, names[pick(chaos, ARRAY_LEN(names))], start_worker, end_worker);
}

static void queen_again(struct chaos *chaos, const char *name)
{
    (void)name;
    start_queen(chaos);
}

static void queen_ends(struct chaos *chaos, const char *name)
{
    act(chaos, "%s %s", pick(chaos, 2) ? "kill" : "stop", name);
}

static void disturb_queen(struct chaos *chaos)
{
    disturb(chaos, "q1", queen_again, queen_ends);
}

static void start_hive(struct chaos *chaos, const char *name)
{
    act(chaos, "hive %s", name);
}

static void end_hive(struct chaos *chaos, const char *name)
{
    act(chaos, "%s %s", pick(chaos, 3) ? "kill" : "stop", name);
}

static void disturb_hive(struct chaos *chaos)
{
    disturb(chaos, WORLD_HIVE, start_hive, end_hive);
}

static void disturb_broker(struct chaos *chaos)
{
    if (!chaos->world.broker.running)
        act(chaos, "broker start");
    else if (pick(chaos, 2))
        act(chaos, "broker stop");
    else
        act(chaos, "broker kill");
}

static void disturb_time(struct chaos *chaos)
{
    switch (pick(chaos, 3)) {
    case 0:
        act(chaos, "clock wall=%s%lldh", pick(chaos, 2) ? "-" : "", (long long)(1 + pick(chaos, 10000)));
        break;
    case 1:
        act(chaos, "latency %lldms %lldms", (long long)pick(chaos, 5), (long long)(5 + pick(chaos, 60)));
        break;
    default:
        act(chaos, "broker save");
        break;
    }
}

/* A work loop hangs with something in flight, or one that hung goes on. */
static void disturb_work(struct chaos *chaos)
{
    const char *name = names[pick(chaos, ARRAY_LEN(names))];
    const struct node *node = world_find(&chaos->world, name);
    bool hung = node->running && worker_hangs(node);
    if (!node->running || node->paused) /* it does nothing at all */
        return;
    act(chaos, "set %s stall_ms=3000", name);
    act(chaos, "set %s inflight=%d", name, !hung);
    act(chaos, "progress %s", name);
    act(chaos, "answers %s %s", name, hung ? "ok" : "hangs");
}

static void disturb_something(struct chaos *chaos)
{
    int64_t die = pick(chaos, chaos->has_hive ? 30 : 24);
    if (die < 12)
        disturb_worker(chaos);
    else if (die < 15)
        disturb_queen(chaos);
    else if (die < 17)
        disturb_broker(chaos);
    else if (die < 20)
        disturb_time(chaos);
    else if (die < 24)
        disturb_work(chaos);
    else
        disturb_hive(chaos);
}

static void heal(struct chaos *chaos, const char *name)
{
    const struct node *node = world_find(&chaos->world, name);
    if (!node)
        return;
    if (node->paused)
        act(chaos, "resume %s", name);
    if (node->client.cut)
        act(chaos, "mend %s", name);
}

static void heal_all(struct chaos *chaos)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        heal(chaos, names[i]);
    heal(chaos, "q1");
    heal(chaos, WORLD_HIVE);
    if (!chaos->world.broker.running)
        act(chaos, "broker start");
    world_run(&chaos->world, chaos->world.network.now + LEAVING);
    if (!world_find(&chaos->world, "q1")->running)
        start_queen(chaos);
}

static void begin(struct chaos *chaos, uint64_t seed)
{
    world_init(&chaos->world, 0);
    chaos->rng.state = seed;
    referee_init(&chaos->referee, &chaos->world, names, ARRAY_LEN(names));
    act(chaos, "seed %llu", (unsigned long long)seed);
    start_queen(chaos);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        start_worker(chaos, names[i]);
    chaos->has_hive = seed % 2;
    if (chaos->has_hive)
        start_hive(chaos, WORLD_HIVE);
}

static bool all_is_well(const struct chaos *chaos)
{
    return !chaos->failed.text[0] && !chaos->referee.violation.text[0];
}

static void live(struct chaos *chaos)
{
    struct world *world = &chaos->world;
    while (world->network.now < CHAOS_UNTIL && all_is_well(chaos)) {
        world_run(world, world->network.now + rng_between(&chaos->rng, 0, pick(chaos, 2) ? 1000 : 20000));
        disturb_something(chaos);
    }
    heal_all(chaos);
    world_run(world, world->network.now + QUIET);
    act(chaos, "show fleet");
    if (all_is_well(chaos))
        referee_judge_end(&chaos->referee, world_find(world, "q1"));
}

/* True if nothing was wrong. `ret` gets how many events there were. */
static bool run_seed(uint64_t seed, bool print, unsigned *ret)
{
    struct chaos chaos = { 0 };
    bool well;
    begin(&chaos, seed);
    live(&chaos);
    well = all_is_well(&chaos);
    if (print || !well)
        printf("%s", buf_str(&chaos.world.trace.text));
    if (!well)
        printf("seed %llu: %s%s\n", (unsigned long long)seed, chaos.failed.text, chaos.referee.violation.text);
    fflush(stdout);
    *ret = chaos.referee.events;
    world_clear(&chaos.world);
    return well;
}

static void whatever_happens_the_verdicts_are_right(void **state)
{
    unsigned events = 0, all = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        if (!run_seed(seed, false, &events))
            fail();
        all += events;
    }
    assert_true(all > 10 * SEEDS); /* it was no idle world */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(whatever_happens_the_verdicts_are_right) };
    unsigned events;
    if (argc > 1)
        return run_seed(strtoull(argv[1], NULL, 10), true, &events) ? EXIT_SUCCESS : EXIT_FAILURE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
