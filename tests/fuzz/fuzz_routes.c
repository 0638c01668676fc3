/* A queen with a few workers receives anything, in any order: a script (world_script.h) of what the world opposite does
 * (world_peer.h), and of
 *
 *     HPOST /v1/worker/heartbeat?a=b \n {...}   a request over HTTP, with the token; `h`: without; `x`: cross-site;
 *                                               `t`: its body is no JSON; `a`: it is the `Authorization`
 *     P                                         what waits over HTTP is handled again, answers go on by a slice
 *     W1000                                     time passes, and the driver ticks; T1000: the loop stood still
 *     w1000                                     it is that long after 1970
 *     Y                                         what is necessary for a live view happens, and nothing else
 *     Q20 \t 20 \t 100 \t 3 \t 7 \t 9            what waits for the broker (events, states); for how long more has
 *                                               come than was read; dropped; the least and the greatest event of them
 *     N                                         the store takes what is new; N1: its disk is full, N2: loses that
 *     Z                                         another process takes the queen's place, with what the store has; Z0 \t
 *                                               10 \t 5: with 5 in the place of one number (world_store.c); Z-: without
 *     F3                                        the third allocation from now fails
 *     O1 \n w9                                  before all others: other options, and the list of the expected
 *
 * After every record what must hold of a queen is checked (queen_check.h); in the end it forgets all, and nothing is
 * left. */
#include <cJSON.h>

#include "failing_memory.h"
#include "forget.h"
#include "fuzz.h"
#include "queen_check.h"
#include "queen_grammar.h"
#include "routes.h"
#include "step.h"
#include "world_peer.h"
#include "world_store.h"

#define CALLS_MAX 6
#define SLICE_MAX (192 * 1024) /* 64 KiB, and a document of 64 KiB twice as long when it is escaped */
#define WAIT_MAX_MS 100000
#define WALL_MAX_MS 4102444800000              /* 2100 */
#define STILL_MAX_MS (40LL * 24 * 3600 * 1000) /* longer than tombstones last */
#define TURNS_MAX 400                          /* without a pause: more would be a busy loop */
#define TICKS_MAX 3000                         /* of one script; then time does not pass any more */
#define TICKS_AT_END 20000
#define SERVED_MAX 1000 /* times that the broker serves until the view is live: two for each pass */
#define SESSION 0xb0    /* of the first process */

/* A request over HTTP that waits, or whose answer is under way. */
struct call {
    struct arena arena;
    struct http_request request;
    struct http_response response;
    ms_t until; /* it waits so long; 0 = its answer is under way */
    uint64_t events, verified;
};

struct world {
    struct queen_options options;
    struct queen *queen;
    struct outbox outbox;
    struct peer peer;
    struct world_store store;
    struct call calls[CALLS_MAX];
    size_t call_count;
    ms_t now, skew;    /* of the wall clock */
    struct input load; /* what of every input is the same */
    unsigned ticks_left;
    uint64_t last_event;
    unsigned failing; /* the number of the allocation that fails in the next step; 0 = none */
    bool has_failed;  /* the driver ends the process */
};

/* Around every call of the core. */
static void enter(struct world *world)
{
    memory_fail(world->failing);
}

static void leave(struct world *world)
{
    memory_fail(0);
    require(!world->outbox.failed || world->failing > 0);
    world->has_failed |= world->outbox.failed;
    world->failing = 0;
    peer_take(&world->peer, &world->outbox);
    require(queen_deadline(world->queen) >= world->now);
    require(queen_deadline(world->queen) <= world->now + WATCH_SLEEP_MAX);
}

static void check(struct world *world)
{
    queen_check(world->queen);
    if (!world->has_failed)
        queen_check_events(world->queen, &world->last_event);
}

static ms_t wall(const struct world *world)
{
    return world->now + world->skew;
}

static bool is_over(const struct world *world)
{
    return world->has_failed || world->peer.has_ended;
}

static void step(void *user, struct input *input)
{
    struct world *world = user;
    unsigned failing = world->failing;
    input->now = world->peer.now = world->now;
    input->wall = wall(world);
    input->unsent = world->load.unsent;
    input->unsent_states = world->load.unsent_states;
    input->behind = world->load.behind;
    input->dropped = world->load.dropped;
    input->lost = world->load.lost;
    world->load.lost = (struct id_range){ 0 };
    if (is_over(world))
        return;
    if (input->kind == INPUT_PACKET) /* what fails is in the step behind it */
        world->failing = 0;
    enter(world);
    queen_step(world->queen, input, &world->outbox);
    leave(world);
    if (input->kind == INPUT_PACKET)
        world->failing = failing;
}

