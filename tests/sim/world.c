#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "log.h"
#include "siphash.h"

#define WALL_AT_START 1800000000000 /* 2027-01-15 */
#define TURNS_MAX 100000            /* at one millisecond: beyond it the world goes round in circles */

void world_init(struct world *world, uint64_t seed)
{
    log_setup("sim", "logfmt", "error"); /* what goes wrong in a world is no news */
    *world = (struct world){ .wall = WALL_AT_START };
    world->arena = (struct arena){ 0 };
    trace_init(&world->trace);
    world->network = (struct network){ .arena = &world->arena, .latency_low = 1, .latency_high = 1 };
    world_seed(world, seed);
    fake_broker_init(&world->broker, &world->network, &world->trace);
}

void world_seed(struct world *world, uint64_t seed)
{
    world->seed = world->network.rng.state = seed;
}

void world_clear(struct world *world)
{
    struct node *node;
    DL_FOREACH(world->nodes, node)
    {
        if (node->running)
            node->kind->clear(node);
    }
    fake_broker_clear(&world->broker);
    trace_clear(&world->trace);
    arena_clear(&world->arena);
}

ms_t world_wall(const struct world *world, const struct node *node)
{
    return world->wall + world->network.now + (node ? node->skew : 0);
}

struct node *world_find(const struct world *world, const char *name)
{
    struct node *node;
    DL_FOREACH(world->nodes, node)
    {
        if (strcmp(node->name, name) == 0)
            break;
    }
    return node;
}

void world_add(struct world *world, struct node *node, const struct node_kind *kind, const char *name)
{
    node->kind = kind;
    node->world = world;
    node->client.broker = &world->broker;
    node->client.user = node;
    node->rng.state = siphash(&(struct siphash_key){ world->seed, 0 }, name, strlen(name));
    snprintf(node->name, sizeof node->name, "%s", name);
    DL_APPEND(world->nodes, node);
}

struct node *world_claim(struct world *world, const struct node_kind *kind, size_t size, const char *name)
{
    struct node *node = world_find(world, name);
    if (node)
        return node->kind == kind && !node->running ? node : NULL;
    node = sim_alloc(&world->arena, size);
    world_add(world, node, kind, name);
    return node;
}

void node_say(const struct node *node, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    trace_line(&node->world->trace, node->world->network.now, node->kind->actor, node->name, "%s", text);
    free(text);
}

void node_kill(struct node *node)
{
    if (!node->running)
        return;
    client_vanish(&node->client);
    node->kind->clear(node);
    node->running = node->paused = false;
}

static ms_t node_deadline(const struct node *node)
{
    if (!node->running || node->paused)
        return MS_NEVER;
    return ms_min(client_deadline(&node->client), node->kind->deadline(node));
}

static ms_t world_deadline(const struct world *world)
{
    ms_t at = fake_broker_deadline(&world->broker);
    const struct node *node;
    DL_FOREACH(world->nodes, node)
    {
        at = ms_min(at, node_deadline(node));
    }
    return at;
}

static void turn(struct world *world)
{
    struct node *node;
    fake_broker_turn(&world->broker);
    DL_FOREACH(world->nodes, node)
    {
        if (node_deadline(node) <= world->network.now)
            node->kind->turn(node);
    }
    if (world->events)
        world->events->turned(world->user);
}

static void stand_still(const struct world *world)
{
    fprintf(stderr, "%s[%6lld] the world goes round in circles\n", buf_str(&world->trace.text),
            (long long)world->network.now);
    abort();
}

void world_run(struct world *world, ms_t until)
{
    ms_t at;
    unsigned turns = 0;
    while ((at = world_deadline(world)) <= until) {
        turns = at > world->network.now ? 0 : turns + 1;
        if (turns > TURNS_MAX)
            stand_still(world);
        world->network.now = ms_max(at, world->network.now);
        turn(world);
    }
    world->network.now = until;
}
