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
#define TWIN "twin"
#define TWIN_MS 20000 /* longer than it takes to find out who holds an id */
#define NODES_MAX 64
#define LINE_SIZE 128

static const char *const intervals[] = { "1s", "3s", "10s", "20s" };

/* How one of them is started, and who judges her. */
struct court {
    struct referee referee;
    char start[LINE_SIZE];
    bool has_ended; /* by the script, not by herself */
};

static const char *const queens[] = { "q1", "q2" };

struct chaos {
    struct world world;
    struct court courts[ARRAY_LEN(queens)];
    struct rng rng;               /* of the script; the world has its own */
    struct rng kinds;             /* of what kind of world it is: what is drawn there changes no number of another */
    const char *nodes[NODES_MAX]; /* workers, then the hive if it runs, then the queens */
    size_t workers, count, queens;
    bool is_core[NODES_MAX]; /* healed, and left alone */
    bool is_cluster, has_store, has_edge, has_twin;
    struct errbuf failed;
};

static void act(struct chaos *chaos, const char *format, ...) PRINTF_LIKE(2, 3);
static void judge(struct chaos *chaos, const char *command);

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

/* In every so many worlds. */
static bool is_kind(struct chaos *chaos, int64_t every)
{
    return rng_between(&chaos->kinds, 1, every) == 1;
}

/* What the first of the referees has found; "" = nothing. */
static struct errbuf finding_of(const struct chaos *chaos)
{
    struct errbuf found = chaos->failed;
    for (size_t i = 0; i < ARRAY_LEN(queens) && !found.text[0]; i++)
        found = chaos->courts[i].referee.violation;
    return found;
}

static bool all_is_well(const struct chaos *chaos)
{
    return !finding_of(chaos).text[0];
}

static void pass(struct chaos *chaos, ms_t time)
{
    world_run(&chaos->world, chaos->world.network.now + time);
}

static struct node *queen_of(const struct chaos *chaos, size_t queen)
{
    return world_find(&chaos->world, queens[queen]);
}

static size_t first_queen(const struct chaos *chaos)
{
    return chaos->count - chaos->queens;
}

/* Each knows both nodes of a cluster, and half of them the other one first; every third worker is behind a bridge. */
static const char *place_of(const struct chaos *chaos, size_t which)
{
    if (chaos->has_edge && which < chaos->workers && which % 3 == 0)
        return " at=e1";
    return !chaos->is_cluster ? "" : which % 2 ? " at=n1,n2" : " at=n2,n1";
}

static void start_worker(struct chaos *chaos, size_t which)
{
    const char *interval = intervals[pick(chaos, ARRAY_LEN(intervals))];
    act(chaos, "worker %s interval=%s%s", chaos->nodes[which], interval, place_of(chaos, which));
}

static void start_queen(struct chaos *chaos, size_t queen)
{
    struct court *court = &chaos->courts[queen];
    referee_forget_queen(&court->referee);
    act(chaos, "%s%s", court->start, place_of(chaos, first_queen(chaos) + queen));
    court->has_ended = false;
}

