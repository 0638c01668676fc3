/* A queen with a few workers hears anything: records of one input, divided by the byte 0x1e. A record's first byte says
 * what it is, its first line where it goes, the rest is the payload.
 *
 *     Mskep/v1/hive/h/worker/w/heartbeat \n {"status":"idle"}      a live message; S: a stored copy
 *     HPOST /v1/worker/heartbeat?a=b \n {...}                      a request over HTTP
 *     W1000                                                        time passes; D, U: the link is lost, is there again
 */
#include <stdlib.h>

#include "json.h"
#include "queen_state.h"
#include "routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct world {
    struct queen *queen;
    struct outbox outbox;
    ms_t now;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void step(struct world *world, struct input input)
{
    input.now = input.wall = world->now;
    queen_step(world->queen, &input, &world->outbox);
    require(!world->outbox.failed);
    require(queen_deadline(world->queen) <= world->now + WATCH_SLEEP_MAX);
    outbox_reset(&world->outbox);
}

static void message(struct world *world, struct text topic, struct text payload, bool stored)
{
    step(world, (struct input){ .kind = INPUT_MESSAGE,
                                .message = &(struct message){ .topic = topic, .payload = payload, .retain = stored } });
}

static void check_response(struct arena *arena, struct http_response *response)
{
    struct cJSON *tree;
    require(response->status >= 200 && response->status <= 503);
    if (response->body.len)
        require(json_parse(arena, buf_text(&response->body), &tree, NULL) == OK);
    buf_clear(&response->body);
}

/* `METHOD PATH?QUERY`. Strings end at a NUL, as they do in the server. */
static void request(struct world *world, struct text line, struct text body)
{
    struct arena arena;
    struct http_response response = { 0 };
    struct http_request request = { .body = body, .content_type = "application/json", .timed_out = true };
    struct text target = line, method = text_split(&target, ' ');
    struct text path = target.at ? text_split(&target, '?') : TEXT("");
    arena = (struct arena){ 0 };
    request.method = arena_copy(&arena, method);
    request.path = arena_copy(&arena, path);
    request.query = target;
    require(request.method && request.path);
    require(queen_http(world->queen, &request, world->now, world->now, &response, &world->outbox) == 0);
    while (response.listing &&
           queen_listing_next(world->queen, response.listing, ms_max(world->now, queen_listing_wait(response.listing)),
                              world->now, &response.body))
        continue;
    queen_listing_free(response.listing);
    check_response(&arena, &response);
    outbox_reset(&world->outbox);
    arena_clear(&arena);
}

/* The loop that a driver runs, for at most 100 s. */
static void wait(struct world *world, struct text amount)
{
    int64_t left = 0;
    (void)text_to_int(amount, &left);
    left = ms_min(ms_max(left, 0), 100000);
    while (left > 0) {
        ms_t sleep = ms_min(ms_max(queen_deadline(world->queen) - world->now, 1), left);
        world->now += sleep;
        left -= sleep;
        step(world, (struct input){ .kind = INPUT_TICK });
    }
}

static void run_record(struct world *world, struct text record)
{
    struct text payload = { record.at + 1, record.len - 1 };
    struct text line = text_split(&payload, '\n');
    switch (record.at[0]) {
    case 'M':
    case 'S':
        message(world, line, payload.at ? payload : TEXT(""), record.at[0] == 'S');
        break;
    case 'H':
        request(world, line, payload);
        break;
    case 'W':
        wait(world, line);
        break;
    case 'D':
        step(world, (struct input){ .kind = INPUT_LINK_DOWN });
        break;
    case 'U':
        step(world, (struct input){ .kind = INPUT_LINK_UP });
        break;
    default:
        break;
    }
}

static void check_registry(const struct registry *registry)
{
    size_t states = 0, documents = 0, records = 0;
    for (int i = 0; i < STATE_COUNT; i++)
        states += registry->counts[i];
    for (size_t i = 0; i < registry->roll.count; i++) {
        const struct record *record = registry->roll.entries[i].record;
        if (!record)
            continue;
        records++;
        documents += (record->document ? record->document->size : 0) + (record->witness ? record->witness->size : 0);
    }
    require(states == registry->count && records == registry->count && documents == registry->document_bytes);
}

static void populate(struct world *world)
{
    message(world, TEXT("skep/v1/hive/h1/worker/w1/presence"),
            TEXT("{\"presence\":\"online\",\"rpc\":true,\"session\":\"00000000000000a1\",\"connection\":1}"), false);
    message(world, TEXT("skep/v1/hive/h1/worker/w2/heartbeat"), TEXT("{\"status\":\"idle\",\"queue_depth\":3}"), false);
    message(world, TEXT("skep/v1/hive/h2/worker/w2/heartbeat"), TEXT("{\"status\":\"busy\"}"), true);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct queen_options options = { .root = "skep/v1",
                                                  .id = "queen",
                                                  .session = 1,
                                                  .stale_after = 90000,
                                                  .confirm_wait = 250,
                                                  .return_grace = 35000,
                                                  .max_workers = 8,
                                                  .max_document_bytes = 4096,
                                                  .expect = { "w9\n", 3 } };
    struct world world = { .now = 1000000 };
    struct text rest = { (const char *)bytes, len };
    world.outbox = (struct outbox){ 0 };
    require(queen_new(&options, world.now, world.now, &world.queen, NULL) == OK);
    step(&world, (struct input){ .kind = INPUT_CONNECTING });
    step(&world, (struct input){ .kind = INPUT_LINK_UP });
    populate(&world);
    while (rest.at) {
        struct text record = text_split(&rest, '\x1e');
        if (record.len > 0)
            run_record(&world, record);
    }
    check_registry(&world.queen->registry);
    queen_free(world.queen);
    outbox_clear(&world.outbox);
    return 0;
}
