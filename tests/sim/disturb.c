#include "disturb.h"

#include "worker_host.h"

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
        chaos_start(chaos, which);
    else if (node->paused)
        chaos_act(chaos, "resume %s", name);
    else if (node->client.cut)
        chaos_act(chaos, "mend %s", name);
    else if ((die = chaos_pick(chaos, ARRAY_LEN(acts) + 2)) < (int64_t)ARRAY_LEN(acts))
        chaos_act(chaos, "%s %s%s", acts[die][0], name, acts[die][1]);
    else
        chaos_end(chaos, which);
}

/* A work loop hangs with something in flight, or one that hung goes on. */
static void disturb_work(struct chaos *chaos)
{
    size_t which = (size_t)chaos_pick(chaos, (int64_t)chaos->workers);
    const char *name = chaos->nodes[which];
    const struct node *node = world_find(&chaos->world, name);
    bool hung = node->running && worker_hangs(node);
    if (!node->running || node->paused || chaos->is_core[which]) /* it does nothing at all */
        return;
    chaos_act(chaos, "set %s stall_ms=3000", name);
    chaos_act(chaos, "set %s inflight=%d", name, !hung);
    chaos_act(chaos, "progress %s", name);
    chaos_act(chaos, "answers %s %s", name, hung ? "ok" : "hangs");
}

static void shuffle(struct chaos *chaos, size_t *at, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)chaos_pick(chaos, (int64_t)i), kept = at[i - 1];
        at[i - 1] = at[other];
        at[other] = kept;
    }
}

/* One link after the other is cut, and they are mended in another order. */
static void disturb_links(struct chaos *chaos)
{
    size_t order[CHAOS_NODES_MAX], count = 0;
    for (size_t i = 0; i < chaos->count; i++) {
        const struct node *node = world_find(&chaos->world, chaos->nodes[i]);
        if (!chaos->is_core[i] && node && !node->client.cut && chaos_pick(chaos, 2))
            order[count++] = i;
    }
    shuffle(chaos, order, count);
    for (size_t i = 0; i < count; i++) {
        chaos_act(chaos, "cut %s", chaos->nodes[order[i]]);
        chaos_pass(chaos, chaos_pick(chaos, 3000));
    }
    chaos_pass(chaos, chaos_pick(chaos, chaos_pick(chaos, 2) ? 5000 : 60000));
    shuffle(chaos, order, count);
    for (size_t i = 0; i < count; i++) {
        chaos_act(chaos, "mend %s", chaos->nodes[order[i]]);
        chaos_pass(chaos, chaos_pick(chaos, 3000));
    }
}

/* One of the nodes at a time: the other one has all that is retained. */
static void disturb_cluster(struct chaos *chaos)
{
    for (size_t i = 0; i < chaos->world.broker.door_count; i++)
        if (chaos->world.broker.doors[i].is_lost) {
            chaos_act(chaos, "node %s start", chaos->world.broker.doors[i].name);
            return;
        }
    chaos_act(chaos, "node n%lld kill", (long long)(1 + chaos_pick(chaos, 2)));
}

static void disturb_edge(struct chaos *chaos)
{
    static const char *const verbs[] = { "broker e1 save", "broker e1 stop", "broker e1 kill", "cut e1", "reset e1" };
    if (!world_find_broker(&chaos->world, "e1")->running)
        chaos_act(chaos, "broker e1 start");
    else if (world_find(&chaos->world, "e1")->client.cut)
        chaos_act(chaos, "mend e1");
    else
        chaos_act(chaos, "%s", verbs[chaos_pick(chaos, ARRAY_LEN(verbs))]);
}

static void disturb_broker(struct chaos *chaos)
{
    if (chaos->has_edge && chaos_pick(chaos, 2))
        disturb_edge(chaos);
    else if (chaos->is_cluster && chaos_pick(chaos, 2))
        disturb_cluster(chaos);
    else if (!chaos->world.broker.running)
        chaos_act(chaos, "broker start");
    else
        chaos_act(chaos, chaos_pick(chaos, 2) ? "broker stop" : "broker kill");
}

static void disturb_time(struct chaos *chaos)
{
    switch (chaos_pick(chaos, 3)) {
    case 0:
        chaos_act(chaos, "clock wall=%s%lldh", chaos_pick(chaos, 2) ? "-" : "",
                  (long long)(1 + chaos_pick(chaos, 10000)));
        break;
    case 1:
        chaos_act(chaos, "latency %lldms %lldms", (long long)chaos_pick(chaos, 5),
                  (long long)(5 + chaos_pick(chaos, 60)));
        break;
    default:
        chaos_act(chaos, "broker save");
        break;
    }
}

static void disturb_network(struct chaos *chaos)
{
    static const char *const kinds[] = { "loss ", "broker duplicates=", "broker reorders=" };
    const char *kind = kinds[chaos_pick(chaos, ARRAY_LEN(kinds))];
    chaos_act(chaos, "%s%lld", kind, (long long)(chaos_pick(chaos, 2) ? chaos_pick(chaos, 15) : 0));
}

static void disturb_disk(struct chaos *chaos)
{
    static const char *const states[] = { "ok", "full", "loses-batch", "damaged" };
    size_t queen = (size_t)chaos_pick(chaos, (int64_t)chaos->queens);
    bool has_ended = !chaos_queen(chaos, queen)->running;
    chaos_act(chaos, "disk %s %s", chaos_queens[queen], states[has_ended ? 3 : chaos_pick(chaos, 3)]);
}

/* Another process is started with the first queen's id. Where that one is away it may get it, for as long as it takes.
 */
static void disturb_identity(struct chaos *chaos)
{
    const struct node *twin = world_find(&chaos->world, CHAOS_TWIN);
    if (!twin || !twin->running)
        chaos_act(chaos, "queen " CHAOS_TWIN " id=%s%s", chaos_queens[0],
                  chaos_place_of(chaos, chaos_first_queen(chaos)));
    chaos_pass(chaos, CHAOS_TWIN_MS);
    chaos_act(chaos, "judge " CHAOS_TWIN);
    chaos_judge(chaos, "judge " CHAOS_TWIN);
    if (world_find(&chaos->world, CHAOS_TWIN)->running)
        chaos_act(chaos, "kill " CHAOS_TWIN);
}

static void disturb_memory(struct chaos *chaos)
{
    if (chaos->has_store && chaos_pick(chaos, 2))
        disturb_disk(chaos);
    else if (chaos_queen(chaos, 0)->running)
        chaos_act(chaos, "memory q1 fails=%lld", (long long)(1 + chaos_pick(chaos, chaos_pick(chaos, 2) ? 20 : 2000)));
}

void disturb_rest(struct chaos *chaos)
{
    int64_t die = chaos_pick(chaos, 20);
    if (die < 16)
        disturb(chaos, (size_t)chaos_pick(chaos, (int64_t)chaos->count));
    else
        disturb_work(chaos);
}

void disturb_something(struct chaos *chaos)
{
    int64_t die = chaos_pick(chaos, 32);
    if ((chaos->is_cluster || chaos->has_edge) && chaos_pick(chaos, 4) == 0)
        disturb_broker(chaos);
    else if (chaos->has_twin && chaos_pick(chaos, 16) == 0)
        disturb_identity(chaos);
    else if (die < 17)
        disturb_rest(chaos);
    else if (die < 20)
        disturb(chaos, chaos_first_queen(chaos) + (size_t)chaos_pick(chaos, (int64_t)chaos->queens));
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
