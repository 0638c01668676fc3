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
    network_init(&world->network, &world->arena);
    world_seed(world, seed);
    fake_broker_init(&world->broker, &world->network, &world->trace, "");
}

void world_watch(struct world *world, const struct world_events *events, void *user)
{
    if (world->watcher_count < WORLD_WATCHERS_MAX)
        world->watchers[world->watcher_count++] = (struct world_watcher){ events, user };
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
    HASH_CLEAR(hh, world->by_name);
    agenda_clear(&world->agenda);
    for (struct fake_broker *broker = &world->broker; broker; broker = broker->next)
        fake_broker_clear(broker);
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
    HASH_FIND_STR(world->by_name, name, node);
    return node;
}

void world_add_broker(struct world *world, struct fake_broker *broker, const char *name)
{
    fake_broker_init(broker, &world->network, &world->trace, name);
    broker->next = world->broker.next;
    world->broker.next = broker;
}

struct fake_broker *world_find_broker(struct world *world, const char *name)
{
    struct fake_broker *broker = &world->broker;
    while (broker && strcmp(broker->name, name) != 0)
        broker = broker->next;
    return broker;
}

static const struct door *door_find(const struct fake_broker *broker, const char *name)
{
    for (size_t i = 0; i < broker->door_count; i++)
        if (strcmp(broker->doors[i].name, name) == 0)
            return &broker->doors[i];
    return NULL;
}

static enum err find_address(struct world *world, const char *name, struct client_address *ret)
{
    const struct door *door = door_find(&world->broker, name);
    struct fake_broker *broker = door ? &world->broker : world_find_broker(world, name);
    if (!broker)
        return ERR_NOT_FOUND;
    *ret = (struct client_address){ broker, door };
    return OK;
}

enum err world_place(struct world *world, struct node *node, const struct words *options, struct errbuf *e)
{
    struct client *client = &node->client;
    struct text list = text_of(words_text(options, "at", ""));
    client->address_count = 0;
    while (list.at && client->address_count < CLIENT_ADDRESSES_MAX) {
        struct text name = text_split(&list, ',');
        if (find_address(world, arena_copy(&world->arena, name), &client->addresses[client->address_count++]) != OK)
            return err_set(e, ERR_NOT_FOUND, "no broker is named `%.*s`", (int)name.len, name.at);
    }
    client->address = 0;
    client->broker = client->addresses[0].broker;
    client->door = client->addresses[0].door;
    return OK;
}

void world_add(struct world *world, struct node *node, const struct node_kind *kind, const char *name)
{
    node->kind = kind;
    node->world = world;
    node->client.broker = &world->broker;
    node->client.user = node->client.reader = node;
    node->rng.state = siphash(&(struct siphash_key){ world->seed, 0 }, name, strlen(name));
    snprintf(node->name, sizeof node->name, "%s", name);
    DL_APPEND(world->nodes, node);
    HASH_ADD_STR(world->by_name, name, node);
    agenda_enter(&world->agenda, &node->due);
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

/* What was due before is due now. */
static void schedule(struct world *world, struct node *node)
{
    ms_t at = node_deadline(node);
    world->network.steps++;
    agenda_put(&world->agenda, &node->due, ms_max(at, world->network.now));
}

static void schedule_all(struct world *world)
{
    struct node *node;
    DL_FOREACH(world->nodes, node)
    {
        schedule(world, node);
    }
}

/* To whom something was sent, or whose link ended. */
static void schedule_readers(struct world *world)
{
    const struct wire *wire;
    while ((wire = network_changed(&world->network)))
        if (wire->reader)
            schedule(world, wire->reader);
}

static ms_t world_deadline(struct world *world)
{
    ms_t at;
    schedule_readers(world);
    at = agenda_next(&world->agenda);
    for (const struct fake_broker *broker = &world->broker; broker; broker = broker->next)
        at = ms_min(at, fake_broker_deadline(broker));
    return at;
}

/* Each of those that are due has one turn, in the order in which they came into the world. */
static struct node *take_due(struct world *world)
{
    struct node *first = NULL, **end = &first;
    struct agenda_item *item;
    schedule_readers(world);
    while ((item = agenda_take(&world->agenda, world->network.now))) {
        *end = CONTAINER_OF(item, struct node, due);
        end = &(*end)->turns_next;
    }
    *end = NULL;
    return first;
}

static void turn(struct world *world)
{
    for (struct fake_broker *broker = &world->broker; broker; broker = broker->next)
        fake_broker_turn(broker);
    for (struct node *node = take_due(world); node; node = node->turns_next) {
        if (node_deadline(node) <= world->network.now)
            node->kind->turn(node);
        schedule(world, node);
    }
    WORLD_TELL(world, turned, world->network.now);
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
    schedule_all(world); /* whoever is not in the world may have done something to them */
    while ((at = world_deadline(world)) <= until) {
        turns = at > world->network.now ? 0 : turns + 1;
        if (turns > TURNS_MAX)
            stand_still(world);
        world->network.now = ms_max(at, world->network.now);
        turn(world);
    }
    world->network.now = until;
}