static void start(struct chaos *chaos, size_t which)
{
    if (which < chaos->workers)
        start_worker(chaos, which);
    else if (which >= first_queen(chaos))
        start_queen(chaos, which - first_queen(chaos));
    else
        act(chaos, "hive %s%s", chaos->nodes[which], place_of(chaos, which));
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
    if (which >= first_queen(chaos))
        chaos->courts[which - first_queen(chaos)].has_ended = true;
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

/* One of the nodes at a time: the other one has all that is retained. */
static void disturb_cluster(struct chaos *chaos)
{
    for (size_t i = 0; i < chaos->world.broker.door_count; i++)
        if (chaos->world.broker.doors[i].is_lost) {
            act(chaos, "node %s start", chaos->world.broker.doors[i].name);
            return;
        }
    act(chaos, "node n%lld kill", (long long)(1 + pick(chaos, 2)));
}

static void disturb_edge(struct chaos *chaos)
{
    static const char *const verbs[] = { "broker e1 save", "broker e1 stop", "broker e1 kill", "cut e1", "reset e1" };
    if (!world_find_broker(&chaos->world, "e1")->running)
        act(chaos, "broker e1 start");
    else if (world_find(&chaos->world, "e1")->client.cut)
        act(chaos, "mend e1");
    else
        act(chaos, "%s", verbs[pick(chaos, ARRAY_LEN(verbs))]);
}

static void disturb_broker(struct chaos *chaos)
{
    if (chaos->has_edge && pick(chaos, 2))
        disturb_edge(chaos);
    else if (chaos->is_cluster && pick(chaos, 2))
        disturb_cluster(chaos);
    else if (!chaos->world.broker.running)
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

static void disturb_disk(struct chaos *chaos)
{
    static const char *const states[] = { "ok", "full", "loses-batch", "damaged" };
    size_t queen = (size_t)pick(chaos, (int64_t)chaos->queens);
    bool has_ended = !queen_of(chaos, queen)->running;
    act(chaos, "disk %s %s", queens[queen], states[has_ended ? 3 : pick(chaos, 3)]);
}

/* Another process is started with the first queen's id. Where that one is away it may get it, for as long as it takes.
 */
static void disturb_identity(struct chaos *chaos)
{
    const struct node *twin = world_find(&chaos->world, TWIN);
    if (!twin || !twin->running)
        act(chaos, "queen " TWIN " id=%s%s", queens[0], place_of(chaos, first_queen(chaos)));
    pass(chaos, TWIN_MS);
    act(chaos, "judge " TWIN);
    judge(chaos, "judge " TWIN);
    if (world_find(&chaos->world, TWIN)->running)
        act(chaos, "kill " TWIN);
}

static void disturb_memory(struct chaos *chaos)
{
    if (chaos->has_store && pick(chaos, 2))
        disturb_disk(chaos);
    else if (queen_of(chaos, 0)->running)
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
    if ((chaos->is_cluster || chaos->has_edge) && pick(chaos, 4) == 0)
        disturb_broker(chaos);
    else if (chaos->has_twin && pick(chaos, 16) == 0)
        disturb_identity(chaos);
    else if (die < 17)
        disturb_rest(chaos);
    else if (die < 20)
        disturb(chaos, first_queen(chaos) + (size_t)pick(chaos, (int64_t)chaos->queens));
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
    for (size_t i = 0; i < chaos->queens; i++)
        if (!queen_of(chaos, i)->running && !chaos->courts[i].has_ended)
            start_queen(chaos, i);
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

static void heal_queen(struct chaos *chaos, size_t queen)
{
    if (!queen_of(chaos, queen)->running)
        start_queen(chaos, queen);
    act(chaos, "memory %s fails=0", queens[queen]);
    if (chaos->has_store)
        act(chaos, "disk %s ok", queens[queen]);
}

static void heal_edge(struct chaos *chaos)
{
    if (!world_find_broker(&chaos->world, "e1")->running)
        act(chaos, "broker e1 start");
    if (world_find(&chaos->world, "e1")->client.cut)
        act(chaos, "mend e1");
}

/* Those that are of the core, the first queen and the brokers. */
static void heal_core(struct chaos *chaos)
{
    chaos->is_core[first_queen(chaos)] = true;
    for (size_t i = 0; i < chaos->count; i++)
        if (chaos->is_core[i])
            heal(chaos, i);
    act(chaos, "loss 0");
    if (!chaos->world.broker.running)
        act(chaos, "broker start");
    for (size_t i = 0; i < chaos->world.broker.door_count; i++)
        act(chaos, "node %s start", chaos->world.broker.doors[i].name);
    if (chaos->has_edge)
        heal_edge(chaos);
    pass(chaos, LEAVING);
    for (size_t i = 0; i < chaos->queens; i++)
        if (chaos->is_core[first_queen(chaos) + i])
            heal_queen(chaos, i);
}

/* Identity: a queen that starts with the id of one that runs, and has had a link all the while, is gone by now. */
static void judge_twin(struct chaos *chaos)
{
    const struct node *twin = world_find(&chaos->world, TWIN);
    ms_t since = chaos->courts[0].referee.queen_fit_since;
    if (twin && twin->running && since != MS_NEVER && chaos->world.network.now - since > TWIN_MS)
        (void)err_set(&chaos->failed, ERR_STATE, "a second queen has the id of one that runs");
}

/* `judge w1`, `judge all by=q2`, `judge twin` */
static void judge(struct chaos *chaos, const char *command)
{
    struct words words;
    if (words_split(&chaos->world.arena, command, &words) != OK)
        return;
    if (words_has(&words, TWIN))
        judge_twin(chaos);
    for (size_t i = 0; i < chaos->queens; i++) {
        struct referee *referee = &chaos->courts[i].referee;
        if (strcmp(words_text(&words, "by", queens[0]), queens[i]) != 0)
            continue;
        for (const struct ward *ward = referee->wards; ward && all_is_well(chaos); ward = ward->hh.next)
            if (words_has(&words, "all") || (ward->node && words_has(&words, ward->node->name)))
                referee_judge(referee, queen_of(chaos, i), ward);
    }
}

/* The queens of the core judge it, or all. */
static void judge_by_core(struct chaos *chaos, const char *whom)
{
    char line[LINE_SIZE];
    for (size_t i = 0; i < chaos->queens; i++) {
        if (!chaos->is_core[first_queen(chaos) + i])
            continue;
        snprintf(line, sizeof line, i == 0 ? "judge %s" : "judge %s by=%s", whom, queens[i]);
        act(chaos, "%s", line);
        judge(chaos, line);
    }
}

static void judge_core(struct chaos *chaos)
{
    for (size_t i = 0; i < first_queen(chaos); i++)
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
    judge_by_core(chaos, "all");
}

/* Each limit in every third world. */
static void draw_limits(struct chaos *chaos)
{
    static const char *const limits[] = { " records=2", " verifying=1", " unsent=2" };
    char options[LINE_SIZE] = "";
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        if (pick(chaos, 3) == 0)
            strncat(options, limits[i], sizeof options - strlen(options) - 1);
    for (size_t i = 0; i < chaos->queens; i++)
        snprintf(chaos->courts[i].start, LINE_SIZE, "queen %s%.64s%s", queens[i], options,
                 chaos->has_store ? " store=keep" : "");
}

static void draw_kind(struct chaos *chaos)
{
    chaos->queens = is_kind(chaos, 4) ? 2 : 1;
    chaos->has_store = is_kind(chaos, 2);
    chaos->is_cluster = is_kind(chaos, 4);
    chaos->has_edge = is_kind(chaos, 4);
    chaos->has_twin = is_kind(chaos, 4);
    if (chaos->is_cluster)
        act(chaos, "cluster n1 n2");
    if (chaos->has_edge)
        act(chaos, "edge e1");
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
    for (size_t i = 0; i < chaos->queens; i++)
        chaos->nodes[chaos->count++] = queens[i];
}

static void watch(struct chaos *chaos)
{
    for (size_t i = 0; i < chaos->queens; i++)
        referee_init(&chaos->courts[i].referee, &chaos->world, queens[i]);
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
    act(chaos, "seed %llu", (unsigned long long)seed);
    for (size_t i = chaos->count; i > 0; i--)
        start(chaos, i - 1);
}

static struct chaos_result finish(struct chaos *chaos, struct buf *ret)
{
    struct text trace = buf_text(&chaos->world.trace.text);
    struct chaos_result result = { .found = finding_of(chaos), .lived = chaos->courts[0].referee.lived };
    result.hash = siphash(&(struct siphash_key){ 0 }, trace.at, trace.len);
    if (ret)
        buf_add_text(ret, trace);
    for (size_t i = 0; i < chaos->queens; i++) {
        result.events += chaos->courts[i].referee.events;
        referee_clear(&chaos->courts[i].referee);
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
        if (strncmp(command, "queen ", 6) == 0 && strncmp(command + 6, queens[i], 2) == 0)
            referee_forget_queen(&chaos->courts[i].referee);
    act(chaos, "%s", command);
    if (strncmp(command, "judge ", 6) == 0)
        judge(chaos, command);
}

struct chaos_result chaos_replay(struct text scenario, struct buf *trace)
{
    struct chaos chaos = { .queens = ARRAY_LEN(queens) };
    world_init(&chaos.world, 1);
    watch(&chaos);
    while (scenario.len > 0 && all_is_well(&chaos))
        replay_line(&chaos, text_split(&scenario, '\n'));
    return finish(&chaos, trace);
}
