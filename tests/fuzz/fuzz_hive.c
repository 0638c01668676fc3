/* A hive whose workers come, end and are ended, at a broker where anything is published: a script
 * (world_script.h) of what the world opposite does (world_peer.h), and of
 *
 *     I \n [worker "w1"]...     hive.ini is read (again), if it is a good one
 *     J w1                      at the beginning: a predecessor's agent is adopted
 *     X w1 \t 1 \t 9            a worker's agent ends: exit status, or signal; nothing: nobody knows how
 *     Y w1                      what is left of it is gone
 *     V                         later starts fail, or no longer
 *     P \n {"gpus":[...]...}     what the GPUs are, and who uses them, as their reader reports it; no report: unknown
 *     HGET /v1/workers?limit=1  a request over HTTP
 *     Z                         the hive is killed, and another one takes its place: what runs is adopted
 *     W1000, w1000, T1000, F3   as in fuzz_routes.c
 *
 * Never does a worker have two agents, and an order is given only to an agent that runs. */
#include "failing_memory.h"
#include "fuzz.h"
#include "hive_state.h"
#include "inifile.h"
#include "json_scan.h"
#include "launch.h"
#include "world_peer.h"

#define CHILDREN_MAX 16
#define WAIT_MAX_MS 100000
#define STILL_MAX_MS 100000000
#define TURNS_MAX 400
#define TICKS_MAX 3000
#define WALL_MAX_MS 4102444800000 /* 2100 */
#define SESSION 0xa0

/* A worker's processes, as the driver has them. */
struct child {
    char name[NAME_SIZE];
    bool runs, has_leftovers, is_swept; /* swept: it was ordered, and is not done */
    int64_t pid;
};

struct world {
    struct hive *hive;
    struct outbox outbox;
    struct peer peer;
    struct child children[CHILDREN_MAX];
    size_t child_count;
    int64_t last_pid;
    bool cannot_start;
    ms_t now, skew; /* of the wall clock */
    uint64_t lives;
    unsigned failing, ticks_left;
    bool has_failed;
};

static bool is_over(const struct world *world)
{
    return world->has_failed || world->peer.has_ended;
}

static void enter(struct world *world)
{
    memory_fail(world->failing);
}

static void check(const struct world *world)
{
    const char *last = "";
    WORKERS_EACH(worker, world->hive)
    {
        require(strcmp(last, worker->name) < 0 && text_is_id(text_of(worker->name)));
        require(!(world->hive->member.linked && worker->process.changed) && worker->process.refused < 0);
        last = worker->name;
    }
    require(world->hive->refused_transitions == 0 && !world->hive->out);
}

static void leave(struct world *world)
{
    memory_fail(0);
    require(!world->outbox.failed || world->failing > 0);
    world->has_failed |= world->outbox.failed;
    world->failing = 0;
    peer_take(&world->peer, &world->outbox);
    if (!world->has_failed)
        check(world);
}

static void take(struct world *world, struct hive_input input)
{
    input.now = world->peer.now = world->now;
    input.wall = world->now + world->skew;
    if (is_over(world))
        return;
    enter(world);
    hive_take(world->hive, &input, &world->outbox);
    leave(world);
}

static struct child *child_of(struct world *world, struct text name)
{
    for (size_t i = 0; i < world->child_count; i++)
        if (text_is(name, world->children[i].name))
            return &world->children[i];
    return NULL;
}

static struct child *child_new(struct world *world, struct text name)
{
    struct child *child = child_of(world, name);
    if (child)
        return child;
    require(world->child_count < CHILDREN_MAX && name.len < NAME_SIZE);
    child = &world->children[world->child_count++];
    *child = (struct child){ 0 };
    memcpy(child->name, name.at, name.len);
    return child;
}

static struct process_birth child_begin(struct world *world, struct child *child)
{
    require(!child->runs && !child->has_leftovers); /* never two agents of one worker */
    child->runs = true;
    child->pid = ++world->last_pid;
    return (struct process_birth){ child->pid, SESSION + (uint64_t)child->pid, world->now, 0 };
}

static void start(struct world *world, struct child *child)
{
    struct hive_input input = { .kind = HIVE_STARTED, .worker = child->name };
    if (world->cannot_start) {
        input.kind = world->last_pid & 1 ? HIVE_NOT_STARTED : HIVE_NOT_RECORDED;
        input.why = "no such agent";
        require(!child->runs && !child->has_leftovers);
    } else {
        input.birth = child_begin(world, child);
    }
    take(world, input);
}

