#include "queen_host.h"

#include "backoff.h"
#include "json.h"
#include "send_queue.h"
#include "topic.h"

#define RECONNECT_MAX 30000 /* ms; as in queen/driver_make.c */
#define ATTEMPT_LIMIT 10000 /* ms; as in common/io/mqtt.c */
#define MAX_WORKERS 10000
#define MAX_DOCUMENTS ((size_t)64 * 1024 * 1024)

struct queen_host {
    struct node node;
    char client_id[CLIENT_ID_SIZE];
    struct queen *queen;
    struct outbox outbox;
    struct send_queue queue;
    struct backoff backoff;
    ms_t connect_at; /* MS_NEVER = not by itself */
    ms_t up_at;
    bool leaves; /* DISCONNECT was sent */
    bool ended;
};

static struct queen_host *host_of(struct node *node)
{
    return (struct queen_host *)node;
}

static ms_t now_of(const struct queen_host *host)
{
    return host->node.world->network.now;
}

static void pump(struct queen_host *host)
{
    const struct queued *queued;
    while (host->node.client.phase == CLIENT_UP && (queued = send_queue_next(&host->queue))) {
        struct publish publish = queued->publish;
        publish.token = queued->number;
        client_publish(&host->node.client, &publish);
    }
}

/* A verdict that is published once more: later evidence, no event. */
static void say_revision(struct queen_host *host, const struct publish *publish)
{
    struct cJSON *verdict;
    struct arena arena;
    double revision = 0;
    if (!publish->retain || !strstr(publish->topic, "/verdict/") || publish->payload.len == 0)
        return;
    arena_init(&arena, 0);
    if (json_parse(&arena, publish->payload, &verdict, NULL) == OK &&
        json_number(json_member(verdict, "revision"), &revision) && revision > 1)
        node_say(&host->node, "%s/%s %s (%s), revision %.0f", json_string(json_member(verdict, "hive_id")),
                 json_string(json_member(verdict, "worker_id")), json_string(json_member(verdict, "state")),
                 json_string(json_member(verdict, "cause")), revision);
    arena_clear(&arena);
}

static void send_out(struct queen_host *host, const struct publish *publish)
{
    const struct world *world = host->node.world;
    say_revision(host, publish);
    if (world->events)
        world->events->published(world->user, &host->node, publish);
    if (send_queue_add(&host->queue, publish) != OK)
        host->outbox.failed = true;
    pump(host);
}

static void tell_event(struct queen_host *host, const struct effect *effect)
{
    struct world *world = host->node.world;
    node_say(&host->node, "%s", effect->line.at);
    if (world->events)
        world->events->event(world->user, &host->node, effect->text);
}

static void carry_out_one(struct queen_host *host, const struct effect *effect)
{
    struct client *client = &host->node.client;
    switch (effect->kind) {
    case EFFECT_CONNECT:
        client_connect(client, &effect->publish);
        break;
    case EFFECT_DISCONNECT:
        client_disconnect(client);
        host->leaves = host->ended = true;
        break;
    case EFFECT_SUBSCRIBE:
        client_subscribe(client, &effect->subscribe);
        break;
    case EFFECT_UNSUBSCRIBE:
        client_unsubscribe(client, effect->subscribe.filter);
        break;
    case EFFECT_PUBLISH:
        send_out(host, &effect->publish);
        break;
    case EFFECT_EVENT:
        tell_event(host, effect);
        break;
    case EFFECT_NOTICE:
    case EFFECT_HTTP_GET: /* there is no HTTP in this world */
        break;
    case EFFECT_EXIT:
        node_say(&host->node, "exits with %d", effect->code);
        host->ended = true;
        break;
    }
}

static void carry_out(struct queen_host *host)
{
    for (const struct effect *effect = host->outbox.first; effect; effect = effect->next)
        carry_out_one(host, effect);
    if (host->outbox.failed) {
        node_say(&host->node, "out of memory");
        host->ended = true;
    }
    outbox_reset(&host->outbox);
}

static void step(struct queen_host *host, struct queen_input input)
{
    input.now = now_of(host);
    input.wall = world_wall(host->node.world, &host->node);
    queen_step(host->queen, &input, &host->outbox);
    carry_out(host);
}

static void on_packet(void *user)
{
    step(user, (struct queen_input){ .kind = QUEEN_PACKET });
}

static void on_up(void *user)
{
    struct queen_host *host = user;
    host->up_at = now_of(host);
    step(host, (struct queen_input){ .kind = QUEEN_LINK_UP });
    pump(host);
}

static void on_message(void *user, const struct publish *publish)
{
    const struct world *world = ((struct queen_host *)user)->node.world;
    if (world->events)
        world->events->message(world->user, user, publish);
    step(user, (struct queen_input){ .kind = QUEEN_MESSAGE,
                                     .message = { .topic = text_of(publish->topic),
                                                  .payload = publish->payload,
                                                  .retain = publish->retain,
                                                  .has_expiry = publish->expiry_s > 0,
                                                  .expiry_s = publish->expiry_s,
                                                  .response_topic = text_of(publish->response_topic),
                                                  .correlation = publish->correlation } });
}

static void on_acked(void *user, uint64_t number, uint8_t reason)
{
    struct queen_host *host = user;
    uint64_t token = send_queue_acked(&host->queue, number);
    if (token)
        step(host, (struct queen_input){ .kind = QUEEN_ACKED, .token = token, .reason = reason });
    pump(host);
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    if (token)
        step(user, (struct queen_input){ .kind = QUEEN_SUBSCRIBED, .token = token, .reason = reason });
}

