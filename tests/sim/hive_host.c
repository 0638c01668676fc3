#include "hive_host.h"

#include "daemon_node.h"
#include "hive.h"

#define KEEP_ALIVE 10000 /* ms; as in hive/driver_make.c */

struct hive_daemon {
    struct daemon_node daemon;
    struct hive *hive;
};

static struct hive_daemon *host_of(struct node *node)
{
    return (struct hive_daemon *)node;
}

/* Without workers there are no orders. */
static void step(struct hive_daemon *host, struct input input)
{
    const struct node *node = &host->daemon.node;
    input.now = node->world->network.now;
    input.wall = world_wall(node->world, node);
    hive_step(host->hive, &input, &host->daemon.outbox);
    daemon_carry_out(&host->daemon);
}

static void take(struct hive_daemon *host, struct hive_input input)
{
    const struct node *node = &host->daemon.node;
    input.now = node->world->network.now;
    input.wall = world_wall(node->world, node);
    hive_take(host->hive, &input, &host->daemon.outbox);
    daemon_carry_out(&host->daemon);
}

static void on_effect(void *user, const struct effect *effect)
{
    if (effect->kind == EFFECT_NOTICE)
        node_say(user, "%s", effect->text.at);
}

static ms_t on_deadline(const void *user)
{
    return hive_deadline(((const struct hive_daemon *)user)->hive);
}

static void on_tick(void *user)
{
    step(user, (struct input){ .kind = INPUT_TICK });
}

static void on_connecting(void *user)
{
    step(user, (struct input){ .kind = INPUT_CONNECTING });
}

static void on_up(void *user)
{
    const struct daemon_node *daemon = user;
    if (daemon->connection > 0) /* else it only finds out who holds its id */
        node_say(user, "connected (connection %u)", daemon->connection);
    step(user, (struct input){ .kind = INPUT_LINK_UP });
}

static void on_down(void *user, const char *why)
{
    const struct daemon_node *daemon = user;
    if (!daemon->is_renewed)
        node_say(user, "lost its link (%s)", why);
    step(user, (struct input){ .kind = INPUT_LINK_DOWN });
}

static void on_message(void *user, const struct publish *publish)
{
    struct message message = packet_message(publish);
    step(user, (struct input){ .kind = INPUT_MESSAGE, .message = &message });
}

static void on_acked(void *user, uint64_t token, uint8_t reason)
{
    step(user, (struct input){ .kind = INPUT_ACKED, .token = token, .reason = reason });
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    step(user, (struct input){ .kind = INPUT_SUBSCRIBED, .token = token, .reason = reason });
}

static const struct daemon_events events = {
    .deadline = on_deadline,
    .tick = on_tick,
    .connecting = on_connecting,
    .up = on_up,
    .down = on_down,
    .message = on_message,
    .acked = on_acked,
    .subscribed = on_subscribed,
    .effect = on_effect,
};

static void clear(struct node *node)
{
    struct hive_daemon *host = host_of(node);
    hive_free(host->hive);
    host->hive = NULL;
    daemon_clear(&host->daemon);
}

static const struct node_kind kind = { "hive", daemon_deadline, daemon_turn, clear };

bool node_is_hive(const struct node *node)
{
    return node->kind == &kind;
}

static struct hive_options options_of(struct hive_daemon *host, const struct words *words)
{
    struct node *node = &host->daemon.node;
    struct hive_options options = {
        .root = WORLD_ROOT, .id = daemon_id(&host->daemon, words), .pid = 1, .keep_alive = KEEP_ALIVE
    };
    options.session = rng_next(&node->rng) | 1;
    options.secret.k0 = rng_next(&node->rng);
    options.host = node->name;
    (void)text_to_hex64(text_of(words_value(words, "session")), &options.session);
    return options;
}

enum err hive_start(struct world *world, const char *name, const struct words *words, struct errbuf *e)
{
    static struct roster nobody; /* zeroed, as roster_init leaves it; large */
    struct node *node = world_claim(world, &kind, sizeof(struct hive_daemon), name);
    struct hive_daemon *host = host_of(node);
    struct hive_options options;
    enum err err;
    if (!node)
        return err_set(e, ERR_CONFLICT, "%s runs already", name);
    options = options_of(host, words);
    err = hive_new(&options, world->network.now, world_wall(world, node), &host->hive);
    if (err != OK)
        return err;
    daemon_client_id(&host->daemon, options.id, address_hive);
    daemon_start(&host->daemon, &events, words, KEEP_ALIVE);
    take(host, (struct hive_input){ .kind = HIVE_ROSTER, .roster = &nobody });
    return OK;
}

void hive_leave_fleet(struct node *node)
{
    struct hive_daemon *host = host_of(node);
    step(host, (struct input){ .kind = INPUT_STOP });
    daemon_go_if_ended(&host->daemon);
}