/* The loop that a driver runs. */
static void pass(struct world *world, ms_t time)
{
    ms_t end = world->now + time;
    unsigned turns = 0;
    while (world->now < end && !is_over(world) && world->ticks_left > 0) {
        ms_t at = ms_min(queen_deadline(world->queen), end);
        turns = at > world->now ? 0 : turns + 1;
        require(turns < TURNS_MAX);
        world->ticks_left--;
        world->now = at;
        step(world, &(struct input){ .kind = INPUT_TICK });
    }
}

/* A list may have more members than a document that somebody sends us. */
static void check_json(struct text body)
{
    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(body.at, body.len, &end, false);
    require(tree && end == body.at + body.len);
    cJSON_Delete(tree);
}

/* A comment or a sample of ours in each line, and nothing that could harm whoever reads it. */
static void check_metrics(struct text body)
{
    for (size_t at = 0; at < body.len;) {
        uint32_t code;
        size_t len = text_character((struct text){ body.at + at, body.len - at }, &code);
        require(len > 0 && (code == '\n' || !text_is_harmful(code)));
        at += len;
    }
    require(body.at[body.len - 1] == '\n');
    for (body.len--; body.at;) {
        struct text line = text_split(&body, '\n');
        require(text_skip(&line, TEXT("# ")) || text_skip(&line, TEXT("skep_")) || text_skip(&line, TEXT("process_")));
    }
}

static void check_response(const struct http_response *response)
{
    require(response->status >= 200 && response->status <= 503);
    require(response->status != 405 || response->allow);
    require(response->status != 401 || response->authenticate);
    require(response->body.len == 0 ? response->status == 204 || response->status == 202 : response->status != 204);
    require(response->body.len == 0 || response->content_type);
    if (response->body.len > 0)
        (strstr(response->content_type, "json") ? check_json : check_metrics)(buf_text(&response->body));
}

static void call_end(struct world *world, struct call *call)
{
    queen_listing_free(call->response.listing);
    buf_clear(&call->response.body);
    arena_clear(&call->arena);
    *call = world->calls[--world->call_count];
}

static void call_run(struct world *world, struct call *call, bool timed_out)
{
    ms_t wait;
    call->request.timed_out = timed_out;
    call->events = world->last_event;
    call->verified = queen_verified_count(world->queen);
    enter(world);
    wait = queen_http(world->queen, &call->request, world->now, wall(world), &call->response, &world->outbox);
    leave(world);
    require(wait >= 0 && wait <= WAIT_MAX_MS && (wait == 0 || !timed_out));
    require(wait == 0 || call->response.wakes_on);
    call->until = wait == 0 ? 0 : world->now + wait;
}

/* False: its answer is complete. */
static bool call_slice(struct world *world, struct call *call)
{
    struct buf *body = &call->response.body;
    size_t before = body->len;
    bool more;
    if (!call->response.listing)
        return false;
    enter(world);
    more = queen_listing_next(world->queen, call->response.listing, world->now, wall(world), body);
    leave(world);
    require(body->len - before <= SLICE_MAX && queen_listing_bytes(call->response.listing) < 1 << 20);
    return more;
}

static bool has_news(const struct world *world, const struct call *call)
{
    return ((call->response.wakes_on & QUEEN_CHANGED_EVENT) && call->events != world->last_event) ||
           ((call->response.wakes_on & QUEEN_CHANGED_VERIFIED) && call->verified != queen_verified_count(world->queen));
}

static bool may_slice(const struct world *world, const struct call *call)
{
    ms_t until = call->response.listing ? queen_listing_wait(call->response.listing) : 0;
    return until <= world->now || has_news(world, call);
}

static void call_go_on(struct world *world, struct call *call)
{
    if (call->until > 0 && (has_news(world, call) || call->until <= world->now))
        call_run(world, call, call->until <= world->now);
    if (call->until > 0 || !may_slice(world, call))
        return;
    call->verified = queen_verified_count(world->queen);
    if (call_slice(world, call))
        return;
    if (buf_ok(&call->response.body))
        check_response(&call->response);
    call_end(world, call);
}

static void calls_go_on(struct world *world)
{
    for (size_t i = world->call_count; i-- > 0 && !is_over(world);)
        call_go_on(world, &world->calls[i]);
}

