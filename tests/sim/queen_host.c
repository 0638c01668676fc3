#include "queen_host.h"

#include "daemon_node.h"
#include "failing_memory.h"
#include "fake_store.h"
#include "json.h"
#include "keeper.h"

#define KEEP_ALIVE 5000    /* ms; as in queen/queen_conf.c */
#define RECONNECT_MAX 2000 /* ms; as in queen/driver.c */
#define CLOSING 120000     /* ms; the same */
#define MAX_WORKERS 10000
#define MAX_DOCUMENTS (64 * 1024 * 1024)

struct queen_host {
    struct daemon_node daemon;
    struct queen *queen;
    uint64_t last_event; /* that was told */
    unsigned fails;      /* of its allocations from now on, the one that fails; 0 = none */
    struct fake_store store;
    struct keeper keeper;
    bool has_store, is_leaving;
    struct devices devices;
};

static struct queen_host *host_of(struct node *node)
{
    return (struct queen_host *)node;
}

static const char *string_of(const struct cJSON *document, const char *name)
{
    return json_string(json_member(document, name));
}

/* A verdict that is published once more: later evidence, no event. */
static void say_revision(const struct node *node, const struct publish *publish)
{
    struct cJSON *verdict;
    struct arena arena;
    double revision = 0;
    if (!publish->retain || !strstr(publish->topic, "/verdict/") || publish->payload.len == 0)
        return;
    arena = (struct arena){ 0 };
    if (json_parse(&arena, publish->payload, &verdict, NULL) == OK &&
        json_number(json_member(verdict, "revision"), &revision) && revision > 1)
        node_say(node, "%s/%s %s (%s), revision %.0f", string_of(verdict, "hive_id"), string_of(verdict, "worker_id"),
                 string_of(verdict, "state"), string_of(verdict, "cause"), revision);
    arena_clear(&arena);
}

/* One that an earlier process had stored. */
static void say_restored_event(const struct node *node, const struct publish *publish)
{
    struct cJSON *event;
    struct arena arena = { 0 };
    if (json_parse(&arena, publish->payload, &event, NULL) == OK && json_member(event, "fleet"))
        node_say(node, "sends %s of before", string_of(event, "fleet"));
    else if (json_parse(&arena, publish->payload, &event, NULL) == OK)
        node_say(node, "sends %s/%s %s of before", string_of(event, "hive_id"), string_of(event, "worker_id"),
                 string_of(event, "state"));
    arena_clear(&arena);
}

static void tell_publish(struct node *node, const struct publish *publish)
{
    const struct world *world = node->world;
    say_revision(node, publish);
    WORLD_TELL(world, published, node, publish);
}

/* The core appends an event when it has published it. */
static void tell_event(struct queen_host *host, const struct publish *publish)
{
    const struct world *world = host->daemon.node.world;
    const struct event *event = queen_event_after(host->queen, host->last_event);
    if (publish->event <= host->last_event)
        say_restored_event(&host->daemon.node, publish);
    if (!event || publish->event <= host->last_event)
        return;
    host->last_event = event->id;
    node_say(&host->daemon.node, "%s", event->line);
    WORLD_TELL(world, event, &host->daemon.node, event->json);
}

static void tell_exit(const struct node *node, const struct effect *effect)
{
    node_say(node, "%s", effect->text.at);
    node_say(node, "exits with %d", effect->code);
}

static void observe(struct queen_host *host, const struct outbox *outbox)
{
    struct node *node = &host->daemon.node;
    for (const struct effect *effect = outbox->first; effect; effect = effect->next)
        if (effect->kind == EFFECT_PUBLISH) {
            tell_publish(node, &effect->publish);
            if (strcmp(strrchr(effect->publish.topic, '/'), "/event") == 0)
                tell_event(host, &effect->publish);
        } else if (effect->kind == EFFECT_EXIT && effect->code != 0) {
            tell_exit(node, effect);
        } else if (effect->kind == EFFECT_EXIT) {
            host->is_leaving = true;
        }
}

static void step(void *user, const struct input *input, struct outbox *outbox)
{
    struct queen_host *host = user;
    const struct world *world = host->daemon.node.world;
    if (input->kind == INPUT_MESSAGE)
        WORLD_TELL(world, message, &host->daemon.node, input->message);
    (void)memory_fail(host->fails);
    queen_step(host->queen, input, outbox);
    host->fails -= ms_min(memory_fail(0), host->fails);
    observe(host, outbox);
}

static ms_t deadline(const void *user)
{
    return queen_deadline(((const struct queen_host *)user)->queen);
}

static ms_t http(void *user, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret,
                 struct outbox *outbox)
{
    struct queen_host *host = user;
    ms_t wait = queen_http(host->queen, request, now, wall, ret, outbox);
    observe(host, outbox);
    while (ret->listing && queen_listing_next(host->queen, ret->listing, ms_max(now, queen_listing_wait(ret->listing)),
                                              wall, &ret->body))
        continue;
    queen_listing_free(ret->listing);
    ret->listing = NULL;
    return wait;
}

/* As in queen/driver.c, without a command that takes events. */
static bool keep_rows(struct queen_host *host, ms_t now)
{
    struct keeper *keeper = &host->keeper;
    uint64_t given = queen_last_event(host->queen);
    bool takes = fake_store_takes(&host->store, now - keeper_wait(keeper, given));
    struct store_row row;
    keeper_turn(keeper, takes, fake_store_has_lost(&host->store));
    queen_set_store_fault(host->queen, fake_store_fault(&host->store));
    if (!takes)
        return false;
    while (fake_store_has_room(&host->store) && keeper_next(keeper, given, &row))
        fake_store_put(&host->store, &row);
    keeper_filled(keeper, !fake_store_has_room(&host->store));
    fake_store_commit(&host->store, now);
    return keeper->is_full;
}

