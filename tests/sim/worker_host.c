#include "worker_host.h"

#include <stdio.h>

#include "topic.h"

#define ATTEMPT_LIMIT 5000  /* ms; of a real one: 2 s to connect, 10 s in all (common/mqtt/mqtt_client.c) */
#define RECONNECT_MAX 30000 /* ms */
#define RETAIN_S 86400

struct worker_host {
    struct node node;
    char hive[NAME_SIZE], client_id[CLIENT_ID_SIZE];
    ms_t lease;
    struct facts facts;
    enum skep_work answer; /* SKEP_WORK_LATER: none, it hangs */
    struct worker *worker;
    struct outbox outbox;
};

static struct worker_host *host_of(struct node *node)
{
    return (struct worker_host *)node;
}

static void step(struct worker_host *host, struct input input)
{
    input.now = host->node.world->network.now;
    input.wall = world_wall(host->node.world, &host->node);
    worker_step(host->worker, &input, &host->outbox);
}

static void take(struct worker_host *host, struct worker_input input)
{
    input.now = host->node.world->network.now;
    input.wall = world_wall(host->node.world, &host->node);
    worker_take(host->worker, &input, &host->outbox);
}

static void on_packet(void *user)
{
    (void)user;
}

static void on_up(void *user, const struct link_facts *facts)
{
    struct worker_host *host = user;
    struct worker_view view;
    step(host, (struct input){ .kind = INPUT_LINK_UP, .facts = facts });
    worker_view_fill(host->worker, &view);
    node_say(&host->node, "connected (connection %u)", view.connection);
}

static void on_message(void *user, const struct publish *publish)
{
    struct message message = packet_message(publish);
    step(user, (struct input){ .kind = INPUT_MESSAGE, .message = &message });
}

static void on_acked(void *user, uint64_t token, uint8_t reason)
{
    if (token)
        step(user, (struct input){ .kind = INPUT_ACKED, .token = token, .reason = reason });
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    if (token)
        step(user, (struct input){ .kind = INPUT_SUBSCRIBED, .token = token, .reason = reason });
}

static void on_down(void *user, const char *why)
{
    struct worker_host *host = user;
    step(host, (struct input){ .kind = INPUT_LINK_DOWN, .why = why });
    node_say(&host->node, "lost its link (%s)", why);
}

static void on_failed(void *user, const char *why)
{
    step(user, (struct input){ .kind = INPUT_LINK_FAILED, .why = why });
}

static const struct client_events client_events = { on_packet,     on_up,   on_message, on_acked,
                                                    on_subscribed, on_down, on_failed };

static void carry_out_one(struct worker_host *host, const struct effect *effect)
{
    struct client *client = &host->node.client;
    switch (effect->kind) {
    case EFFECT_CONNECT:
        client_connect(client, &effect->publish);
        break;
    case EFFECT_DISCONNECT:
        client_disconnect(client);
        break;
    case EFFECT_SUBSCRIBE:
        client_subscribe(client, &effect->subscribe);
        break;
    case EFFECT_UNSUBSCRIBE:
        client_unsubscribe(client, effect->subscribe.filter);
        break;
    case EFFECT_PUBLISH:
        client_publish(client, &effect->publish);
        break;
    case EFFECT_EXIT:
        node_say(&host->node, "exits with %d", effect->code);
        break;
    default:
        break;
    }
}

static void carry_out(struct worker_host *host)
{
    for (const struct effect *effect = host->outbox.first; effect; effect = effect->next)
        carry_out_one(host, effect);
    if (host->outbox.failed)
        node_say(&host->node, "out of memory");
    outbox_reset(&host->outbox);
}

static ms_t deadline(const struct node *node)
{
    return worker_deadline(((const struct worker_host *)node)->worker);
}

/* The work loop looks who asks whenever it comes by; a worker that is stopped as a whole has no turns. */
static void answer_verifications(struct worker_host *host)
{
    struct worker_view view;
    worker_view_fill(host->worker, &view);
    if (view.verification && host->answer != SKEP_WORK_LATER)
        take(host, (struct worker_input){ .found = true, .work = host->answer, .up_to_id = view.verification });
}

static void turn(struct node *node)
{
    struct worker_host *host = host_of(node);
    client_turn(&node->client);
    client_finish(&node->client);
    answer_verifications(host);
    step(host, (struct input){ .kind = INPUT_TICK });
    carry_out(host);
    if (worker_has_ended(host->worker))
        node_kill(node);
}

static void clear(struct node *node)
{
    struct worker_host *host = host_of(node);
    worker_free(host->worker);
    host->worker = NULL;
    outbox_clear(&host->outbox);
}

static const struct node_kind kind = { "worker", deadline, turn, clear };