static void retry(struct queen_host *host)
{
    host->connect_at = now_of(host) + backoff_next(&host->backoff, &host->node.rng);
}

static void on_down(void *user, const char *why)
{
    struct queen_host *host = user;
    (void)why;
    backoff_lost(&host->backoff, now_of(host) - host->up_at);
    retry(host);
    send_queue_link_lost(&host->queue);
    step(host, (struct queen_input){ .kind = QUEEN_LINK_DOWN });
}

static void on_failed(void *user, const char *why)
{
    (void)why;
    retry(user);
}

static const struct client_events client_events = { on_packet,     on_up,   on_message, on_acked,
                                                    on_subscribed, on_down, on_failed };

static ms_t deadline(const struct node *node)
{
    const struct queen_host *host = (const struct queen_host *)node;
    return ms_min(queen_deadline(host->queen), host->connect_at);
}

static void clear(struct node *node)
{
    struct queen_host *host = host_of(node);
    queen_free(host->queen);
    host->queen = NULL;
    outbox_clear(&host->outbox);
    send_queue_clear(&host->queue);
}

/* Reads what lies in the socket before it ticks, and learns last that the link has ended, as the driver does. */
static void turn(struct node *node)
{
    struct queen_host *host = host_of(node);
    client_turn(&node->client);
    if (queen_deadline(host->queen) <= now_of(host))
        step(host, (struct queen_input){ .kind = QUEEN_TICK });
    client_finish(&node->client);
    if (host->connect_at <= now_of(host) && !host->leaves) {
        host->connect_at = MS_NEVER;
        step(host, (struct queen_input){ .kind = QUEEN_CONNECTING });
    }
    if (host->ended)
        node_kill(node);
}

static const struct node_kind kind = { "queen", deadline, turn, clear };

bool node_is_queen(const struct node *node)
{
    return node->kind == &kind;
}

static struct queen_host *host_find_or_add(struct world *world, const char *name)
{
    struct node *node = world_find(world, name);
    struct queen_host *host;
    if (node)
        return node_is_queen(node) && !node->running ? host_of(node) : NULL;
    host = sim_alloc(&world->arena, sizeof *host);
    world_add(world, &host->node, &kind, name);
    client_id_queen(host->node.name, host->client_id);
    host->node.client.id = host->client_id;
    host->node.client.events = &client_events;
    host->node.client.attempt_limit = ATTEMPT_LIMIT;
    return host;
}

/* Commas in a script, lines in the file. */
static struct text expected_list(struct world *world, const struct words *words)
{
    const char *list = words_value(words, "expect");
    char *lines = list ? arena_copy(&world->arena, text_of(list)) : NULL;
    for (char *comma = lines; comma && (comma = strchr(comma, ','));)
        *comma = '\n';
    return text_of(lines);
}

static struct queen_options options_of(struct world *world, struct queen_host *host, const struct words *words)
{
    struct rng *rng = &host->node.rng;
    struct siphash_key hash_key = { .k0 = rng_next(rng) };
    return (struct queen_options){ .root = WORLD_ROOT,
                                   .id = host->node.name,
                                   .session = rng_next(rng) | 1,
                                   .pid = 1,
                                   .hash_key = hash_key,
                                   .stale_after = words_duration(words, "stale-after", 90000),
                                   .confirm_wait = words_duration(words, "confirm-wait", 250),
                                   .return_grace = words_duration(words, "return-grace", 35000),
                                   .verify_timeout = words_duration(words, "verify-timeout", 5000),
                                   .max_workers = MAX_WORKERS,
                                   .max_document_bytes = MAX_DOCUMENTS,
                                   .expect = expected_list(world, words) };
}

enum err queen_start(struct world *world, const char *name, const struct words *words, struct errbuf *e)
{
    struct queen_host *host = host_find_or_add(world, name);
    struct queen_options options;
    enum err err;
    if (!host)
        return err_set(e, ERR_CONFLICT, "%s runs already", name);
    options = options_of(world, host, words);
    err = queen_new(&options, world->network.now, world_wall(world, &host->node), &host->queen, e);
    if (err != OK)
        return err;
    outbox_init(&host->outbox);
    send_queue_init(&host->queue);
    backoff_init(&host->backoff, RECONNECT_MAX);
    host->node.client.keep_alive = words_duration(words, "keep-alive", 5000);
    host->connect_at = world->network.now;
    host->leaves = host->ended = false;
    host->node.running = true;
    return OK;
}

void queen_leave_fleet(struct node *node)
{
    struct queen_host *host = host_of(node);
    step(host, (struct queen_input){ .kind = QUEEN_STOP });
    if (host->ended)
        node_kill(node);
}

void queen_ask(struct node *node, const char *method, const char *path, const char *body, struct http_response *ret)
{
    struct queen_host *host = host_of(node);
    struct text query = text_of(path), before = text_split(&query, '?');
    struct http_request request = { .method = method,
                                    .path = arena_copy(&node->world->arena, before),
                                    .query = query,
                                    .body = text_of(body),
                                    .content_type = body ? "application/json" : NULL,
                                    .last_call = true };
    *ret = (struct http_response){ 0 };
    (void)queen_http(host->queen, &request, now_of(host), world_wall(node->world, node), ret, &host->outbox);
    carry_out(host);
}
