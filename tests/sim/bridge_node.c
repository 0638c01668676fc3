#include "bridge_node.h"

#include "bridge.h"

#define ATTEMPT_LIMIT 10000 /* ms */

struct bridge_node {
    struct node node; /* its client is the link to the other broker */
    struct fake_broker broker;
    struct bridge bridge;
};

/* Liveness out, requests and verdicts in, replies both ways. */
static const struct bridge_topic topics[] = {
    { WORLD_ROOT "/hive/#", BRIDGE_OUT },       { WORLD_ROOT "/queen/#", BRIDGE_IN },
    { WORLD_ROOT "-rpc/hive/#", BRIDGE_IN },    { WORLD_ROOT "-rpc/queen/#", BRIDGE_OUT },
    { WORLD_ROOT "-rpc/reply/#", BRIDGE_BOTH }, { NULL, BRIDGE_BOTH }
};

static struct bridge *bridge_of(struct node *node)
{
    return &((struct bridge_node *)node)->bridge;
}

static ms_t deadline(const struct node *node)
{
    return bridge_deadline(&((const struct bridge_node *)node)->bridge);
}

static void turn(struct node *node)
{
    if (!bridge_turn(bridge_of(node)))
        node->running = false;
}

static void clear(struct node *node)
{
    bridge_end(bridge_of(node));
}

static const struct node_kind kind = { "bridge", deadline, turn, clear };

bool node_is_bridge(const struct node *node)
{
    return node->kind == &kind;
}

static void said(void *user, const char *what)
{
    node_say(user, "%s", what);
}

static void start(struct node *node)
{
    bridge_start(bridge_of(node));
    node->running = true;
}

enum err edge_start(struct world *world, const char *name, struct errbuf *e)
{
    struct bridge_node *edge;
    if (world_find(world, name) || !name[0])
        return err_set(e, ERR_CONFLICT, "there is a node of that name: `%s`", name);
    edge = sim_alloc(&world->arena, sizeof *edge);
    world_add(world, &edge->node, &kind, name);
    world_add_broker(world, &edge->broker, edge->node.name);
    edge->node.client.attempt_limit = ATTEMPT_LIMIT;
    bridge_init(&edge->bridge, name, &edge->broker, &edge->node.client, &edge->node);
    edge->bridge.topics = topics;
    edge->bridge.said = said;
    edge->bridge.user = &edge->node;
    start(&edge->node);
    return OK;
}

void bridge_node_follow(struct node *node, const char *verb)
{
    if (strcmp(verb, "stop") != 0) /* else it reads the wills first */
        node_kill(node);
    if (strcmp(verb, "start") == 0)
        start(node);
}
