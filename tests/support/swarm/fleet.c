#include "fleet.h"

#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "swarm_client.h"

#define TICK_US 2000
#define DOCUMENT_SIZE 512
#define REQUESTS_MAX 256

struct worker {
    unsigned action, place; /* the fleet's, and its place in it */
    struct client *client;
    bool is_own;    /* the session: it has a will */
    enum verb verb; /* what was done to it last; VERB_FLEET or VERB_REVIVE: it lives */
    uint64_t session;
    unsigned connection, seq;
    int64_t beat_at_us, beat_us; /* the next one, and the last */
};

/* What a worker was asked, until the fleet's own thread answers. */
struct request {
    struct worker *worker;
    char method[16], response_topic[TOPIC_SIZE], correlation[64], nonce[64];
};

struct fleet {
    const struct stage *stage;
    struct worker *workers;
    unsigned count;
    pthread_mutex_t mutex;
    struct request requests[REQUESTS_MAX];
    unsigned waiting;
};

/* One worker's part of an action. */
struct deed {
    int64_t at_us;
    enum verb verb;
    struct worker *worker;
};

static struct fleet fleet = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static const struct action *action_of(const struct worker *worker)
{
    return &fleet.stage->script.actions[worker->action];
}

static void topic_of(const struct worker *worker, const char *tree, const char *leaf, char ret[TOPIC_SIZE])
{
    const struct action *action = action_of(worker);
    snprintf(ret, TOPIC_SIZE, "%s%s/hive/%s/worker/w%u/%s", fleet.stage->options.root, tree, action->target,
             action->from + worker->place, leaf);
}

static void publish(struct worker *worker, const char *leaf, const char *document)
{
    char topic[TOPIC_SIZE];
    topic_of(worker, "", leaf, topic);
    if (!client_publish(worker->client, topic, document, true))
        errx(2, "the fleet lost the broker");
}

/* `cause` may be NULL. */
static void write_presence(const struct worker *worker, const char *presence, const char *cause, char *ret)
{
    const struct action *action = action_of(worker);
    snprintf(ret, DOCUMENT_SIZE,
             "{\"presence\":\"%s\",%s%s%s\"session\":\"%016llx\",\"connection\":%u,\"interval_ms\":%lld,\"rpc\":%s}",
             presence, cause ? "\"cause\":\"" : "", cause ? cause : "", cause ? "\"," : "",
             (unsigned long long)worker->session, worker->connection, (long long)action->interval_us / 1000,
             action->rpc ? "true" : "false");
}

static void publish_presence(struct worker *worker, const char *presence, const char *cause)
{
    char document[DOCUMENT_SIZE];
    write_presence(worker, presence, cause, document);
    publish(worker, "presence", document);
}

static void beat(struct worker *worker)
{
    char document[DOCUMENT_SIZE];
    int64_t interval_us = action_of(worker)->interval_us;
    snprintf(document, sizeof document,
             "{\"status\":\"idle\",\"queue_depth\":0,\"session\":\"%016llx\",\"connection\":%u,\"seq\":%u,\"interval_"
             "ms\":%lld}",
             (unsigned long long)worker->session, worker->connection, worker->seq++, (long long)interval_us / 1000);
    worker->beat_us = now_us();
    worker->beat_at_us = worker->beat_us + interval_us * 9 / 10;
    publish(worker, "heartbeat", document);
}

static void receive(void *context, const struct client_message *message)
{
    struct request request = { .worker = context };
    const char *method = strrchr(message->topic, '/') + 1, *nonce = strstr(message->payload, "\"nonce\":\"");
    snprintf(request.method, sizeof request.method, "%s", method);
    snprintf(request.response_topic, sizeof request.response_topic, "%s", message->response_topic);
    snprintf(request.correlation, sizeof request.correlation, "%s", message->correlation);
    if (nonce)
        snprintf(request.nonce, sizeof request.nonce, "%.*s", (int)strcspn(nonce + 9, "\""), nonce + 9);
    pthread_mutex_lock(&fleet.mutex);
    if (fleet.waiting < REQUESTS_MAX)
        fleet.requests[fleet.waiting++] = request;
    pthread_mutex_unlock(&fleet.mutex);
}