static void carry_out(struct world *world)
{
    struct hive_order order;
    while (!is_over(world) && hive_next_order(world->hive, &order)) {
        struct child *child = child_new(world, text_of(order.worker));
        if (order.order == PROCESS_START) {
            start(world, child);
        } else if (order.order == PROCESS_TERM || order.order == PROCESS_KILL) {
            require(child->runs);
        } else {
            require(child->has_leftovers && !child->runs);
            child->is_swept = true;
        }
    }
}

static void step(void *user, struct input *input)
{
    struct world *world = user;
    unsigned failing = world->failing;
    input->now = world->peer.now = world->now;
    input->wall = world->now + world->skew;
    if (is_over(world))
        return;
    if (input->kind == INPUT_PACKET) /* what fails is in the step behind it */
        world->failing = 0;
    enter(world);
    hive_step(world->hive, input, &world->outbox);
    leave(world);
    if (input->kind == INPUT_PACKET)
        world->failing = failing;
    carry_out(world);
}

static void pass(struct world *world, ms_t time)
{
    ms_t end = world->now + time;
    unsigned turns = 0;
    while (world->now < end && !is_over(world) && world->ticks_left > 0) {
        ms_t at = ms_min(ms_max(hive_deadline(world->hive), world->now), end);
        turns = at > world->now ? 0 : turns + 1;
        require(turns < TURNS_MAX);
        world->ticks_left--;
        world->now = at;
        step(world, &(struct input){ .kind = INPUT_TICK });
    }
}

static enum err take_key(void *user, const char *section, const char *key, const char *value, int line,
                         struct errbuf *e)
{
    return roster_is_section(section) ? roster_key(user, section, key, value, line, e) : OK;
}

static void read_roster(struct world *world, struct text ini)
{
    static char *none[] = { NULL };
    struct launch_options options = { "h1", none, none, none };
    struct roster roster;
    struct errbuf e = { 0 };
    enum err err;
    roster_init(&roster);
    err = inifile_parse_text(ini, "f", take_key, &roster, &e);
    if (err == OK)
        err = roster_check(&roster, "f", &e);
    for (size_t i = 0; err == OK && i < roster.count; i++)
        err = launch_fingerprint(&roster.arena, &options, &roster.entries[i], &roster.entries[i].fingerprint);
    if (err == OK && roster.count + world->child_count <= CHILDREN_MAX / 2) {
        take(world, (struct hive_input){ .kind = HIVE_ROSTER, .roster = &roster });
        carry_out(world);
    }
    roster_clear(&roster);
}

static void adopt(struct world *world, struct text name)
{
    struct child *child;
    if (!text_is_id(name) || child_of(world, name) || world->child_count >= CHILDREN_MAX / 4)
        return;
    child = child_new(world, name);
    if (name.len & 1) {
        struct last_exit last = { .known = true, .code = 0, .session = SESSION, .pid = 3 };
        take(world, (struct hive_input){
                        .kind = HIVE_FINISHED, .worker = child->name, .birth = { 3, SESSION, 0, 0 }, .last = &last });
        return;
    }
    take(world, (struct hive_input){
                    .kind = HIVE_ADOPT, .worker = child->name, .birth = child_begin(world, child), .fingerprint = 7 });
}

static void end_child(struct world *world, struct text line)
{
    struct child *child = child_of(world, script_part(&line));
    struct text status = script_part(&line), killed_by = script_part(&line);
    struct exit_status exit_status = { .status = (int)script_number(status, 0, 255),
                                       .signal = (int)script_number(killed_by, 0, 64),
                                       .oom = -1 };
    if (!child || !child->runs)
        return;
    child->runs = false;
    child->has_leftovers = true;
    child->is_swept = false;
    take(world, (struct hive_input){
                    .kind = HIVE_EXITED, .worker = child->name, .exit_status = status.len > 0 ? &exit_status : NULL });
    carry_out(world);
}

static void sweep(struct world *world, struct child *child)
{
    if (!child || !child->is_swept)
        return;
    child->has_leftovers = child->is_swept = false;
    take(world, (struct hive_input){ .kind = HIVE_SWEPT, .worker = child->name });
    carry_out(world);
}

static void take_gpus(struct world *world, struct text json)
{
    static struct gpu_report report;
    struct arena arena;
    struct errbuf e = { 0 };
    enum err err;
    arena = (struct arena){ 0 };
    err = gpu_report_decode(&arena, json, &report, &e);
    require((err == OK) == !e.text[0]);
    take(world, (struct hive_input){ .kind = HIVE_GPUS, .gpus = err == OK ? &report : NULL });
    arena_clear(&arena);
}

