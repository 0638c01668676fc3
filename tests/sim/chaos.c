#include "chaos.h"

#include <stdio.h>

#include "disturb.h"
#include "hive_host.h"
#include "script.h"
#include "siphash.h"

#define CHAOS_MS 240000
#define MORE_CHAOS_MS 60000 /* once a part was healed */
#define LEAVING 2000        /* ms; longer than any goodbye */
#define QUIET 200000        /* ms: longer than any reconnect, lease, grace and confirmation in a row */

/* A queen that is out of memory ends, and is started again by whoever started her. */
static void supervise(struct chaos *chaos)
{
    for (size_t i = 0; i < chaos->queens; i++)
        if (!chaos_queen(chaos, i)->running && !chaos->judged[i].has_ended)
            chaos_start_queen(chaos, i);
}

static void live(struct chaos *chaos, ms_t time, ms_t slowest, void (*happens)(struct chaos *chaos))
{
    ms_t until = chaos->world.network.now + time;
    while (chaos->world.network.now < until && chaos_is_well(chaos)) {
        chaos_pass(chaos, rng_between(&chaos->rng, 0, chaos_pick(chaos, 2) ? 1000 : slowest));
        supervise(chaos);
        happens(chaos);
    }
}

static void heal(struct chaos *chaos, size_t which)
{
    const char *name = chaos->nodes[which];
    const struct node *node = world_find(&chaos->world, name);
    if (node && node->paused)
        chaos_act(chaos, "resume %s", name);
    if (node && node->client.cut)
        chaos_act(chaos, "mend %s", name);
}

static void heal_queen(struct chaos *chaos, size_t queen)
{
    if (!chaos_queen(chaos, queen)->running)
        chaos_start_queen(chaos, queen);
    chaos_act(chaos, "memory %s fails=0", chaos_queens[queen]);
    if (chaos->has_store)
        chaos_act(chaos, "disk %s ok", chaos_queens[queen]);
}

static void heal_edge(struct chaos *chaos)
{
    if (!world_find_broker(&chaos->world, "e1")->running)
        chaos_act(chaos, "broker e1 start");
    if (world_find(&chaos->world, "e1")->client.cut)
        chaos_act(chaos, "mend e1");
}

/* Those that are of the core, the first queen and the brokers. */
static void heal_core(struct chaos *chaos)
{
    chaos->is_core[chaos_first_queen(chaos)] = true;
    for (size_t i = 0; i < chaos->count; i++)
        if (chaos->is_core[i])
            heal(chaos, i);
    chaos_act(chaos, "loss 0");
    if (!chaos->world.broker.running)
        chaos_act(chaos, "broker start");
    for (size_t i = 0; i < chaos->world.broker.door_count; i++)
        chaos_act(chaos, "node %s start", chaos->world.broker.doors[i].name);
    if (chaos->has_edge)
        heal_edge(chaos);
    chaos_pass(chaos, LEAVING);
    for (size_t i = 0; i < chaos->queens; i++)
        if (chaos->is_core[chaos_first_queen(chaos) + i])
            heal_queen(chaos, i);
}

/* The queens of the core judge it, or all. */
static void judge_by_core(struct chaos *chaos, const char *whom)
{
    char line[CHAOS_LINE_SIZE];
    for (size_t i = 0; i < chaos->queens; i++) {
        if (!chaos->is_core[chaos_first_queen(chaos) + i])
            continue;
        snprintf(line, sizeof line, i == 0 ? "judge %s" : "judge %s by=%s", whom, chaos_queens[i]);
        chaos_act(chaos, "%s", line);
        chaos_judge(chaos, line);
    }
}

static void judge_core(struct chaos *chaos)
{
    for (size_t i = 0; i < chaos_first_queen(chaos); i++)
        if (chaos->is_core[i])
            judge_by_core(chaos, chaos->nodes[i]);
}

static void nothing(struct chaos *chaos)
{
    (void)chaos;
}

/* A part is well, and judged; the rest is left as it is, or goes on. */
static void live_in_part(struct chaos *chaos)
{
    for (size_t i = 0; i < chaos->count; i++)
        chaos->is_core[i] = chaos_pick(chaos, 2);
    heal_core(chaos);
    live(chaos, QUIET, 20000, chaos_pick(chaos, 2) ? disturb_rest : nothing);
    chaos_act(chaos, "show fleet");
    judge_core(chaos);
    memset(chaos->is_core, 0, sizeof chaos->is_core);
    live(chaos, MORE_CHAOS_MS, 20000, disturb_something);
}

