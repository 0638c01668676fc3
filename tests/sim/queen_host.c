#include "queen_host.h"

#include "daemon_node.h"
#include "json.h"

#define KEEP_ALIVE 5000 /* ms; as in queen/queen_conf.c */
#define MAX_WORKERS 10000
#define MAX_DOCUMENTS ((size_t)64 * 1024 * 1024)

struct queen_host {
    struct daemon_node daemon;
    struct queen *queen;
};

static struct queen_host *host_of(struct node *node)
{
    return (struct queen_host *)node;
}

/* A verdict that is published once more: later evidence, no event. */
static void say_revision(const struct node *node, const struct publish *publish)
{
    struct cJSON *verdict;
    struct arena arena;
    double revision = 0;
    if (!publish->retain || !strstr(publish->topic, "/verdict/") || publish->payload.len == 0)
        return;
    arena_init(&arena, 0);
    if (json_parse(&arena, publish->payload, &verdict, NULL) == OK &&
        json_number(json_member(verdict, "revision"), &revision) && revision > 1)
        node_say(node, "%s/%s %s (%s), revision %.0f", json_string(json_member(verdict, "hive_id")),
                 json_string(json_member(verdict, "worker_id")), json_string(json_member(verdict, "state")),
                 json_string(json_member(verdict, "cause")), revision);
    arena_clear(&arena);
}

static void tell_publish(struct node *node, const struct publish *publish)
{
    const struct world *world = node->world;
    say_revision(node, publish);
    if (world->events)
        world->events->published(world->user, node, publish);
}

static void tell_event(struct node *node, const struct effect *effect)
{
    const struct world *world = node->world;
    node_say(node, "%s", effect->line.at);
    if (world->events)
        world->events->event(world->user, node, effect->text);
}

static void on_effect(void *user, const struct effect *effect)
{
    struct queen_host *host = user;
    if (effect->kind == EFFECT_PUBLISH)
        tell_publish(&host->daemon.node, &effect->publish);
    else if (effect->kind == EFFECT_EVENT)
        tell_event(&host->daemon.node, effect);
    else if (effect->kind == EFFECT_EXIT)
        node_say(&host->daemon.node, "%s", effect->text.at);
    else if (effect->kind == EFFECT_DISCONNECT)
        host->daemon.ended = true;
}

static void step(struct queen_host *host, struct input input)
{
    const struct node *node = &host->daemon.node;
    input.now = node->world->network.now;
    input.wall = world_wall(node->world, node);
    queen_step(host->queen, &input, &host->daemon.outbox);
    daemon_carry_out(&host->daemon);
}

static ms_t on_deadline(const void *user)
{
    return queen_deadline(((const struct queen_host *)user)->queen);
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
    step(user, (struct input){ .kind = INPUT_LINK_UP });
}

static void on_down(void *user, const char *why)
{
    (void)why;
    step(user, (struct input){ .kind = INPUT_LINK_DOWN });
}

static void on_packet(void *user)
{
    step(user, (struct input){ .kind = INPUT_PACKET });
}

static void on_message(void *user, const struct publish *publish)
{
    const struct world *world = ((struct node *)user)->world;
    if (world->events)
        world->events->message(world->user, user, publish);
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
    .packet = on_packet,
    .message = on_message,
    .acked = on_acked,
    .subscribed = on_subscribed,
    .effect = on_effect,
};

static void clear(struct node *node)
{
    struct queen_host *host = host_of(node);
    queen_free(host->queen);
    host->queen = NULL;
    daemon_clear(&host->daemon);
}

static const struct node_kind kind = { "queen", daemon_deadline, daemon_turn, clear };

bool node_is_queen(const struct node *node)
{
    return node->kind == &kind;
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
    struct rng *rng = &host->daemon.node.rng;
    struct siphash_key secret = { .k0 = rng_next(rng) };
    return (struct queen_options){ .root = WORLD_ROOT,
                                   .id = daemon_id(&host->daemon, words),
                                   .host = host->daemon.node.name,
                                   .keep_alive = KEEP_ALIVE,
                                   .session = rng_next(rng) | 1,
                                   .pid = 1,
                                   .secret = secret,
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
    struct node *node = world_claim(world, &kind, sizeof(struct queen_host), name);
    struct queen_host *host = host_of(node);
    struct queen_options options;
    enum err err;
    if (!node)
        return err_set(e, ERR_CONFLICT, "%s runs already", name);
    options = options_of(world, host, words);
    err = queen_new(&options, world->network.now, world_wall(world, node), &host->queen, e);
    if (err != OK)
        return err;
    daemon_client_id(&host->daemon, options.id, address_queen);
    daemon_start(&host->daemon, &events, words, KEEP_ALIVE);
    return OK;
}

void queen_leave_fleet(struct node *node)
{
    struct queen_host *host = host_of(node);
    step(host, (struct input){ .kind = INPUT_STOP });
    daemon_go_if_ended(&host->daemon);
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
                                    .timed_out = true };
    *ret = (struct http_response){ 0 };
    (void)queen_http(host->queen, &request, node->world->network.now, world_wall(node->world, node), ret,
                     &host->daemon.outbox);
    while (ret->listing && queen_listing_next(host->queen, ret->listing, node->world->network.now,
                                              world_wall(node->world, node), &ret->body))
        continue;
    queen_listing_free(ret->listing);
    ret->listing = NULL;
    daemon_carry_out(&host->daemon);
}