static void request(struct world *world, struct text line)
{
    struct text target = line, method = text_split(&target, ' ');
    struct text path = target.at ? text_split(&target, '?') : TEXT("");
    struct http_request request = { .query = target };
    struct http_response response = { 0 };
    const struct json_value *value;
    struct arena arena;
    arena = (struct arena){ 0 };
    request.method = arena_copy(&arena, method);
    request.path = arena_copy(&arena, path);
    enter(world);
    hive_http(world->hive, &request, world->now, world->now, &response);
    memory_fail(0);
    world->failing = 0;
    require(response.status >= 200 && response.status <= 503 && response.content_type && buf_ok(&response.body));
    require(json_scan(&arena, buf_text(&response.body), &value, NULL) == OK);
    buf_clear(&response.body);
    arena_clear(&arena);
}

static void run_record(struct world *world, const struct script_record *record)
{
    switch (record->kind) {
    case 'I':
        read_roster(world, record->payload);
        break;
    case 'X':
        end_child(world, record->line);
        break;
    case 'Y':
        sweep(world, child_of(world, record->line));
        break;
    case 'V':
        world->cannot_start = !world->cannot_start;
        break;
    case 'P':
        take_gpus(world, record->payload);
        break;
    case 'H':
        request(world, record->line);
        break;
    case 'W':
        pass(world, script_number(record->line, 0, WAIT_MAX_MS));
        break;
    case 'T':
        world->now += script_number(record->line, 0, STILL_MAX_MS);
        step(world, &(struct input){ .kind = INPUT_TICK });
        break;
    case 'w':
        world->skew = script_number(record->line, 0, WALL_MAX_MS) - world->now;
        break;
    case 'F':
        world->failing = (unsigned)script_number(record->line, 0, 100);
        break;
    default:
        (void)peer_run(&world->peer, record);
    }
}

static void begin(struct world *world)
{
    struct hive_options options = { .root = PEER_ROOT,
                                    .id = "h1",
                                    .host = "host-a",
                                    .version = "1.2.3",
                                    .endpoint = "http://127.0.0.1:1",
                                    .session = 0xb0 + world->lives++,
                                    .pid = 42,
                                    .secret = { 1, 2 },
                                    .keep_alive = 10000 };
    require(hive_new(&options, world->now, world->now + world->skew, &world->hive) == OK);
    hive_set_host(world->hive, &(struct hive_host){ 0.5, 4, 1000, 600 });
    world->peer.own_reply_topic = world->hive->member.reply_topic;
}

static void world_init(struct world *world)
{
    *world = (struct world){ .now = 1000000, .ticks_left = TICKS_MAX };
    peer_init(&world->peer, step, world);
    begin(world);
}

/* What --state-dir says of a worker: it runs, or its job has ended. */
static void inherit(struct world *world, const struct hive_worker *before)
{
    struct child *child = child_of(world, text_of(before->name));
    struct hive_input input = { .kind = HIVE_ADOPT, .worker = before->name, .fingerprint = before->fingerprint };
    const struct process *process = &before->process;
    input.birth = (struct process_birth){ process->pid, process->session, process->started_at, process->restarts };
    if (child && child->runs) {
        take(world, input);
    } else if (process_is_finished(process)) {
        input.kind = HIVE_FINISHED;
        input.birth.pid = process->last.pid;
        input.last = &process->last;
        take(world, input);
    }
}

/* What dead agents have left behind is swept before. */
static void restart(struct world *world)
{
    struct hive *before = world->hive;
    for (size_t i = 0; i < world->child_count; i++)
        world->children[i].has_leftovers = world->children[i].is_swept = false;
    outbox_clear(&world->outbox);
    peer_restart(&world->peer);
    world->has_failed = false;
    world->failing = 0;
    begin(world);
    WORKERS_EACH(worker, before)
    {
        inherit(world, worker);
    }
    hive_free(before);
}

/* It stops: agents that are told to end do so, or are killed, and the goodbye is the last of it. */
static void finish(struct world *world)
{
    world->failing = 0;
    world->ticks_left = TICKS_MAX;
    step(world, &(struct input){ .kind = INPUT_STOP });
    for (unsigned i = 0; i < 40 && !is_over(world); i++) {
        for (size_t k = 0; k < world->child_count; k++) {
            end_child(world, text_of(world->children[k].name));
            sweep(world, &world->children[k]);
        }
        if (world->peer.link == PEER_UP)
            (void)peer_serve(&world->peer);
        pass(world, 1000);
    }
    require(is_over(world));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct world world;
    struct script script = { .rest = { (const char *)bytes, len } };
    struct script_record record = { 0 };
    bool has_record;
    world_init(&world);
    while ((has_record = script_next(&script, &record)) && record.kind == 'J')
        adopt(&world, record.line);
    for (; has_record; has_record = script_next(&script, &record))
        if (record.kind == 'Z')
            restart(&world);
        else if (!is_over(&world))
            run_record(&world, &record);
    finish(&world);
    hive_free(world.hive);
    outbox_clear(&world.outbox);
    peer_clear(&world.peer);
    return 0;
}