/* `METHOD PATH?QUERY`. Strings end at a NUL, as they do in the server. */
static void request(struct world *world, const struct script_record *record)
{
    struct text target = record->line, method = text_split(&target, ' ');
    struct text path = target.at ? text_split(&target, '?') : TEXT("");
    struct call *call = &world->calls[world->call_count];
    const char *authorization = record->kind == 'h' ? NULL : "Bearer secret";
    if (world->call_count == CALLS_MAX)
        return;
    world->call_count++;
    *call = (struct call){ 0 };
    if (record->kind == 'a')
        require(authorization = arena_copy(&call->arena, record->payload));
    call->request = (struct http_request){ .method = arena_copy(&call->arena, method),
                                           .path = arena_copy(&call->arena, path),
                                           .query = target,
                                           .body = record->payload,
                                           .content_type = record->kind == 't' ? "text/plain" : "application/json",
                                           .authorization = authorization,
                                           .accept = record->kind == 't' ? "application/openmetrics-text" : NULL,
                                           .host = "127.0.0.1:7833",
                                           .cross_site = record->kind == 'x',
                                           .received_at = world->now };
    require(call->request.method && call->request.path);
    call_run(world, call, false);
}

/* The queen has found out that nobody holds her id, has taken it and read the snapshot. True: she has. */
static bool come_alive(struct world *world)
{
    for (unsigned i = 0; i < SERVED_MAX && !queen_sees(world->queen) && !is_over(world); i++)
        pass(world, peer_serve(&world->peer) ? 1 : 500);
    return queen_sees(world->queen);
}

static void set_load(struct world *world, struct text line)
{
    world->load.unsent = (size_t)script_number(script_part(&line), 0, 1000000);
    world->load.unsent_states = (size_t)script_number(script_part(&line), (int64_t)world->load.unsent, 1000000);
    world->load.behind = script_number(script_part(&line), 0, 1000000);
    world->load.dropped += (uint64_t)script_number(script_part(&line), 0, 1000000);
    world->load.lost.first = (uint64_t)script_number(script_part(&line), 0, INT64_MAX);
    world->load.lost.last = (uint64_t)script_number(script_part(&line), 0, INT64_MAX);
}

static void run_record(struct world *world, const struct script_record *record)
{
    switch (record->kind) {
    case 'H':
    case 'h':
    case 'x':
    case 't':
    case 'a':
        request(world, record);
        break;
    case 'P':
        calls_go_on(world);
        break;
    case 'W':
        pass(world, script_number(record->line, 0, WAIT_MAX_MS));
        check(world);
        calls_go_on(world);
        break;
    case 'T':
        world->now += script_number(record->line, 0, STILL_MAX_MS);
        step(world, &(struct input){ .kind = INPUT_TICK });
        break;
    case 'w':
        world->skew = script_number(record->line, 0, WALL_MAX_MS) - world->now;
        break;
    case 'Y':
        (void)come_alive(world);
        break;
    case 'Q':
        set_load(world, record->line);
        break;
    case 'N':
        world_store_keep(&world->store, world->now, (enum world_disk)script_number(record->line, 0, DISK_LOSES_BATCH));
        break;
    case 'F':
        world->failing = (unsigned)script_number(record->line, 0, 200);
        break;
    default:
        (void)peer_run(&world->peer, record);
    }
}

/* A bit each: few records, few bytes, nobody is asked over HTTP, no token, small slices; (32 is main's;) many records
 * and bytes. */
static struct queen_options options_of(int64_t set, struct text expect)
{
    static struct cidr_list loopback = { .at = { { .bits = 8, .address = { 127 } } }, .count = 1 };
    return (struct queen_options){ .root = PEER_ROOT,
                                   .id = "queen",
                                   .host = "host-a",
                                   .version = "1.2.3",
                                   .session = SESSION,
                                   .pid = 42,
                                   .secret = { 1, 2 },
                                   .keep_alive = 5000,
                                   .stale_after = 90000,
                                   .confirm_wait = 250,
                                   .return_grace = 35000,
                                   .verify_timeout = 5000,
                                   .max_workers = set & 1    ? 3
                                                  : set & 64 ? 96
                                                             : 8,
                                   .max_document_bytes = set & 2    ? 600
                                                         : set & 64 ? 2 << 20
                                                                    : 8192,
                                   .max_series = set & 64 ? 1000 : 50,
                                   .sd_endpoints = set & 4 ? NULL : &loopback,
                                   .verify_http = !(set & 4),
                                   .token = set & 8 ? NULL : "secret",
                                   .limits = set & 16 ? (struct queen_limits){ 2, 2, 2 } : (struct queen_limits){ 0 },
                                   .expect = expect };
}

static void begin(struct world *world)
{
    require(queen_new(&world->options, world->now, wall(world), &world->queen, &(struct errbuf){ 0 }) == OK);
    world->peer.own_reply_topic = world->queen->member.reply_topic;
}

