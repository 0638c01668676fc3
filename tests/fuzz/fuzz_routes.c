/* A queen with a few workers receives anything, in any order: a script (world_script.h) of what the world opposite does
 * (world_peer.h), and of
 *
 *     HPOST /v1/worker/heartbeat?a=b \n {...}   a request over HTTP, with the token; `h`: without; `x`: cross-site
 *     P                                         what waits over HTTP is handled again, answers go on by a slice
 *     W1000                                     time passes, and the driver ticks; T1000: the loop stood still
 *     F3                                        the third allocation from now fails
 *     O1 \n w9                                  before all others: other options, and the list of the expected
 *
 * After every record what must hold of a queen is checked (queen_check.h); in the end it forgets all, and nothing is
 * left. */
#include "failing_memory.h"
#include "forget.h"
#include "fuzz.h"
#include "json.h"
#include "queen_check.h"
#include "routes.h"
#include "step.h"
#include "world_peer.h"

#define CALLS_MAX 6
#define SLICE_MAX (192 * 1024) /* 64 KiB, and a document of 64 KiB twice as long when it is escaped */
#define WAIT_MAX_MS 100000
#define STILL_MAX_MS (40LL * 24 * 3600 * 1000) /* longer than tombstones last */
#define TURNS_MAX 400                          /* without a pause: more would be a busy loop */

/* A request over HTTP that waits, or whose answer is under way. */
struct call {
    struct arena arena;
    struct http_request request;
    struct http_response response;
    ms_t until; /* it waits so long; 0 = its answer is under way */
    uint64_t events, verified;
};

struct world {
    struct queen *queen;
    struct outbox outbox;
    struct peer peer;
    struct call calls[CALLS_MAX];
    size_t call_count;
    ms_t now;
    size_t unsent;
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
    queen_check(world->queen);
    if (!world->has_failed)
        queen_check_events(world->queen, &world->last_event);
    require(queen_deadline(world->queen) >= world->now);
    require(queen_deadline(world->queen) <= world->now + WATCH_SLEEP_MAX);
}

static bool is_over(const struct world *world)
{
    return world->has_failed || world->peer.has_ended;
}

static void step(void *user, struct input *input)
{
    struct world *world = user;
    input->now = input->wall = world->now;
    input->unsent = input->unsent_states = world->unsent;
    if (is_over(world))
        return;
    enter(world);
    queen_step(world->queen, input, &world->outbox);
    leave(world);
}

/* The loop that a driver runs. */
static void pass(struct world *world, ms_t time)
{
    ms_t end = world->now + time;
    unsigned turns = 0;
    while (world->now < end && !is_over(world)) {
        ms_t at = ms_min(queen_deadline(world->queen), end);
        turns = at > world->now ? 0 : turns + 1;
        require(turns < TURNS_MAX);
        world->now = at;
        step(world, &(struct input){ .kind = INPUT_TICK });
    }
}

static void check_response(const struct http_response *response)
{
    struct cJSON *tree;
    struct arena arena;
    arena = (struct arena){ 0 };
    require(response->status >= 200 && response->status <= 503);
    require(response->status != 405 || response->allow);
    require(response->status != 401 || response->authenticate);
    require(response->body.len == 0 ? response->status == 204 || response->status == 202 : response->status != 204);
    require(response->body.len == 0 || response->content_type);
    require(response->body.len == 0 || json_parse(&arena, buf_text(&response->body), &tree, NULL) == OK);
    arena_clear(&arena);
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
    wait = queen_http(world->queen, &call->request, world->now, world->now, &call->response, &world->outbox);
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
    more = queen_listing_next(world->queen, call->response.listing, world->now, world->now, body);
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
    if (world->call_count == CALLS_MAX)
        return;
    world->call_count++;
    *call = (struct call){ 0 };
    call->request = (struct http_request){ .method = arena_copy(&call->arena, method),
                                           .path = arena_copy(&call->arena, path),
                                           .query = target,
                                           .body = record->payload,
                                           .content_type = "application/json",
                                           .authorization = record->kind == 'H' ? "Bearer secret" : NULL,
                                           .cross_site = record->kind == 'x',
                                           .received_at = world->now };
    require(call->request.method && call->request.path);
    call_run(world, call, false);
}

static void run_record(struct world *world, const struct script_record *record)
{
    switch (record->kind) {
    case 'H':
    case 'h':
    case 'x':
        request(world, record);
        break;
    case 'P':
        calls_go_on(world);
        break;
    case 'W':
        pass(world, script_number(record->line, 0, WAIT_MAX_MS));
        calls_go_on(world);
        break;
    case 'T':
        world->now += script_number(record->line, 0, STILL_MAX_MS);
        step(world, &(struct input){ .kind = INPUT_TICK });
        break;
    case 'Q':
        world->unsent = (size_t)script_number(record->line, 0, 1000000);
        break;
    case 'F':
        world->failing = (unsigned)script_number(record->line, 0, 200);
        break;
    default:
        (void)peer_run(&world->peer, record);
    }
}

