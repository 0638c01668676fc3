#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "bridge_node.h"
#include "daemon_node.h"
#include "device.h"
#include "hive_host.h"
#include "inspect.h"
#include "msg.h"
#include "queen_host.h"
#include "script_broker.h"
#include "worker_host.h"

static enum err node_named(struct world *world, const char *name, struct node **ret, struct errbuf *e)
{
    struct node *node = world_find(world, name);
    if (!node || !node->running)
        return err_set(e, ERR_NOT_FOUND, "nobody named `%s` runs", name);
    *ret = node;
    return OK;
}

static enum err do_seed(struct world *world, const struct words *words, struct errbuf *e)
{
    (void)e;
    world_seed(world, (uint64_t)strtoull(words_at(words, 1), NULL, 10));
    return OK;
}

/* `latency 5ms`, `latency 1ms 40ms` */
static enum err do_latency(struct world *world, const struct words *words, struct errbuf *e)
{
    ms_t low, high;
    if (text_to_duration(text_of(words_at(words, 1)), &low) != OK)
        return err_set(e, ERR_SYNTAX, "latency LOW [HIGH]");
    high = low;
    (void)text_to_duration(text_of(words_at(words, 2)), &high);
    world->network.latency_low = low;
    world->network.latency_high = ms_max(low, high);
    return OK;
}

/* `far w1 300ms`: from now on, also on the connection that it has */
static enum err do_far(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    enum err err = node_named(world, words_at(words, 1), &node, e);
    if (err != OK || text_to_duration(text_of(words_at(words, 2)), &node->client.far) != OK)
        return err_set(e, ERR_SYNTAX, "far NAME TIME");
    if (node->client.wire)
        node->client.wire->far = node->client.far;
    return OK;
}

/* `behind q1 10s`: the broker's queue for it is so long, until it has a new connection */
static enum err do_behind(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    ms_t behind;
    enum err err = node_named(world, words_at(words, 1), &node, e);
    if (err != OK || !node->client.wire || text_to_duration(text_of(words_at(words, 2)), &behind) != OK)
        return err_set(e, ERR_SYNTAX, "behind NAME TIME");
    node->client.wire->behind = behind;
    return OK;
}

/* `loss 5`: percent of all packets; they come later */
static enum err do_loss(struct world *world, const struct words *words, struct errbuf *e)
{
    if (text_to_int(text_of(words_at(words, 1)), &world->network.loss) != OK)
        return err_set(e, ERR_SYNTAX, "loss PERCENT");
    return OK;
}

static enum err do_hide(struct world *world, const struct words *words, struct errbuf *e)
{
    (void)e;
    for (size_t i = 1; i < words->count; i++)
        trace_hide(&world->trace, words->at[i]);
    return OK;
}

static enum err do_reveal(struct world *world, const struct words *words, struct errbuf *e)
{
    (void)e;
    for (size_t i = 1; i < words->count; i++)
        trace_show(&world->trace, words->at[i]);
    return OK;
}

static enum err do_queen(struct world *world, const struct words *words, struct errbuf *e)
{
    return queen_start(world, words_at(words, 1), words, e);
}

static enum err do_hive(struct world *world, const struct words *words, struct errbuf *e)
{
    return hive_start(world, words_at(words, 1), words, e);
}

static enum err do_worker(struct world *world, const struct words *words, struct errbuf *e)
{
    return worker_start(world, words_at(words, 1), words, e);
}

/* `workers 60 ...`: w1 to w60; `workers 60 from=61 ...`: w61 to w120; with hives=6 in h1 to h6, by turns */
static enum err do_workers(struct world *world, const struct words *words, struct errbuf *e)
{
    int64_t count = 0, hives = words_number(words, "hives", 0), from = words_number(words, "from", 1);
    enum err err = text_to_int(text_of(words_at(words, 1)), &count);
    char name[NODE_NAME_SIZE], hive[NODE_NAME_SIZE];
    for (int64_t i = 0; err == OK && i < count; i++) {
        struct words each = *words;
        snprintf(name, sizeof name, "w%lld", (long long)(from + i));
        snprintf(hive, sizeof hive, "hive=h%lld", hives > 0 ? (long long)(i % hives) + 1 : 0);
        if (hives > 0)
            each.at[each.count++] = hive;
        err = worker_start(world, name, &each, e);
    }
    return err;
}