static void answer(const struct request *request)
{
    struct worker *worker = request->worker;
    char document[DOCUMENT_SIZE];
    if (worker->verb != VERB_FLEET && worker->verb != VERB_REVIVE)
        return;
    if (strcmp(request->method, "beat") == 0) {
        beat(worker);
        snprintf(document, sizeof document, "{\"result\":{\"seq\":%u}}", worker->seq - 1);
    } else if (strcmp(request->method, "verify") == 0) {
        snprintf(document, sizeof document, "{\"result\":{\"nonce\":\"%s\",\"work\":\"ok\"}}", request->nonce);
    } else {
        return;
    }
    if (*request->response_topic)
        client_reply(worker->client, request->response_topic, document, request->correlation);
}

static void answer_all(void)
{
    struct request request;
    bool has = true;
    while (has) {
        pthread_mutex_lock(&fleet.mutex);
        has = fleet.waiting > 0;
        if (has)
            request = fleet.requests[--fleet.waiting];
        pthread_mutex_unlock(&fleet.mutex);
        if (has)
            answer(&request);
    }
}

/* A new process: a new session, and a link of its own for those who have one. */
static void begin_life(struct worker *worker)
{
    static uint64_t sessions;
    char topic[TOPIC_SIZE], document[DOCUMENT_SIZE];
    worker->session = (uint64_t)now_us() << 20 | ++sessions;
    worker->connection = 1;
    worker->seq = 0;
    if (!worker->is_own)
        return;
    topic_of(worker, "", "presence", topic);
    write_presence(worker, "stale", "connection_lost", document);
    worker->client = client_begin(&fleet.stage->options, action_of(worker)->user,
                                  &(struct client_will){ topic, document }, receive, worker);
}

static void be_born(struct worker *worker)
{
    publish_presence(worker, "online", NULL);
    beat(worker);
    worker->beat_at_us -= worker->place * INT64_C(7919) % (action_of(worker)->interval_us / 2); /* spread */
}

static bool takes_requests(const struct worker *worker)
{
    return worker->is_own && action_of(worker)->rpc;
}

/* Once its link is there. */
static void ask_for_requests(const struct worker *worker)
{
    char topic[TOPIC_SIZE];
    if (worker->is_own)
        client_await(worker->client);
    topic_of(worker, "-rpc", "+", topic);
    if (takes_requests(worker))
        client_subscribe_begin(worker->client, topic, 1);
}

static void await_requests(const struct worker *worker)
{
    if (takes_requests(worker))
        client_await(worker->client);
}

static struct client *shared_clients[ACTIONS_MAX][16];

static struct client *shared_client(const struct worker *worker)
{
    const struct action *action = action_of(worker);
    struct client **client = &shared_clients[worker->action][worker->place % action->over % 16];
    if (!*client)
        *client = client_begin(&fleet.stage->options, action->user, NULL, NULL, NULL);
    return *client;
}

static void await_shared_clients(void)
{
    for (size_t i = 0; i < ACTIONS_MAX; i++)
        for (size_t k = 0; k < 16; k++)
            if (shared_clients[i][k])
                client_await(shared_clients[i][k]);
}

static void beat_all(void)
{
    int64_t now = now_us();
    for (unsigned i = 0; i < fleet.count; i++) {
        struct worker *worker = &fleet.workers[i];
        if (worker->beat_at_us && worker->beat_at_us <= now &&
            (worker->verb == VERB_FLEET || worker->verb == VERB_REVIVE))
            beat(worker);
    }
}

/* What goes on while the fleet does something else. */
static void serve(void)
{
    answer_all();
    beat_all();
}

static void create_workers(void)
{
    const struct script *script = &fleet.stage->script;
    for (unsigned i = 0; i < script->count; i++)
        fleet.count += script->actions[i].verb == VERB_FLEET ? script->actions[i].count : 0;
    if (!(fleet.workers = calloc(fleet.count + 1, sizeof *fleet.workers)))
        err(2, "memory");
    fleet.count = 0;
    for (unsigned i = 0; i < script->count; i++)
        for (unsigned place = 0; script->actions[i].verb == VERB_FLEET && place < script->actions[i].count; place++) {
            struct worker *worker = &fleet.workers[fleet.count++];
            *worker = (struct worker){ .action = i, .place = place, .is_own = script->actions[i].over == 0 };
            if (!worker->is_own)
                worker->client = shared_client(worker);
            begin_life(worker);
        }
}