#define THEN "\x1e"
#define WORKER "<w1|w1|w2|w3>"
#define COMMAND "command = <a|b|'a b' c>\n"
#define SECTION                                                                                                  \
    "[worker \"" WORKER "\"]\n" COMMAND "<|restart = <always|on-failure|never>\n><|interval = <1s|50ms|1d|x>\n>" \
    "<|watchdog = <30s|0|x>\n>"                                                                                  \
    "<|environment = <A=1|B|SKEP_X=1>\n><|directory = </|x>\n>"
#define SESSION_OF "00000000000000b<0|1|2>"
#define PRESENCE                                                                                          \
    "{\"presence\":\"<online|online|stale|offline>\",\"session\":\"" SESSION_OF "\",\"connection\":<1|2>" \
    "<|,\"pid\":7><|,\"host\":\"x\">}"
#define REQUEST "\tskep/v1-rpc/reply/<c|d|skep:q:q1|skep:q:q2|a/b>\t<c1|>\n"
#define ENDED "X" WORKER "\t<0|1|126|127>\t<0|0|9|15>" THEN "Y" WORKER
#define GPU "{\"index\":<0|1|63|64><|,\"name\":\"H100\"><|,\"utilization\":<0|0.5|2>>}"
#define RUNS \
    "I\n[worker \"w1\"]\n" COMMAND "<|restart = <always|on-failure|never>\n>" THEN "B" THEN "B" THEN "B" THEN "W2000"

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t max, unsigned seed)
{
    static const char *const grammar[] = {
        "I\n<|" SECTION ">" SECTION "|I\n" SECTION "|J" WORKER "|I\n",
        "X" WORKER "<|\t<0|1|126|127>\t<0|0|9>>|Y" WORKER,
        "X" WORKER "\t<0|1|126|127>\t<0|0|9>|Y" WORKER,
        "X<w1|w%#>\t<0|1|126|127>|Y<w1|w%#>",
        ENDED,
        "(5" THEN ENDED THEN "W<1000|5000|60000>" THEN ")",
        RUNS,
        RUNS THEN "Z" THEN "I\n[worker \"w1\"]\n" COMMAND,
        "Z|Z" THEN "B" THEN "B" THEN "B" THEN "B",
        "V|B|B|B|D|D1|C|U|L|(3|)",
        "P\n{\"gpus\":[<|" GPU "|" GPU "," GPU ">],\"users\":[<|[0]|[0,1]|[0,<1|2|3>],[1,9,<1|2|3>]>]}<|x>",
        "U<0|300|1000|100000>\t<0|10>\t<0|300>\t<0|1|2|4>",
        "V|B|K|F<1|2|3|5|8|13|30>|w<0|5000|1764000000000>",
        "*<2|8|20|50>|W<10|250|1000|5000|30000|90000>|W<1000|2000|15000>|T<1000|100000|700000>",
        "Mskep/v1-rpc/hive/h1/<worker.start|worker.stop|worker.restart|worker.list|health|beat|x>" REQUEST
        "<|{<\"worker_id\":\"" WORKER "\"|\"limit\":<1|2|1001>|\"cursor\":\"w1\">}>",
        "Mskep/v1-rpc/hive/h1/worker.<start|stop|restart>" REQUEST "{\"worker_id\":\"w1\"}" THEN "W10",
        "<M|S>skep/v1/hive/<h1|h2>/presence<|\n" PRESENCE ">",
        "<M|S>skep/v1/hive/h1/worker/<w1|w7>/witness<|\n{\"state\":\"running\"}>",
        "Mskep/v1/queen/q/hive-verdict/h1\n{\"state\":\"<down|ready>\",\"session\":\"" SESSION_OF "\"}",
        "A<0|0|1|2|5>\t<0|0|16|135|149>|E<0|1>",
        "R<0|0|1>\n<{\"result\":{\"status\":\"<pass|fail>\",\"serviceId\":\"hive/h1\",\"session\":\"" SESSION_OF
        "\",\"held_ms\":<0|5000|999999999>,\"pid\":7}}|{\"error\":{\"code\":\"no_method\"}}|{>",
        "H<GET|GET|HEAD|POST> /<health|v1/workers|x><|?<limit=<0|1|1000>|cursor=w1>>",
        NULL,
    };
    return script_mutate(grammar, bytes, len, max, seed);
}