/* `hives 6 ...`: h1 to h6 */
static enum err do_hives(struct world *world, const struct words *words, struct errbuf *e)
{
    int64_t count = 0;
    enum err err = text_to_int(text_of(words_at(words, 1)), &count);
    char name[NODE_NAME_SIZE];
    for (int64_t i = 1; err == OK && i <= count; i++) {
        snprintf(name, sizeof name, "h%lld", (long long)i);
        err = hive_start(world, name, words, e);
    }
    return err;
}

static enum err do_connect(struct world *world, const struct words *words, struct errbuf *e)
{
    return device_connect(world, words_at(words, 1), words, e);
}

static enum err device_named(struct world *world, const struct words *words, struct node **ret, struct errbuf *e)
{
    enum err err = node_named(world, words_at(words, 1), ret, e);
    if (err == OK && !node_is_device(*ret))
        return err_set(e, ERR_STATE, "%s is no device", words_at(words, 1));
    return err;
}

static enum err do_publish(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    enum err err = device_named(world, words, &node, e);
    return err == OK ? device_publish(node, words, e) : err;
}

/* `store e1 default/d1/heartbeat expiry=60 {...}`: e1 is the bridge of another broker, and that has this retained */
static enum err do_store(struct world *world, const struct words *words, struct errbuf *e)
{
    return device_store(world, words_at(words, 1), words, e);
}

/* `disk q1 full`: of a queen with store=keep, which may have ended */
static enum err do_disk(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = world_find(world, words_at(words, 1));
    if (!node || !node_is_queen(node) || queen_disk(node, words_at(words, 2)) != OK)
        return err_set(e, ERR_UNKNOWN, "disk QUEEN " QUEEN_DISKS);
    return OK;
}

static enum err do_subscribe(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    enum err err = device_named(world, words, &node, e);
    return err == OK ? device_subscribe(node, words, e) : err;
}

static enum err do_disconnect(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    enum err err = device_named(world, words, &node, e);
    if (err == OK)
        device_disconnect(node);
    return err;
}

/* A bridge has no process of its own. */
static enum err process_named(struct world *world, const char *name, struct node **ret, struct errbuf *e)
{
    enum err err = node_named(world, name, ret, e);
    if (err == OK && node_is_bridge(*ret))
        return err_set(e, ERR_STATE, "%s is a broker: broker %s kill", name, name);
    return err;
}

static enum err do_kill(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    enum err err = OK;
    for (size_t i = 1; err == OK && i < words->count; i++)
        if ((err = process_named(world, words->at[i], &node, e)) == OK)
            node_kill(node);
    return err;
}

/* `stop w1`: SIGTERM to a worker, hive or queen; `stop w1 code=139 signal=SIGSEGV`: its watched program ended so */
static enum err do_stop(struct world *world, const struct words *words, struct errbuf *e)
{
    struct exit_info exit = { .known = true, .oom = -1 };
    struct node *node = NULL;
    enum err err = process_named(world, words_at(words, 1), &node, e);
    if (err != OK)
        return err;
    exit.code = words_number(words, "code", INT_ABSENT);
    exit.signal = words_value(words, "signal");
    if (node_is_worker(node))
        worker_leave_fleet(node, exit.code == INT_ABSENT ? NULL : &exit);
    else if (node_is_queen(node) || node_is_hive(node))
        daemon_node_stop((struct daemon_node *)node);
    else
        device_disconnect(node);
    return OK;
}

static enum err do_pause(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    enum err err = process_named(world, words_at(words, 1), &node, e);
    if (err == OK)
        node->paused = strcmp(words->at[0], "pause") == 0;
    return err;
}

static enum err do_reset(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    enum err err = node_named(world, words_at(words, 1), &node, e);
    if (err == OK)
        client_reset(&node->client);
    return err;
}

/* `cut w1`; `cut w1 way=in`: nothing arrives at it; `way=out`: nothing of it does */
static enum err do_cut(struct world *world, const struct words *words, struct errbuf *e)
{
    bool cut = strcmp(words->at[0], "cut") == 0;
    const char *way = words_text(words, "way", "both");
    struct node *node = world_find(world, words_at(words, 1));
    if (!node)
        return err_set(e, ERR_NOT_FOUND, "nobody is named `%s`", words_at(words, 1));
    if (strcmp(way, "out") != 0)
        client_set_cut(&node->client, SIDE_CLIENT, cut);
    if (strcmp(way, "in") != 0)
        client_set_cut(&node->client, SIDE_BROKER, cut);
    return OK;
}