static struct queen_options options_of(int64_t set, struct text expect)
{
    return (struct queen_options){ .root = PEER_ROOT,
                                   .id = "queen",
                                   .host = "host-a",
                                   .version = "1.2.3",
                                   .session = 0xb0,
                                   .pid = 42,
                                   .secret = { 1, 2 },
                                   .keep_alive = 5000,
                                   .stale_after = 90000,
                                   .confirm_wait = 250,
                                   .return_grace = 35000,
                                   .verify_timeout = 5000,
                                   .max_workers = set & 1 ? 3 : 8,
                                   .max_document_bytes = set & 2 ? 600 : 8192,
                                   .verify_http = !(set & 4),
                                   .token = set & 8 ? NULL : "secret",
                                   .expect = expect };
}

/* A list of expected ids that is refused is refused with a sentence; then there is none. */
static void world_init(struct world *world, int64_t set, struct text expect)
{
    struct queen_options options = options_of(set, expect);
    struct errbuf e = { 0 };
    *world = (struct world){ .now = 1000000, .peer = { .step = step, .user = world } };
    if (queen_new(&options, world->now, world->now, &world->queen, &e) == OK)
        return;
    require(e.text[0]);
    options.expect = TEXT("w9");
    require(queen_new(&options, world->now, world->now, &world->queen, &e) == OK);
}

/* The queen has found out that nobody holds her id, has taken it and read the snapshot. */
static void come_alive(struct world *world)
{
    world->peer.own_reply_topic = world->queen->member.reply_topic;
    for (unsigned i = 0; i < 32 && !queen_sees(world->queen); i++) {
        peer_serve(&world->peer);
        pass(world, 250);
    }
    require(queen_sees(world->queen));
}