/* A list of expected ids that is refused is refused with a sentence; then there is none. */
static void world_init(struct world *world, int64_t set, struct text expect)
{
    struct queen *queen = NULL;
    struct errbuf e = { 0 };
    *world = (struct world){ .now = 1000000, .ticks_left = TICKS_MAX };
    peer_init(&world->peer, step, world);
    world_store_init(&world->store);
    expect.at = arena_copy(&world->store.arena, expect); /* for each process */
    world->options = options_of(set, expect);
    if (queen_new(&world->options, world->now, world->now, &queen, &e) != OK) {
        require(e.text[0]);
        world->options.expect = TEXT("w9");
    }
    queen_free(queen);
    begin(world);
    world_store_restore(&world->store, world->queen, (struct text){ 0 });
    step(world, &(struct input){ .kind = INPUT_TICK });
}

static void calls_end(struct world *world)
{
    while (world->call_count > 0)
        call_end(world, &world->calls[0]);
}

/* Whatever has become of the process before. */
static void restart(struct world *world, struct text line)
{
    calls_end(world);
    queen_free(world->queen);
    outbox_clear(&world->outbox);
    peer_restart(&world->peer);
    world->has_failed = false;
    world->last_event = 0; /* ids may go back with the clock, where nothing is stored */
    world->load = (struct input){ 0 };
    world->options.session++;
    begin(world);
    if (text_is(line, "-"))
        world_store_forget(&world->store);
    enter(world);
    world_store_restore(&world->store, world->queen, line);
    memory_fail(0);
    world->failing = 0;
    step(world, &(struct input){ .kind = INPUT_TICK });
}

/* What waits over HTTP is answered in time, and what was asked over HTTP, too. And with a broker that serves her the
 * queen sees, whatever was before. */
static void finish(struct world *world)
{
    world->load = (struct input){ 0 };
    world->ticks_left = TICKS_AT_END;
    require(come_alive(world) || is_over(world));
    for (unsigned i = 0; i < SERVED_MAX && world->queen->announcing.held && !is_over(world); i++)
        pass(world, 1); /* what an earlier process had to announce goes first, some in each tick */
    require(!world->queen->announcing.held || is_over(world));
    peer_refuse_gets(&world->peer);
    for (unsigned i = 0; i < 200 && world->call_count > 0 && !is_over(world); i++) {
        pass(world, 1000);
        check(world);
        calls_go_on(world);
    }
    require(world->call_count == 0 || is_over(world));
}

static void forget_all(struct world *world)
{
    struct registry *registry = &world->queen->registry;
    for (size_t i = registry->roll.count; i-- > 0;) {
        struct record *record = i < registry->roll.count ? registry->roll.entries[i].record : NULL;
        if (!record)
            continue;
        queen_enter(world->queen, world->now, world->now, &world->outbox);
        forget_record(world->queen, record, FORGET_SEEN_NONE);
        queen_leave(world->queen);
        leave(world);
    }
    while (announce_count(&world->queen->announcing) > 0) { /* their ends are owed */
        queen_enter(world->queen, world->now, world->now, &world->outbox);
        world->queen->announcing.unsent = world->queen->announcing.unsent_states = 0;
        queen_leave(world->queen);
        leave(world);
    }
    check(world);
    queen_check_empty(world->queen);
}

static void world_clear(struct world *world)
{
    calls_end(world);
    queen_free(world->queen);
    outbox_clear(&world->outbox);
    peer_clear(&world->peer);
    world_store_clear(&world->store);
}

static void run(struct world *world, const struct script_record *record)
{
    if (record->kind == 'Z')
        restart(world, record->line);
    else if (!is_over(world))
        run_record(world, record);
    check(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct world world;
    struct script script = { .rest = { (const char *)bytes, len } };
    struct script_record record = { 0 };
    bool has_record = script_next(&script, &record), has_options = has_record && record.kind == 'O';
    int64_t set = has_options ? script_number(record.line, 0, 127) : 0;
    world_init(&world, set, has_options ? record.payload : TEXT("w9"));
    require(set & 32 || come_alive(&world)); /* else the script has to see to that */
    for (; has_record; has_record = script_next(&script, &record))
        run(&world, &record);
    if (!is_over(&world)) {
        world.failing = 0;
        finish(&world);
    }
    if (!is_over(&world))
        forget_all(&world);
    world_clear(&world);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t max, unsigned seed)
{
    return script_mutate(queen_grammar, bytes, len, max, seed);
}