/* `clock wall=1h` moves the wall clock of all, `clock w1 wall=-87600h` that of one */
static enum err do_clock(struct world *world, const struct words *words, struct errbuf *e)
{
    const char *value = words_value(words, "wall");
    struct node *node = words->count > 2 ? world_find(world, words_at(words, 1)) : NULL;
    bool back = value && value[0] == '-';
    ms_t by;
    if (!value || text_to_duration(text_of(value + back), &by) != OK || (words->count > 2 && !node))
        return err_set(e, ERR_SYNTAX, "clock [NAME] wall=[-]DURATION");
    *(node ? &node->skew : &world->wall) += back ? -by : by;
    return OK;
}

/* `set w1 inflight=3`, `set w1 status=busy` */
static enum err do_set(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    struct text value = text_of(words_at(words, 2)), field = text_split(&value, '=');
    const char *name = arena_copy(&world->arena, field);
    double number;
    char *end;
    enum err err = node_named(world, words_at(words, 1), &node, e);
    if (err != OK || !value.at || !name || !node_is_worker(node))
        return err_set(e, ERR_STATE, "set WORKER FIELD=VALUE");
    number = strtod(value.at, &end);
    err = *end || end == value.at ? worker_set_text(node, name, value.at) : worker_set_number(node, name, number);
    return err == OK ? OK : err_set(e, err, "no such field, or no such value: %s", words_at(words, 2));
}

static enum err worker_named(struct world *world, const struct words *words, struct node **ret, struct errbuf *e)
{
    enum err err = node_named(world, words_at(words, 1), ret, e);
    if (err == OK && !node_is_worker(*ret))
        return err_set(e, ERR_STATE, "%s is no worker", words_at(words, 1));
    return err;
}

static enum err do_progress(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    enum err err = worker_named(world, words, &node, e);
    if (err == OK)
        worker_progress(node);
    return err;
}

/* `answers w1 hangs` */
static enum err do_answers(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    enum err err = worker_named(world, words, &node, e);
    if (err == OK && worker_set_answer(node, words_at(words, 2)) != OK)
        return err_set(e, ERR_UNKNOWN, "answers WORKER " WORKER_ANSWERS);
    return err;
}

/* `child w1 stopped`, `child w1 goes-on` */
static enum err do_child(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    enum err err = worker_named(world, words, &node, e);
    if (err == OK)
        worker_set_stopped(node, strcmp(words_at(words, 2), "stopped") == 0);
    return err;
}

/* `memory q1 fails=17`: of the queen's allocations from now on, that one */
static enum err do_memory(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *node = NULL;
    enum err err = node_named(world, words_at(words, 1), &node, e);
    if (err == OK && !node_is_queen(node))
        return err_set(e, ERR_STATE, "%s is no queen", words_at(words, 1));
    if (err == OK)
        queen_fail_memory(node, (unsigned)words_number(words, "fails", 0));
    return err;
}

static struct node *some_queen(const struct world *world)
{
    struct node *node = NULL;
    DL_FOREACH(world->nodes, node)
    {
        if (node_is_queen(node) && node->running)
            break;
    }
    return node;
}

/* `show w1 [ages]`, `show hive h1`, `show fleet`, `show health` */
static enum err do_show(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *queen = some_queen(world);
    if (!queen)
        return err_set(e, ERR_STATE, "no queen runs");
    if (words_has(words, "fleet"))
        inspect_fleet(queen);
    else if (words_has(words, "health"))
        inspect_health(queen);
    else if (words_has(words, "incidents"))
        inspect_incidents(queen);
    else if (words_has(words, "hive"))
        inspect_hive(queen, words_at(words, 2));
    else
        inspect_worker(queen, words_at(words, 1), words_has(words, "ages"));
    return OK;
}

/* `http DELETE /v1/workers/w1` */
static enum err do_http(struct world *world, const struct words *words, struct errbuf *e)
{
    struct node *queen = some_queen(world);
    if (!queen)
        return err_set(e, ERR_STATE, "no queen runs");
    inspect_request(queen, words_at(words, 1), words_at(words, 2), words->payload);
    return OK;
}

