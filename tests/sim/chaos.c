#include "chaos.h"

#include <stdarg.h>
#include <stdio.h>
#include <utlist.h>

#include "hive_host.h"
#include "queen_host.h"
#include "script.h"
#include "siphash.h"
#include "worker_host.h"

#define CHAOS_MS 240000
#define MORE_CHAOS_MS 60000 /* once a part was healed */
#define LEAVING 2000        /* ms; longer than any goodbye */
#define QUIET 200000        /* ms: longer than any reconnect, lease, grace and confirmation in a row */
#define NODES_MAX 64
#define LINE_SIZE 128

static const char *const intervals[] = { "1s", "3s", "10s", "20s" };

struct chaos {
    struct world world;
    struct referee referee;
    struct rng rng;               /* of the script; the world has its own */
    const char *nodes[NODES_MAX]; /* workers, then the hive if it runs, then the queen */
    size_t workers, count;
    bool is_core[NODES_MAX]; /* healed, and left alone */
    bool queen_ended;        /* by the script, not by herself */
    char queen[LINE_SIZE];   /* how she is started */
    struct errbuf failed;
};

static void act(struct chaos *chaos, const char *format, ...) PRINTF_LIKE(2, 3);

static void act(struct chaos *chaos, const char *format, ...)
{
    char line[LINE_SIZE];
    struct errbuf e = { 0 };
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    world_run(&chaos->world, chaos->world.network.now); /* as between the lines of a scenario */
    if (script_do(&chaos->world, line, &e) != OK && !chaos->failed.text[0])
        (void)err_set(&chaos->failed, ERR_STATE, "%s: %s", line, e.text);
}

static int64_t pick(struct chaos *chaos, int64_t count)
{
    return rng_between(&chaos->rng, 0, count - 1);
}

static bool all_is_well(const struct chaos *chaos)
{
    return !chaos->failed.text[0] && !chaos->referee.violation.text[0];
}

static void pass(struct chaos *chaos, ms_t time)
{
    world_run(&chaos->world, chaos->world.network.now + time);
}

static struct node *queen_of(const struct chaos *chaos)
{
    return world_find(&chaos->world, chaos->nodes[chaos->count - 1]);
}

static void start_worker(struct chaos *chaos, const char *name)
{
    act(chaos, "worker %s interval=%s", name, intervals[pick(chaos, ARRAY_LEN(intervals))]);
}

static void start_queen(struct chaos *chaos)
{
    referee_forget_queen(&chaos->referee);
    act(chaos, "%s", chaos->queen);
    chaos->queen_ended = false;
}

static void start(struct chaos *chaos, size_t which)
{
    const char *name = chaos->nodes[which];
    if (which < chaos->workers)
        start_worker(chaos, name);
    else if (which == chaos->count - 1)
        start_queen(chaos);
    else
        act(chaos, "hive %s", name);
}

static void end_worker(struct chaos *chaos, const char *name)
{
    int64_t die = pick(chaos, 4);
    act(chaos, die < 2 ? "kill %s" : die == 2 ? "stop %s" : "stop %s code=139 signal=SIGSEGV", name);
}

static void end(struct chaos *chaos, size_t which)
{
    const char *name = chaos->nodes[which];
    if (which < chaos->workers) {
        end_worker(chaos, name);
        return;
    }
    chaos->queen_ended |= which == chaos->count - 1;
    act(chaos, "%s %s", pick(chaos, 3) ? "kill" : "stop", name);
}

/* What may happen to a program; what was done to it before is undone first. */
static void disturb(struct chaos *chaos, size_t which)
{
    static const char *const acts[][2] = {
        { "pause", "" }, { "cut", "" }, { "cut", " way=in" }, { "cut", " way=out" }, { "reset", "" }
    };
    const char *name = chaos->nodes[which];
    const struct node *node = world_find(&chaos->world, name);
    int64_t die;
    if (chaos->is_core[which])
        return;
    if (!node || !node->running)
        start(chaos, which);
    else if (node->paused)
        act(chaos, "resume %s", name);
    else if (node->client.cut)
        act(chaos, "mend %s", name);
    else if ((die = pick(chaos, ARRAY_LEN(acts) + 2)) < (int64_t)ARRAY_LEN(acts))
        act(chaos, "%s %s%s", acts[die][0], name, acts[die][1]);
    else
        end(chaos, which);
}

/* A work loop hangs with something in flight, or one that hung goes on. */
static void disturb_work(struct chaos *chaos)
{
    size_t which = (size_t)pick(chaos, (int64_t)chaos->workers);
    const char *name = chaos->nodes[which];
    const struct node *node = world_find(&chaos->world, name);
    bool hung = node->running && worker_hangs(node);
    if (!node->running || node->paused || chaos->is_core[which]) /* it does nothing at all */
        return;
    act(chaos, "set %s stall_ms=3000", name);
    act(chaos, "set %s inflight=%d", name, !hung);
    act(chaos, "progress %s", name);
    act(chaos, "answers %s %s", name, hung ? "ok" : "hangs");
}