bool node_is_worker(const struct node *node)
{
    return node->kind == &kind;
}

static struct skep_worker_options options_of(struct worker_host *host, const struct words *words)
{
    struct skep_worker_options options = { .root = WORLD_ROOT, .hive = host->hive, .worker = host->node.name };
    snprintf(host->hive, sizeof host->hive, "%s", words_text(words, "hive", WORLD_HIVE));
    options.session = rng_next(&host->node.rng) | 1;
    (void)text_to_hex64(text_of(words_value(words, "session")), &options.session);
    options.interval_ms = (uint32_t)words_duration(words, "interval", 30000);
    host->lease = words_duration(words, "lease", 3 * (ms_t)options.interval_ms);
    options.lease_ms = (uint32_t)host->lease;
    options.reconnect_max_ms = (uint32_t)words_duration(words, "reconnect-max", RECONNECT_MAX);
    options.retain_s = RETAIN_S;
    return options;
}

enum err worker_start(struct world *world, const char *name, const struct words *words, struct errbuf *e)
{
    struct node *node = world_claim(world, &kind, sizeof(struct worker_host), name);
    struct worker_host *host = host_of(node);
    struct skep_worker_options options;
    uint64_t seed;
    char address[ADDRESS_SIZE];
    enum err err;
    if (!node)
        return err_set(e, ERR_CONFLICT, "%s runs already", name);
    if ((err = world_place(world, node, words, e)) != OK)
        return err;
    options = options_of(host, words);
    seed = rng_next(&node->rng);
    address_of(host->hive, host->node.name, NULL, address);
    client_id_of(WORLD_ROOT, address, rng_next(&node->rng), host->client_id);
    facts_init(&host->facts);
    host->answer = SKEP_WORK_OK;
    err = facts_set_text(&host->facts, "status", text_of(words_text(words, "status", "idle")), e);
    if (err == OK)
        err = worker_new(&options, seed, &host->facts, &host->worker);
    if (err != OK)
        return err;
    host->outbox = (struct outbox){ 0 };
    node->client.id = host->client_id;
    node->client.events = &client_events;
    node->client.attempt_limit = ATTEMPT_LIMIT;
    node->client.keep_alive = words_duration(words, "keep-alive", 10000);
    node->client.far = words_duration(words, "far", 0);
    node->running = true;
    return OK;
}

void worker_leave_fleet(struct node *node, const struct exit_info *exit)
{
    take(host_of(node), (struct worker_input){ .leave = true, .exit = exit, .timeout = 1000 });
    turn(node);
}

static void tell_facts(struct worker_host *host)
{
    take(host, (struct worker_input){ .facts = &host->facts });
    turn(&host->node);
}

enum err worker_set_number(struct node *node, const char *field, double value)
{
    struct worker_host *host = host_of(node);
    enum err err = facts_set_number(&host->facts, field, value, node->world->network.now, NULL);
    if (err == OK)
        tell_facts(host);
    return err;
}

enum err worker_set_text(struct node *node, const char *field, const char *value)
{
    struct worker_host *host = host_of(node);
    enum err err = facts_set_text(&host->facts, field, text_of(value), NULL);
    if (err == OK)
        tell_facts(host);
    return err;
}

static const char *const answers[] = {
    [SKEP_WORK_STALLED] = "stalled",
    [SKEP_WORK_OK] = "ok",
    [SKEP_WORK_UNKNOWN] = "unknown",
    [SKEP_WORK_LATER] = "hangs",
};

enum err worker_set_answer(struct node *node, const char *answer)
{
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        if (strcmp(answers[i], answer) == 0) {
            host_of(node)->answer = (enum skep_work)i;
            turn(node);
            return OK;
        }
    return ERR_UNKNOWN;
}

bool worker_hangs(const struct node *node)
{
    const struct worker_host *host = (const struct worker_host *)node;
    return host->answer == SKEP_WORK_LATER && facts_inflight(&host->facts) > 0;
}

void worker_progress(struct node *node)
{
    struct worker_host *host = host_of(node);
    facts_progress(&host->facts, node->world->network.now);
    tell_facts(host);
}

void worker_set_stopped(struct node *node, bool stopped)
{
    struct worker_host *host = host_of(node);
    facts_set_stalled(&host->facts, stopped, node->world->network.now);
    host->answer = stopped ? SKEP_WORK_LATER : SKEP_WORK_UNKNOWN;
    take(host, (struct worker_input){ .facts = &host->facts, .beat = true });
    turn(node);
}

const char *worker_hive(const struct node *node)
{
    return ((const struct worker_host *)node)->hive;
}

ms_t worker_lease(const struct node *node)
{
    return ((const struct worker_host *)node)->lease;
}
