#include "arrivals.h"

#include "json.h"
#include "queen_host.h"
#include "topic.h"
#include "worker_host.h"

static void add(struct arrivals *arrivals, const char *kind, struct text name, const char *what)
{
    buf_printf(&arrivals->text, "%lld %s %.*s%s%s\n", (long long)arrivals->world->network.now, kind, (int)name.len,
               name.at, *what ? " " : "", what);
}

static void on_message(void *user, const struct node *queen, const struct message *message)
{
    struct topic topic;
    (void)queen;
    if (!message->retain && message->payload.len > 0 && topic_parse(WORLD_ROOT, message->topic, &topic) == OK &&
        topic.kind == TOPIC_WORKER_HEARTBEAT)
        add(user, "beat", topic.worker, "");
}

static void on_event(void *user, const struct node *queen, struct text json)
{
    struct arena arena = { 0 };
    struct cJSON *event;
    const char *worker = NULL;
    (void)queen;
    if (json_parse(&arena, json, &event, NULL) == OK && (worker = json_string(json_member(event, "worker_id"))))
        add(user, "verdict", text_of(worker), json_string(json_member(event, "state")));
    arena_clear(&arena);
}

static const char *truth_of(const struct node *node)
{
    if (node_is_queen(node))
        return node->paused ? "paused" : node->running && node->client.phase == CLIENT_UP ? "sees" : "blind";
    if (!node->running)
        return "gone";
    return node->paused || node->client.cut ? "apart" : "alive";
}

static void on_turned(void *user, ms_t now)
{
    struct arrivals *arrivals = user;
    size_t i = 0;
    (void)now;
    for (const struct node *node = arrivals->world->nodes; node && i < ARRIVALS_NODES_MAX; node = node->next, i++) {
        const char *truth = truth_of(node);
        if (truth == arrivals->truth[i] || (!node_is_queen(node) && !node_is_worker(node)))
            continue;
        arrivals->truth[i] = truth;
        add(arrivals, node_is_queen(node) ? "queen" : "truth", text_of(node->name), truth);
    }
}

static const struct world_events events = { .event = on_event, .message = on_message, .turned = on_turned };

void arrivals_init(struct arrivals *arrivals, struct world *world)
{
    *arrivals = (struct arrivals){ .world = world };
    world_watch(world, &events, arrivals);
}

void arrivals_clear(struct arrivals *arrivals)
{
    buf_clear(&arrivals->text);
}