static void bear_all(void)
{
    await_shared_clients();
    for (unsigned i = 0; i < fleet.count; i++)
        ask_for_requests(&fleet.workers[i]);
    for (unsigned i = 0; i < fleet.count; i++)
        await_requests(&fleet.workers[i]);
    for (unsigned i = 0; i < fleet.count; i++) {
        unsigned rate = action_of(&fleet.workers[i])->rate;
        be_born(&fleet.workers[i]);
        sleep_us(rate ? 1000000 / rate : 0);
        if (i % 100 == 0)
            serve();
    }
}

static struct worker *find(const char *hive, unsigned number)
{
    for (unsigned i = 0; i < fleet.count; i++) {
        const struct action *action = action_of(&fleet.workers[i]);
        if (strcmp(action->target, hive) == 0 && action->from + fleet.workers[i].place == number)
            return &fleet.workers[i];
    }
    errx(2, "no fleet has %s/w%u", hive, number);
}

static int by_time(const void *left, const void *right)
{
    int64_t a = ((const struct deed *)left)->at_us, b = ((const struct deed *)right)->at_us;
    return (a > b) - (a < b);
}

/* Every worker's part of every action, in order. */
static struct deed *plan_deeds(unsigned *ret_count)
{
    const struct script *script = &fleet.stage->script;
    struct deed *deeds = NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < script->count; i++) {
        const struct action *action = &script->actions[i];
        if (action->verb == VERB_FLEET || verb_is_flood(action->verb))
            continue;
        if (!(deeds = realloc(deeds, (count + action->count) * sizeof *deeds)))
            err(2, "memory");
        for (unsigned k = 0; k < action->count; k++)
            deeds[count++] = (struct deed){ action->at_us + (action->rate ? k * INT64_C(1000000) / action->rate : 0),
                                            action->verb, find(action->target, action->from + k) };
    }
    if (count)
        qsort(deeds, count, sizeof *deeds, by_time);
    *ret_count = count;
    return deeds;
}

/* When the queen may know of it at the earliest: a will is confirmed, silence has its lease. */
static int64_t due_of(const struct worker *worker, enum verb verb, int64_t at_us)
{
    if (verb == VERB_DIE)
        return at_us + fleet.stage->options.confirm_us;
    if (verb == VERB_HANG)
        return worker->beat_us + 3 * action_of(worker)->interval_us;
    return at_us;
}

static void do_deed(const struct deed *deed)
{
    struct worker *worker = deed->worker;
    int64_t at_us;
    if (deed->verb == VERB_REVIVE) {
        begin_life(worker);
        ask_for_requests(worker);
        await_requests(worker);
    }
    at_us = now_us();
    if (deed->verb == VERB_DIE && !worker->is_own)
        errx(2, "only a worker with a session of its own can die: over= is not for %s", action_of(worker)->target);
    worker->verb = deed->verb;
    stage_report(fleet.stage, &(struct report){ .kind = REPORT_DID,
                                                .verb = deed->verb,
                                                .action = worker->action,
                                                .worker = worker->place,
                                                .at_us = at_us,
                                                .due_us = due_of(worker, deed->verb, at_us) });
    if (deed->verb == VERB_DIE)
        client_die(worker->client);
    else if (deed->verb == VERB_EXIT)
        publish_presence(worker, "stale", "process_exited");
    else if (deed->verb == VERB_LEAVE)
        publish_presence(worker, "offline", "goodbye");
    else if (deed->verb == VERB_REVIVE)
        be_born(worker);
}

void fleet_play(const struct stage *stage, unsigned number)
{
    struct deed *deeds;
    unsigned count, done = 0;
    (void)number;
    fleet.stage = stage;
    client_on_wait(serve);
    create_workers();
    bear_all();
    deeds = plan_deeds(&count);
    stage_report(stage, &(struct report){ .kind = REPORT_READY });
    for (unsigned tick = 0;; tick++) {
        while (stage->shared->start_us && done < count && stage_time(stage) >= deeds[done].at_us)
            do_deed(&deeds[done++]);
        answer_all();
        if (tick % 10 == 0)
            beat_all();
        sleep_us(TICK_US);
    }
}