static void live_on(struct chaos *chaos)
{
    live(chaos, CHAOS_MS, 20000, disturb_something);
    if (chaos_pick(chaos, 3))
        live_in_part(chaos);
    memset(chaos->is_core, true, sizeof chaos->is_core);
    heal_core(chaos);
    chaos_pass(chaos, QUIET);
    chaos_act(chaos, "show fleet");
    judge_by_core(chaos, "all");
}

/* Each limit in every third world. */
static void draw_limits(struct chaos *chaos)
{
    static const char *const limits[] = { " records=2", " verifying=1", " unsent=2" };
    char options[CHAOS_LINE_SIZE] = "";
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        if (chaos_pick(chaos, 3) == 0)
            strncat(options, limits[i], sizeof options - strlen(options) - 1);
    for (size_t i = 0; i < chaos->queens; i++)
        snprintf(chaos->judged[i].start, CHAOS_LINE_SIZE, "queen %s%.64s%s", chaos_queens[i], options,
                 chaos->has_store ? " store=keep" : "");
}

/* In every so many worlds. */
static bool is_kind(struct chaos *chaos, int64_t every)
{
    return rng_between(&chaos->kinds, 1, every) == 1;
}

static void draw_kind(struct chaos *chaos)
{
    chaos->queens = is_kind(chaos, 4) ? 2 : 1;
    chaos->has_store = is_kind(chaos, 2);
    chaos->is_cluster = is_kind(chaos, 4);
    chaos->has_edge = is_kind(chaos, 4);
    chaos->has_twin = is_kind(chaos, 4);
    if (chaos->is_cluster)
        chaos_act(chaos, "cluster n1 n2");
    if (chaos->has_edge)
        chaos_act(chaos, "edge e1");
}

static void draw_fleet(struct chaos *chaos)
{
    static const size_t sizes[] = { 5, 5, 5, 3, 12, 40 };
    bool has_hive = chaos_pick(chaos, 2);
    chaos->workers = sizes[chaos_pick(chaos, ARRAY_LEN(sizes))];
    for (size_t i = 0; i < chaos->workers; i++) {
        char *name = sim_alloc(&chaos->world.arena, NODE_NAME_SIZE);
        snprintf(name, NODE_NAME_SIZE, "w%zu", i + 1);
        chaos->nodes[chaos->count++] = name;
    }
    if (has_hive)
        chaos->nodes[chaos->count++] = WORLD_HIVE;
    for (size_t i = 0; i < chaos->queens; i++)
        chaos->nodes[chaos->count++] = chaos_queens[i];
}

static void watch(struct chaos *chaos)
{
    for (size_t i = 0; i < chaos->queens; i++)
        referee_init(&chaos->judged[i].referee, &chaos->world, chaos_queens[i]);
}

static void begin(struct chaos *chaos, uint64_t seed)
{
    world_init(&chaos->world, 0);
    chaos->rng.state = seed;
    chaos->kinds.state = ~seed;
    draw_kind(chaos);
    watch(chaos);
    draw_limits(chaos);
    draw_fleet(chaos);
    chaos_act(chaos, "seed %llu", (unsigned long long)seed);
    for (size_t i = chaos->count; i > 0; i--)
        chaos_start(chaos, i - 1);
}

static struct chaos_result finish(struct chaos *chaos, struct buf *ret)
{
    struct text trace = buf_text(&chaos->world.trace.text);
    struct chaos_result result = { .found = chaos_finding(chaos), .lived = chaos->judged[0].referee.lived };
    result.hash = siphash(&(struct siphash_key){ 0 }, trace.at, trace.len);
    if (ret)
        buf_add_text(ret, trace);
    for (size_t i = 0; i < chaos->queens; i++) {
        result.events += chaos->judged[i].referee.events;
        referee_clear(&chaos->judged[i].referee);
    }
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
    for (size_t i = 0; i < chaos->queens; i++)
        if (strncmp(command, "queen ", 6) == 0 && strncmp(command + 6, chaos_queens[i], 2) == 0)
            referee_forget_queen(&chaos->judged[i].referee);
    chaos_act(chaos, "%s", command);
    if (strncmp(command, "judge ", 6) == 0)
        chaos_judge(chaos, command);
}

struct chaos_result chaos_replay(struct text scenario, struct buf *trace)
{
    struct chaos chaos = { .queens = CHAOS_QUEENS_MAX };
    world_init(&chaos.world, 1);
    watch(&chaos);
    while (scenario.len > 0 && chaos_is_well(&chaos))
        replay_line(&chaos, text_split(&scenario, '\n'));
    return finish(&chaos, trace);
}