static enum err do_end(struct world *world, const struct words *words, struct errbuf *e)
{
    (void)world, (void)words, (void)e;
    return OK;
}

static const struct command {
    const char *name, *arguments;
    enum err (*fn)(struct world *world, const struct words *words, struct errbuf *e);
} commands[] = {
    { "seed", "N", do_seed },
    { "latency", "LOW [HIGH]", do_latency },
    { "far", "NAME TIME", do_far },
    { "behind", "NAME TIME", do_behind },
    { "loss", "PERCENT", do_loss },
    { "hide", "ACTOR...", do_hide },
    { "reveal", "ACTOR...", do_reveal },
    { "queen", "NAME [OPTION=VALUE]...", do_queen },
    { "hive", "NAME [OPTION=VALUE]...", do_hive },
    { "worker", "NAME [OPTION=VALUE]...", do_worker },
    { "hives", "COUNT [OPTION=VALUE]...", do_hives },
    { "workers", "COUNT [from=N] [hives=COUNT] [OPTION=VALUE]...", do_workers },
    { "connect", "NAME [as=CLIENT-ID] [keep-alive=TIME] [replies=JSON] [will=TOPIC PAYLOAD]", do_connect },
    { "publish", "NAME TOPIC [retained] [qos=N] [expiry=S] [reply=TOPIC] PAYLOAD", do_publish },
    { "store", "NAME TOPIC [expiry=S] PAYLOAD", do_store },
    { "disk", "QUEEN " QUEEN_DISKS, do_disk },
    { "subscribe", "NAME FILTER [aloud]", do_subscribe },
    { "disconnect", "NAME", do_disconnect },
    { "stop", "NAME [code=N] [signal=NAME]", do_stop },
    { "kill", "NAME...", do_kill },
    { "pause", "NAME", do_pause },
    { "resume", "NAME", do_pause },
    { "reset", "NAME", do_reset },
    { "cut", "NAME [way=in|out]", do_cut },
    { "mend", "NAME [way=in|out]", do_cut },
    { "edge", "NAME (a broker with a bridge, which is the node of that name)", script_edge },
    { "cluster", "NAME... (nodes of which the first broker is made)", script_cluster },
    { "node", "NAME kill|power-off|start", script_node },
    { "broker", "[NAME] " SCRIPT_BROKER_VERBS, script_broker },
    { "lose", "PART-OF-TOPIC PERCENT", script_lose },
    { "clock", "[NAME] wall=[-]TIME", do_clock },
    { "set", "WORKER FIELD=VALUE", do_set },
    { "progress", "WORKER", do_progress },
    { "answers", "WORKER " WORKER_ANSWERS, do_answers },
    { "child", "WORKER stopped|goes-on", do_child },
    { "memory", "QUEEN fails=N", do_memory },
    { "show", "[HIVE/]NAME [ages] | hive ID | fleet | health | incidents", do_show },
    { "http", "METHOD PATH [BODY]", do_http },
    { "retained", "TOPIC [at=BROKER]", script_retained },
    { "judge", "NAME|all [by=QUEEN] (before a referee: chaos.h)", do_end },
    { "end", "", do_end },
};

void script_print_commands(void)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].arguments);
}

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

/* `kill w2..w60`: one after the other */
static enum err do_each(struct world *world, const struct command *command, struct words *words, struct errbuf *e)
{
    char name[NODE_NAME_SIZE];
    unsigned first, last;
    enum err err = OK;
    if (sscanf(words_at(words, 1), "w%u..w%u", &first, &last) != 2)
        return command->fn(world, words, e);
    for (unsigned i = first; err == OK && i <= last; i++) {
        snprintf(name, sizeof name, "w%u", i);
        words->at[1] = name;
        err = command->fn(world, words, e);
    }
    return err;
}

enum err script_do(struct world *world, const char *line, struct errbuf *e)
{
    struct words words;
    const struct command *command;
    enum err err = words_split(&world->arena, line, &words);
    if (err != OK)
        return err_set(e, err, "too many words");
    trace_line(&world->trace, world->network.now, "world", "", "%s", line);
    if (!(command = command_named(words_at(&words, 0))))
        return err_set(e, ERR_UNKNOWN, "no such command");
    return do_each(world, command, &words, e);
}
