/* A worker, whose program says and does anything, at a broker where anything is published: a script
 * (world_script.h) of what the world opposite does (world_peer.h), and of
 *
 *     I {"queue_depth":3}   the program says that of itself
 *     N                     its work has made a step; Z: it knows that it stands still, or no longer
 *     H                     it wants a heartbeat now
 *     V0                    its work loop answers the verifications that wait: enum skep_work
 *     X1 \t SIGKILL         the program ended; without anything: it leaves
 *     W1000, T1000, F3      as in fuzz_routes.c
 *
 * Whatever happens, it has ended soon after it is told to. */
#include <math.h>

#include "codec.h"
#include "failing_memory.h"
#include "fuzz.h"
#include "json_scan.h"
#include "worker_private.h"
#include "world_peer.h"

#define WAIT_MAX_MS 100000
#define STILL_MAX_MS 100000000
#define TURNS_MAX 400

struct world {
    struct worker *worker;
    struct facts facts;
    struct outbox outbox;
    struct peer peer;
    ms_t now;
    unsigned failing;
    bool has_failed, is_stalled;
};

static bool is_over(const struct world *world)
{
    return world->has_failed || world->peer.has_ended;
}

static void check(struct world *world)
{
    struct worker_view view;
    struct buf health = BUF_INIT;
    struct arena arena;
    const struct json_value *value;
    int status;
    arena = (struct arena){ 0 };
    worker_view_fill(world->worker, &view);
    require((world->worker->verification_count > 0) == (view.verification > 0));
    require(view.answer_by == MS_NEVER || view.verification > 0);
    require(!view.online || world->peer.link == PEER_UP);
    require(world->worker->member.unacked <= WORKER_UNACKED_MAX + 64); /* those that a request asked for are beyond */
    status = worker_health(&view, &world->facts, world->now, &health);
    require((status == 200 || status == 503) && health.len < SKEP_WORKER_HEALTH_SIZE);
    require(json_scan(&arena, buf_text(&health), &value, NULL) == OK);
    buf_clear(&health);
    arena_clear(&arena);
}

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
    require(world->has_failed || world->peer.has_ended == worker_has_ended(world->worker));
}

static void step(void *user, struct input *input)
{
    struct world *world = user;
    unsigned failing = world->failing;
    input->now = input->wall = world->peer.now = world->now;
    if (is_over(world))
        return;
    if (input->kind == INPUT_PACKET) /* what fails is in the step behind it */
        world->failing = 0;
    enter(world);
    worker_step(world->worker, input, &world->outbox);
    leave(world);
    if (input->kind == INPUT_PACKET)
        world->failing = failing;
}

static void take(struct world *world, struct worker_input input)
{
    input.now = input.wall = world->now;
    if (is_over(world))
        return;
    enter(world);
    worker_take(world->worker, &input, &world->outbox);
    leave(world);
}

static void pass(struct world *world, ms_t time)
{
    ms_t end = world->now + time;
    unsigned turns = 0;
    while (world->now < end && !is_over(world)) {
        ms_t at = ms_min(ms_max(worker_deadline(world->worker), world->now), end);
        turns = at > world->now ? 0 : turns + 1;
        require(turns < TURNS_MAX);
        world->now = at;
        step(world, &(struct input){ .kind = INPUT_TICK });
    }
}

/* All or nothing; and what is accepted can be written and read. */
static void merge(struct world *world, struct text json)
{
    struct facts before = world->facts;
    struct heartbeat heartbeat, read;
    struct buf written = BUF_INIT;
    struct errbuf e = { 0 };
    struct arena arena;
    enum err err = facts_merge(&world->facts, json, world->now, &e);
    arena = (struct arena){ 0 };
    require((err == OK) == (e.text[0] == '\0'));
    require(err == OK || memcmp(&before, &world->facts, sizeof before) == 0);
    heartbeat_init(&heartbeat);
    heartbeat.worker_id = "w";
    require(facts_to_heartbeat(&world->facts, world->now, &arena, &heartbeat) == OK);
    heartbeat_encode(&heartbeat, &written);
    require(buf_ok(&written) && heartbeat_decode(&arena, buf_text(&written), &read, NULL) == OK);
    buf_clear(&written);
    arena_clear(&arena);
}

static void run_exit(struct world *world, struct text line)
{
    struct text code = script_part(&line), name = script_part(&line);
    char killed_by[17] = "";
    struct exit_info exit = {
        .known = true, .code = (int16_t)script_number(code, 0, 255), .signal = name.at ? killed_by : NULL, .oom = -1
    };
    text_to_printable(name.at ? name : TEXT(""), killed_by, sizeof killed_by);
    take(world, (struct worker_input){ .leave = true, .exit = code.len > 0 ? &exit : NULL, .timeout = 1000 });
}