static void stepped(void *user)
{
    struct queen_host *host = user;
    if (host->has_store)
        (void)keep_rows(host, host->daemon.node.world->network.now);
}

static const struct daemon_ops ops = {
    .step = step, .deadline = deadline, .http = http, .stepped = stepped, .clock = daemon_node_clock
};

static void clear(struct node *node)
{
    struct queen_host *host = host_of(node);
    if (host->has_store && host->is_leaving) {
        while (keep_rows(host, node->world->network.now + CLOSING))
            continue;
        fake_store_close(&host->store);
    }
    queen_free(host->queen);
    host->queen = NULL;
    devices_clear(&host->devices);
    daemon_node_clear(&host->daemon);
}

static const struct node_kind kind = { "queen", daemon_node_deadline, daemon_node_turn, clear };

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

/* A section for each preset of the list, with its name. */
static enum err make_devices(struct world *world, struct queen_host *host, const struct words *words, struct errbuf *e)
{
    struct text list = text_of(words_value(words, "devices"));
    enum err err = OK;
    devices_init(&host->devices, WORLD_ROOT);
    while (list.at && err == OK) {
        struct text name = text_split(&list, ',');
        const char *preset = arena_copy(&world->arena, name);
        const char *section = arena_printf(&world->arena, "device \"%s\"", preset);
        if ((err = devices_key(&host->devices, section, NULL, NULL, 1, e)) == OK)
            err = devices_key(&host->devices, section, "preset", preset, 1, e);
    }
    return err == OK ? devices_finish(&host->devices, "devices", e) : err;
}

static struct queen_limits limits_of(const struct words *words)
{
    return (struct queen_limits){ .records = (unsigned)words_number(words, "records", 0),
                                  .verifying = (unsigned)words_number(words, "verifying", 0),
                                  .unsent = (unsigned)words_number(words, "unsent", 0) };
}

static struct queen_options options_of(struct world *world, struct queen_host *host, const struct words *words)
{
    struct rng *rng = &host->daemon.node.rng;
    struct siphash_key secret = { .k0 = rng_next(rng) };
    return (struct queen_options){ .root = WORLD_ROOT,
                                   .id = daemon_node_id(&host->daemon, words),
                                   .host = host->daemon.node.name,
                                   .keep_alive = KEEP_ALIVE,
                                   .session = rng_next(rng) | 1,
                                   .pid = 1,
                                   .secret = secret,
                                   .stale_after = words_duration(words, "stale-after", 90000),
                                   .confirm_wait = words_duration(words, "confirm-wait", 250),
                                   .return_grace = words_duration(words, "return-grace", 35000),
                                   .verify_timeout = words_duration(words, "verify-timeout", 5000),
                                   .max_workers = words_number(words, "max-workers", MAX_WORKERS),
                                   .max_document_bytes = words_number(words, "max-state", MAX_DOCUMENTS),
                                   .limits = limits_of(words),
                                   .devices = host->devices.count > 0 ? &host->devices : NULL,
                                   .expect = expected_list(world, words) };
}

static enum err restore(void *user, const struct store_row *row)
{
    const struct queen_host *host = user;
    WORLD_TELL(host->daemon.node.world, restored, &host->daemon.node, row);
    (void)queen_restore(host->queen, row); /* what is refused is left out */
    return OK;
}

/* `store=keep`: what an earlier process of it has stored. */
static enum err open_store(struct queen_host *host, const struct words *words)
{
    host->has_store = strcmp(words_text(words, "store", "none"), "keep") == 0;
    host->is_leaving = false;
    if (!host->has_store)
        return OK;
    host->store.arena = &host->daemon.node.world->arena;
    fake_store_open(&host->store);
    return fake_store_load(&host->store, restore, host);
}

enum err queen_disk(struct node *node, const char *state)
{
    struct fake_store *store = &host_of(node)->store;
    if (strcmp(state, "damaged") == 0)
        fake_store_damage(store);
    else if (strcmp(state, "loses-batch") == 0)
        store->loses_batch = true;
    else if (strcmp(state, "full") == 0 || strcmp(state, "ok") == 0)
        store->is_full = strcmp(state, "full") == 0;
    else
        return ERR_UNKNOWN;
    return OK;
}

enum err queen_start(struct world *world, const char *name, const struct words *words, struct errbuf *e)
{
    struct node *node = world_claim(world, &kind, sizeof(struct queen_host), name);
    struct queen_host *host = host_of(node);
    struct queen_options options;
    enum err err;
    if (!node)
        return err_set(e, ERR_CONFLICT, "%s runs already", name);
    if ((err = world_place(world, node, words, e)) != OK || (err = make_devices(world, host, words, e)) != OK)
        return err;
    options = options_of(world, host, words);
    err = queen_new(&options, world->network.now, world_wall(world, node), &host->queen, e);
    if (err != OK || (err = open_store(host, words)) != OK)
        return err;
    host->fails = 0;
    host->last_event = queen_last_event(host->queen);
    keeper_init(&host->keeper, host->queen);
    daemon_node_client_id(&host->daemon, NULL, options.id);
    daemon_node_start(&host->daemon, &ops, words, KEEP_ALIVE, RECONNECT_MAX);
    return OK;
}

void queen_fail_memory(struct node *node, unsigned which)
{
    host_of(node)->fails = which;
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
    (void)daemon_http(&host->daemon.daemon, &request, ret);
}