static void shuffle(struct chaos *chaos, size_t *at, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)pick(chaos, (int64_t)i), kept = at[i - 1];
        at[i - 1] = at[other];
        at[other] = kept;
    }
}

/* One link after the other is cut, and they are mended in another order. */
static void disturb_links(struct chaos *chaos)
{
    size_t order[NODES_MAX], count = 0;
    for (size_t i = 0; i < chaos->count; i++) {
        const struct node *node = world_find(&chaos->world, chaos->nodes[i]);
        if (!chaos->is_core[i] && node && !node->client.cut && pick(chaos, 2))
            order[count++] = i;
    }
    shuffle(chaos, order, count);
    for (size_t i = 0; i < count; i++) {
        act(chaos, "cut %s", chaos->nodes[order[i]]);
        pass(chaos, pick(chaos, 3000));
    }
    pass(chaos, pick(chaos, pick(chaos, 2) ? 5000 : 60000));
    shuffle(chaos, order, count);
    for (size_t i = 0; i < count; i++) {
        act(chaos, "mend %s", chaos->nodes[order[i]]);
        pass(chaos, pick(chaos, 3000));
    }
}

static void disturb_broker(struct chaos *chaos)
{
    if (!chaos->world.broker.running)
        act(chaos, "broker start");
    else
        act(chaos, pick(chaos, 2) ? "broker stop" : "broker kill");
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

static void disturb_network(struct chaos *chaos)
{
    static const char *const kinds[] = { "loss ", "broker duplicates=", "broker reorders=" };
    const char *kind = kinds[pick(chaos, ARRAY_LEN(kinds))];
    act(chaos, "%s%lld", kind, (long long)(pick(chaos, 2) ? pick(chaos, 15) : 0));
}

static void disturb_memory(struct chaos *chaos)
{
    if (queen_of(chaos)->running)
        act(chaos, "memory q1 fails=%lld", (long long)(1 + pick(chaos, pick(chaos, 2) ? 20 : 2000)));
}

/* To the programs, with the rest of a fleet that has a healed part. */
static void disturb_rest(struct chaos *chaos)
{
    int64_t die = pick(chaos, 20);
    if (die < 16)
        disturb(chaos, (size_t)pick(chaos, (int64_t)chaos->count));
    else
        disturb_work(chaos);
}

static void disturb_something(struct chaos *chaos)
{
    int64_t die = pick(chaos, 32);
    if (die < 17)
        disturb_rest(chaos);
    else if (die < 20)
        disturb(chaos, chaos->count - 1);
    else if (die < 22)
        disturb_broker(chaos);
    else if (die < 25)
        disturb_time(chaos);
    else if (die < 27)
        disturb_network(chaos);
    else if (die < 30)
        disturb_links(chaos);
    else
        disturb_memory(chaos);
}

/* A queen that is out of memory ends, and is started again by whoever started her. */
static void supervise(struct chaos *chaos)
{
    if (!queen_of(chaos)->running && !chaos->queen_ended)
        start_queen(chaos);
}

static void live(struct chaos *chaos, ms_t time, ms_t slowest, void (*happens)(struct chaos *chaos))
{
    ms_t until = chaos->world.network.now + time;
    while (chaos->world.network.now < until && all_is_well(chaos)) {
        pass(chaos, rng_between(&chaos->rng, 0, pick(chaos, 2) ? 1000 : slowest));
        supervise(chaos);
        happens(chaos);
    }
}

static void heal(struct chaos *chaos, size_t which)
{
    const char *name = chaos->nodes[which];
    const struct node *node = world_find(&chaos->world, name);
    if (node && node->paused)
        act(chaos, "resume %s", name);
    if (node && node->client.cut)
        act(chaos, "mend %s", name);
}

/* Those that are of the core, the queen and the broker. */
static void heal_core(struct chaos *chaos)
{
    chaos->is_core[chaos->count - 1] = true;
    for (size_t i = 0; i < chaos->count; i++)
        if (chaos->is_core[i])
            heal(chaos, i);
    act(chaos, "loss 0");
    if (!chaos->world.broker.running)
        act(chaos, "broker start");
    pass(chaos, LEAVING);
    if (!queen_of(chaos)->running)
        start_queen(chaos);
    act(chaos, "memory q1 fails=0");
}

/* `judge w1`, `judge all` */
static void judge(struct chaos *chaos, const char *command)
{
    struct words words;
    if (words_split(&chaos->world.arena, command, &words) != OK)
        return;
    for (const struct ward *ward = chaos->referee.wards; ward && all_is_well(chaos); ward = ward->hh.next)
        if (words_has(&words, "all") || (ward->node && words_has(&words, ward->node->name)))
            referee_judge(&chaos->referee, queen_of(chaos), ward);
}

static void judge_core(struct chaos *chaos)
{
    char line[LINE_SIZE];
    for (size_t i = 0; i < chaos->count - 1; i++) {
        if (!chaos->is_core[i])
            continue;
        snprintf(line, sizeof line, "judge %s", chaos->nodes[i]);
        act(chaos, "%s", line);
        judge(chaos, line);
    }
}

static void nothing(struct chaos *chaos)
{
    (void)chaos;
}

/* A part is well, and judged; the rest is left as it is, or goes on. */
static void live_in_part(struct chaos *chaos)
{
    for (size_t i = 0; i < chaos->count; i++)
        chaos->is_core[i] = pick(chaos, 2);
    heal_core(chaos);
    live(chaos, QUIET, 20000, pick(chaos, 2) ? disturb_rest : nothing);
    act(chaos, "show fleet");
    judge_core(chaos);
    memset(chaos->is_core, 0, sizeof chaos->is_core);
    live(chaos, MORE_CHAOS_MS, 20000, disturb_something);
}

static void live_on(struct chaos *chaos)
{
    live(chaos, CHAOS_MS, 20000, disturb_something);
    if (pick(chaos, 3))
        live_in_part(chaos);
    memset(chaos->is_core, true, sizeof chaos->is_core);
    heal_core(chaos);
    pass(chaos, QUIET);
    act(chaos, "show fleet");
    act(chaos, "judge all");
    judge(chaos, "judge all");
}

/* Each limit in every third world. */
static void draw_limits(struct chaos *chaos)
{
    static const char *const limits[] = { " records=2", " verifying=1", " unsent=2" };
    snprintf(chaos->queen, sizeof chaos->queen, "queen q1");
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        if (pick(chaos, 3) == 0)
            strncat(chaos->queen, limits[i], sizeof chaos->queen - strlen(chaos->queen) - 1);
}

static void draw_fleet(struct chaos *chaos)
{
    static const size_t sizes[] = { 5, 5, 5, 3, 12, 40 };
    bool has_hive = pick(chaos, 2);
    chaos->workers = sizes[pick(chaos, ARRAY_LEN(sizes))];
    for (size_t i = 0; i < chaos->workers; i++) {
        char *name = sim_alloc(&chaos->world.arena, NODE_NAME_SIZE);
        snprintf(name, NODE_NAME_SIZE, "w%zu", i + 1);
        chaos->nodes[chaos->count++] = name;
    }
    if (has_hive)
        chaos->nodes[chaos->count++] = WORLD_HIVE;
    chaos->nodes[chaos->count++] = "q1";
}

static void begin(struct chaos *chaos, uint64_t seed)
{
    world_init(&chaos->world, 0);
    chaos->rng.state = seed;
    referee_init(&chaos->referee, &chaos->world);
    draw_limits(chaos);
    draw_fleet(chaos);
    act(chaos, "seed %llu", (unsigned long long)seed);
    for (size_t i = chaos->count; i > 0; i--)
        start(chaos, i - 1);
}

static struct chaos_result finish(struct chaos *chaos, struct buf *ret)
{
    struct text trace = buf_text(&chaos->world.trace.text);
    struct chaos_result result = { .found = chaos->failed.text[0] ? chaos->failed : chaos->referee.violation,
                                   .events = chaos->referee.events,
                                   .lived = chaos->referee.lived };
    result.hash = siphash(&(struct siphash_key){ 0 }, trace.at, trace.len);
    if (ret)
        buf_add_text(ret, trace);
    referee_clear(&chaos->referee);
    world_clear(&chaos->world);
    return result;
}

struct chaos_result chaos_run(uint64_t seed, struct buf *trace)
{
    struct chaos chaos = { 0 };
    begin(&chaos, seed);
    live_on(&chaos);
    return finish(&chaos, trace);
}

static void replay_line(struct chaos *chaos, struct text line)
{
    const char *command;
    ms_t at;
    char *copy = arena_copy(&chaos->world.arena, line);
    if (!copy || !script_command(copy, &at, &command))
        return;
    world_run(&chaos->world, ms_max(at, chaos->world.network.now));
    if (strncmp(command, "queen ", 6) == 0)
        referee_forget_queen(&chaos->referee);
    act(chaos, "%s", command);
    if (strncmp(command, "judge ", 6) == 0)
        judge(chaos, command);
}

struct chaos_result chaos_replay(struct text scenario, struct buf *trace)
{
    struct chaos chaos = { .nodes = { "q1" }, .count = 1 };
    world_init(&chaos.world, 1);
    referee_init(&chaos.referee, &chaos.world);
    while (scenario.len > 0 && all_is_well(&chaos))
        replay_line(&chaos, text_split(&scenario, '\n'));
    return finish(&chaos, trace);
}