static void run_record(struct world *world, const struct script_record *record)
{
    switch (record->kind) {
    case 'I':
        merge(world, record->line);
        break;
    case 'N':
        facts_progress(&world->facts, world->now);
        break;
    case 'Z':
        world->is_stalled = !world->is_stalled;
        facts_set_stalled(&world->facts, world->is_stalled, world->now);
        break;
    case 'H':
        take(world, (struct worker_input){ .facts = &world->facts, .beat = true });
        return;
    case 'V':
        take(world, (struct worker_input){ .found = true,
                                           .work = (enum skep_work)script_number(record->line, 0, SKEP_WORK_UNKNOWN),
                                           .up_to_id = world->worker->verified });
        return;
    case 'X':
        run_exit(world, record->line);
        return;
    case 'W':
        pass(world, script_number(record->line, 0, WAIT_MAX_MS));
        return;
    case 'T':
        world->now += script_number(record->line, 0, STILL_MAX_MS);
        step(world, &(struct input){ .kind = INPUT_TICK });
        return;
    case 'F':
        world->failing = (unsigned)script_number(record->line, 0, 100);
        return;
    default:
        (void)peer_run(&world->peer, record);
        return;
    }
    take(world, (struct worker_input){ .facts = &world->facts });
}

static void world_init(struct world *world)
{
    static const struct skep_worker_options options = { .root = PEER_ROOT,
                                                        .hive = "h1",
                                                        .worker = "w1",
                                                        .session = 0xb0,
                                                        .interval_ms = 10000,
                                                        .reconnect_max_ms = 30000,
                                                        .retain_s = 86400 };
    *world = (struct world){ .now = 1000000 };
    peer_init(&world->peer, step, world);
    world->peer.connects_itself = true;
    facts_init(&world->facts);
    require(worker_new(&options, 7, &world->facts, &world->worker) == OK);
    world->peer.own_reply_topic = world->worker->member.reply_topic;
    step(world, &(struct input){ .kind = INPUT_TICK });
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct world world;
    struct script script = { .rest = { (const char *)bytes, len } };
    struct script_record record;
    world_init(&world);
    while (!is_over(&world) && script_next(&script, &record)) {
        run_record(&world, &record);
        check(&world);
    }
    world.failing = 0;
    take(&world, (struct worker_input){ .leave = true, .timeout = 1000 });
    pass(&world, 2 * MEMBER_GOODBYE_MS);
    require(is_over(&world));
    worker_free(world.worker);
    outbox_clear(&world.outbox);
    peer_clear(&world.peer);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t max, unsigned seed)
{
    static const char *const grammar[] = {
        "I{\"status\":\"<idle|busy|loading>\"<|,\"inflight\":<0|1|null>><|,\"stall_ms\":<1000|60000|null>>"
        "<|,\"model_loaded\":\"m\"><|,\"queue_depth\":<0|3|1e9>><|,\"labels\":{\"a\":<\"b\"|null>}>"
        "<|,\"metrics\":{\"m\":<1|null>}>}",
        "I{\"inflight\":<0|1>}|N|N|Z|H",
        "V<0|1|2>|X<|0|1|139\tSIGSEGV>|K|F<1|2|3|5|8|13|30>",
        "B|B|B|D|U|L",
        "*<2|8|20|50>|W<10|250|1000|5000|30000|90000>|W<10|250|1000|5000>|T<1000|100000|700000>",
        "Mskep/v1-rpc/hive/h1/worker/w1/<health|beat|beat|verify|verify|x>\tskep/v1-rpc/reply/"
        "<c|d|skep:q:q1|skep:q:q2|a/b>\t<c1|>"
        "\t<|<1|5|60|4000000000>>\n<|{\"nonce\":\"<a|b|0123456789>\"}>",
        "<M|S>skep/v1/hive/h1/worker/<w1|w2>/presence<|\n{\"presence\":\"<online|stale|offline>\",\"session\":"
        "\"00000000000000b<0|1>\",\"connection\":<1|2>,\"pid\":7,\"host\":\"x\"}>",
        "Mskep/v1/queen/q/verdict/h1/w1\n{\"state\":\"<stale|zombie|online>\",\"session\":\"00000000000000b<0|1>\"}",
        "A<0|0|1|2|5>\t<0|0|16|135|149>|E<0|1>",
        NULL,
    };
    return script_mutate(grammar, bytes, len, max, seed);
}
