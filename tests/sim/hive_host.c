#include "hive_host.h"

#include "daemon_node.h"
#include "hive.h"

#define KEEP_ALIVE 10000    /* ms; as in hive/driver.c */
#define RECONNECT_MAX 30000 /* likewise */

struct hive_daemon {
    struct daemon_node daemon;
    struct hive *hive;
};

static struct hive_daemon *host_of(struct node *node)
{
    return (struct hive_daemon *)node;
}

static void observe(const struct node *node, const struct outbox *outbox)
{
    for (const struct effect *effect = outbox->first; effect; effect = effect->next)
        if (effect->kind == EFFECT_NOTICE)
            node_say(node, "%s", effect->text.at);
        else if (effect->kind == EFFECT_EXIT) {
            if (effect->text.len > 0)
                node_say(node, "%s", effect->text.at);
            node_say(node, "exits with %d", effect->code);
        }
}

static void step(void *user, const struct input *input, struct outbox *outbox)
{
    struct hive_daemon *host = user;
    if (input->kind == INPUT_LINK_UP && host->daemon.connection > 0) /* else it only finds out who holds its id */
        node_say(user, "connected (connection %u)", host->daemon.connection);
    else if (input->kind == INPUT_LINK_DOWN && !host->daemon.is_renewed)
        node_say(user, "lost its link (%s)", input->why);
    hive_step(host->hive, input, outbox);
    observe(user, outbox);
}

static ms_t deadline(const void *user)
{
    return hive_deadline(((const struct hive_daemon *)user)->hive);
}

/* Without workers there are no orders. */
static const struct daemon_ops ops = { .step = step, .deadline = deadline, .clock = daemon_node_clock };

static void clear(struct node *node)
{
    struct hive_daemon *host = host_of(node);
    hive_free(host->hive);
    host->hive = NULL;
    daemon_node_clear(&host->daemon);
}

static const struct node_kind kind = { "hive", daemon_node_deadline, daemon_node_turn, clear };

bool node_is_hive(const struct node *node)
{
    return node->kind == &kind;
}

bool hive_has_its_id(const struct node *node)
{
    return ((const struct hive_daemon *)node)->daemon.connection > 0;
}

static struct hive_options options_of(struct hive_daemon *host, const struct words *words)
{
    struct node *node = &host->daemon.node;
    struct hive_options options = {
        .root = WORLD_ROOT, .id = daemon_node_id(&host->daemon, words), .pid = 1, .keep_alive = KEEP_ALIVE
    };
    options.session = rng_next(&node->rng) | 1;
    options.secret.k0 = rng_next(&node->rng);
    options.host = node->name;
    (void)text_to_hex64(text_of(words_value(words, "session")), &options.session);
    return options;
}

static void serve_nobody(struct hive_daemon *host)
{
    static struct roster nobody; /* zeroed, as roster_init leaves it; large */
    struct daemon *daemon = &host->daemon.daemon;
    struct hive_input input = { .kind = HIVE_ROSTER, .now = daemon->now, .wall = daemon->wall, .roster = &nobody };
    hive_take(host->hive, &input, daemon_enter(daemon));
    daemon_leave(daemon);
}

enum err hive_start(struct world *world, const char *name, const struct words *words, struct errbuf *e)
{
    struct node *node = world_claim(world, &kind, sizeof(struct hive_daemon), name);
    struct hive_daemon *host = host_of(node);
    struct hive_options options;
    enum err err;
    if (!node)
        return err_set(e, ERR_CONFLICT, "%s runs already", name);
    if ((err = world_place(world, node, words, e)) != OK)
        return err;
    options = options_of(host, words);
    err = hive_new(&options, world->network.now, world_wall(world, node), &host->hive);
    if (err != OK)
        return err;
    daemon_node_client_id(&host->daemon, options.id, NULL);
    daemon_node_start(&host->daemon, &ops, words, KEEP_ALIVE, RECONNECT_MAX);
    serve_nobody(host);
    return OK;
}