/* What waits over HTTP is answered in time, and what was asked over HTTP, too. */
static void finish(struct world *world)
{
    peer_refuse_gets(&world->peer);
    for (unsigned i = 0; i < 200 && world->call_count > 0 && !is_over(world); i++) {
        pass(world, 1000);
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
    queen_check_empty(world->queen);
}

static void world_clear(struct world *world)
{
    while (world->call_count > 0)
        call_end(world, &world->calls[0]);
    queen_free(world->queen);
    outbox_clear(&world->outbox);
    peer_clear(&world->peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct world world;
    struct script script = { .rest = { (const char *)bytes, len } };
    struct script_record record = { 0 };
    bool has_record = script_next(&script, &record), has_options = has_record && record.kind == 'O';
    world_init(&world, has_options ? script_number(record.line, 0, 15) : 0, has_options ? record.payload : TEXT("w9"));
    come_alive(&world);
    while (has_record && !is_over(&world)) {
        run_record(&world, &record);
        has_record = script_next(&script, &record);
    }
    if (!is_over(&world)) {
        world.failing = 0;
        finish(&world);
    }
    if (!is_over(&world))
        forget_all(&world);
    world_clear(&world);
    return 0;
}

#define HIVE "<h1|h2|h1|default>"
#define WORKER "<w1|w2|w3|w9>"
#define OF_SESSION ",\"session\":\"00000000000000a<1|1|1|2>\",\"connection\":<1|1|2|3>"
#define PRESENCE                                                                                                \
    "{\"presence\":\"<online|online|stale|offline>\"<|,\"cause\":\"<connection_lost|goodbye|process_exited>\">" \
    "<,\"rpc\":true|>" OF_SESSION "<|,\"interval_ms\":<1000|10000>><|,\"endpoint\":\"http://127.0.0.1:1/\">"    \
    "<|,\"exit\":{\"code\":<0|1|139>,\"signal\":\"SIGSEGV\",\"oom\":<true|false>}>}"
#define HEARTBEAT                                                                                                   \
    "{\"status\":\"<idle|busy|starting|loading|stopping|x>\"<|" OF_SESSION ",\"seq\":<0|1|2|3|7>>"                  \
    "<|,\"interval_ms\":<1000|10000|30000>><|,\"lease_ms\":<30000|90000>><|,\"retain_s\":<1|86400>>"                \
    "<|,\"progress\":<1|2|3>><|,\"inflight\":<0|1>><|,\"progress_age_ms\":<0|70000>><|,\"stalled_ms\":<0|70000>>"   \
    "<|,\"stall_ms\":<1000|60000>><|,\"queue_depth\":<0|3>><|,\"gpu_utilization\":0.5><|,\"last_inference_ms\":12>" \
    "<|,\"model_loaded\":\"<m1|m2>\"><|,\"endpoint\":\"http://127.0.0.1:1/\"><|,\"labels\":{\"zone\":\"<eu|us>\"}>" \
    "<|,\"timestamp\":\"2025-10-23T20:00:00.000Z\">}"
#define WITNESS                                                                                                     \
    "{\"state\":\"<running|backoff|exited|failed|stopped|stopping|starting>\",\"session\":\"00000000000000a<1|2>\"" \
    "<|,\"pid\":77><|,\"reason\":\"no such file\"><|,\"last_exit\":{\"code\":<0|1|139>,\"signal\":\"SIGSEGV\","     \
    "\"session\":\"00000000000000a<1|2>\",\"asked_for\":<true|false>}>}"
#define HIVE_HEARTBEAT                                                                            \
    "{\"status\":\"<ready|starting|stopping>\"" OF_SESSION ",\"seq\":<1|2>,\"interval_ms\":10000" \
    "<|,\"endpoint\":\"http://127.0.0.1:1/\">}"
#define PARAMETER                                                                                                      \
    "<state=<online|stale|suspect|zombie|unreachable>|status=<idle|busy>|hive=" HIVE "|model=<m1|m2>|label.zone=eu|"   \
    "sort=<-|><queue_depth|inflight|gpu_utilization|last_inference_ms|last_seen_ms_ago|since_ms_ago>|limit=<1|2|1000>" \
    "|"                                                                                                                \
    "cursor=<1|2|3>|verified=<true|work>|force=<true|false>|after=<0|1>|wait=<0|1|60>|x=1>"
#define QUERY "<|?" PARAMETER "|?" PARAMETER "&" PARAMETER "|?" PARAMETER "&" PARAMETER "&" PARAMETER "&" PARAMETER ">"
#define PATH                                                                                                    \
    "<health|v1/worker/heartbeat|v1/workers|v1/workers|v1/workers/" WORKER "|v1/hives/" HIVE "/workers/" WORKER \
    "|v1/workers/" WORKER "/verify|v1/hives/" HIVE "/workers/" WORKER "/verify|v1/hives|v1/hives/" HIVE "|v1/events>"
#define HEALTH(service)                                                                       \
    "{\"status\":\"<pass|warn|fail>\",\"serviceId\":\"" service "\"<|,\"pid\":7,\"session\":" \
    "\"00000000000000b<0|1>\",\"held_ms\":<0|5000>>}"

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t max, unsigned seed)
{
    static const char *const grammar[] = {
        "<M|M|M|S>skep/v1/hive/" HIVE "/worker/" WORKER "/presence\n" PRESENCE,
        "<M|M|M|S>skep/v1/hive/" HIVE "/worker/" WORKER "/heartbeat\n" HEARTBEAT,
        "<M|M|M|S>skep/v1/hive/" HIVE "/presence\n" PRESENCE,
        "<M|M|M|S>skep/v1/hive/" HIVE "/heartbeat\n" HIVE_HEARTBEAT,
        "<M|M|M|S>skep/v1/hive/" HIVE "/worker/" WORKER "/witness\n" WITNESS,
        "<M|S>skep/v1/hive/" HIVE "/<worker/" WORKER "/<presence|heartbeat|witness>|presence|heartbeat>",
        "Sskep/v1/hive/" HIVE "/worker/" WORKER "/heartbeat\t\t\t<1|86399>\n" HEARTBEAT,
        "<M|S>skep/v1/queen/queen/presence<|\n{\"presence\":\"<online|stale|offline>\",\"session\":"
        "\"00000000000000b<0|1>\",\"connection\":<1|2>,\"pid\":7,\"host\":\"x\"}>",
        "Mskep/v1-rpc/queen/queen/<health|worker.get|worker.verify|worker.verify|worker.list|x>"
        "\tskep/v1-rpc/reply/<c|d|skep:w:h1:w1|skep:q:q2|a/b>\t<c1|>\n<|{<\"worker_id\":\"" WORKER
        "\"<|,\"hive_id\":\"" HIVE
        "\">|\"limit\":<1|2|1001>|\"state\":\"online\"|\"sort\":\"-queue_depth\"|\"cursor\":2>}>",
        "A<0|0|0|1|2|5>\t<0|0|16|16|128|135|149>",
        "R<0|0|1|2>\n<{\"result\":{\"nonce\":\"%n\",\"work\":\"<ok|stalled|unknown>\"}}|{\"result\":{\"seq\":1}}|"
        "{\"result\":" HEALTH("<hive/" HIVE "|queen/queen>") "}|{\"error\":{\"code\":\"busy\",\"message\":\"m\"}}|{>",
        "E<0|0|1|2>|G<0|0|1>\t<0|200|200|503|404>\n" HEALTH("<worker/" HIVE "/" WORKER "|hive/" HIVE ">"),
        "B|B|B|D|C|U|L|K",
        "*<2|8|20|50>|W<10|250|1000|5000|30000|90000>|W<10|250|1000|5000>|T<1000|100000|700000|2700000000>",
        "<H|H|H|h|x><GET|GET|GET|POST|DELETE|HEAD|PUT> /" PATH QUERY,
        "HPOST /v1/worker/heartbeat\n{\"worker_id\":\"" WORKER "\"<|,\"hive_id\":\"" HIVE
        "\">,\"status\":\"<idle|busy>\"}",
        "HGET /v1/workers" QUERY "|HDELETE /v1/hives/" HIVE "</workers/" WORKER "?|?|?workers=true&>force=true",
        "HPOST /v1/hives/" HIVE "/workers/" WORKER "/verify|P",
        "P|P|Q<0|0|20|10000>|F<1|2|3|5|8|13|30|70>|O<0|1|2|3|4|8|12|15>\n<w9|h1/w1|h1/w1\nh2/w2 # two|w1/|>",
        NULL,
    };
    return script_mutate(grammar, bytes, len, max, seed);
}
