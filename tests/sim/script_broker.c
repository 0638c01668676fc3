#include "script_broker.h"

#include "bridge_node.h"

#define RETAINED_SHOWN 64

/* `edge e1`: workers with at=e1 connect to it */
enum err script_edge(struct world *world, const struct words *words, struct errbuf *e)
{
    return edge_start(world, words_at(words, 1), e);
}

/* `cluster n1 n2`: the first broker is one of these nodes, and at=n1,n2 are its addresses */
enum err script_cluster(struct world *world, const struct words *words, struct errbuf *e)
{
    struct fake_broker *broker = &world->broker;
    if (words->count < 2 || words->count - 1 > ARRAY_LEN(broker->doors))
        return err_set(e, ERR_SYNTAX, "cluster NAME...");
    broker->door_count = words->count - 1;
    for (size_t i = 0; i < broker->door_count; i++)
        broker->doors[i] = (struct door){ .name = words->at[i + 1] };
    return OK;
}

/* `node n2 kill`, `node n2 power-off`, `node n2 start` */
enum err script_node(struct world *world, const struct words *words, struct errbuf *e)
{
    struct fake_broker *broker = &world->broker;
    const char *verb = words_at(words, 2);
    for (size_t i = 0; i < broker->door_count; i++)
        if (strcmp(broker->doors[i].name, words_at(words, 1)) == 0) {
            if (strcmp(verb, "start") == 0)
                broker->doors[i].is_lost = false;
            else
                fake_broker_lose(broker, &broker->doors[i], strcmp(verb, "power-off") == 0);
            return OK;
        }
    return err_set(e, ERR_NOT_FOUND, "no node of the cluster is named `%s`", words_at(words, 1));
}

static const struct {
    const char *name;
    void (*fn)(struct fake_broker *broker);
} verbs[] = { { "stop", fake_broker_stop },
              { "kill", fake_broker_kill },
              { "start", fake_broker_start },
              { "save", fake_broker_save } };

static enum err set(struct fake_broker *broker, const struct words *words, struct errbuf *e)
{
    if (words_value(words, "duplicates"))
        broker->duplicates = words_number(words, "duplicates", 0);
    else if (words_value(words, "reorders"))
        broker->reorders = words_number(words, "reorders", 0);
    else if (words_value(words, "queue"))
        broker->queue_bytes = (size_t)words_number(words, "queue", 0);
    else if (words_value(words, "queue-messages"))
        broker->queue_messages = (size_t)words_number(words, "queue-messages", 0);
    else if (words_value(words, "retained-limit"))
        broker->retained_limit = (size_t)words_number(words, "retained-limit", 0);
    else if (words_value(words, "loses-subacks"))
        broker->loses_subacks = (unsigned)words_number(words, "loses-subacks", 0);
    else if (words_value(words, "counts-every"))
        broker->sys_every = words_duration(words, "counts-every", 10000);
    else if (words_value(words, "expiry-cap"))
        broker->expiry_cap = (uint32_t)words_number(words, "expiry-cap", 0);
    else
        return err_set(e, ERR_UNKNOWN, "broker [NAME] %s", SCRIPT_BROKER_VERBS);
    return OK;
}

static void carry_out(struct world *world, struct fake_broker *broker, size_t verb)
{
    struct node *bridge = world_find(world, broker->name);
    bool was_running = broker->running;
    verbs[verb].fn(broker);
    if (bridge && broker->running != was_running)
        bridge_node_follow(bridge, verbs[verb].name);
}

/* `broker stop`, `broker e1 stop` */
enum err script_broker(struct world *world, const struct words *words, struct errbuf *e)
{
    struct fake_broker *broker = words->count > 2 ? world_find_broker(world, words_at(words, 1)) : &world->broker;
    if (!broker)
        return err_set(e, ERR_NOT_FOUND, "no broker is named `%s`", words_at(words, 1));
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (strcmp(words->at[words->count - 1], verbs[i].name) == 0) {
            carry_out(world, broker, i);
            return OK;
        }
    return set(broker, words, e);
}

static struct broker_loss *loss_of(struct fake_broker *broker, const char *part)
{
    size_t at = 0;
    while (at < broker->loss_count && strcmp(broker->losses[at].part, part) != 0)
        at++;
    broker->loss_count += at == broker->loss_count && at < ARRAY_LEN(broker->losses);
    return at < ARRAY_LEN(broker->losses) ? &broker->losses[at] : NULL;
}

/* `lose /heartbeat 30`: of every hundred messages with this in their topic, on their way to a subscriber */
enum err script_lose(struct world *world, const struct words *words, struct errbuf *e)
{
    struct broker_loss *loss = loss_of(&world->broker, words_at(words, 1));
    int64_t percent = 0;
    if (text_to_int(text_of(words_at(words, 2)), &percent) != OK || !loss)
        return err_set(e, ERR_SYNTAX, "lose PART-OF-TOPIC PERCENT");
    *loss = (struct broker_loss){ words_at(words, 1), (unsigned)percent };
    return OK;
}

/* What is retained on a topic, or the beginning of it. */
enum err script_retained(struct world *world, const struct words *words, struct errbuf *e)
{
    const char *at = words_text(words, "at", "");
    const struct fake_broker *broker = world_find_broker(world, at);
    const struct retained *stored;
    if (!broker)
        return err_set(e, ERR_NOT_FOUND, "no broker is named `%s`", at);
    stored = retained_find(&broker->stored, words_at(words, 1), world->network.now);
    trace_line(&world->trace, world->network.now, "broker", at, "holds %.*s", RETAINED_SHOWN,
               stored ? stored->publish.payload.at : "nothing");
    return OK;
}
