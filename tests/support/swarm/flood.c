#include "flood.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "swarm_client.h"

#define DOCUMENT_MAX 65536
#define BURST_US 2000

struct flood {
    const struct stage *stage;
    const struct action *action;
    struct client *client;
    char document[DOCUMENT_MAX];
};

static void topic_of(const struct flood *flood, const char *hive, const char *more, unsigned number, const char *leaf,
                     char ret[TOPIC_SIZE])
{
    snprintf(ret, TOPIC_SIZE, "%s/hive/%s%s%u/%s", flood->stage->options.root, hive, more, number, leaf);
}

/* A worker that nobody knew before. */
static bool send_worker(struct flood *flood, int64_t number)
{
    char topic[TOPIC_SIZE];
    topic_of(flood, flood->action->target, "/worker/f", (unsigned)number, "heartbeat", topic);
    return client_publish(flood->client, topic, "{\"status\":\"idle\"}", true);
}

/* A hive that nobody knew before, which a hive's user may not say; then its own, come and gone in turn. */
static bool send_hive(struct flood *flood, int64_t number)
{
    char topic[TOPIC_SIZE];
    bool is_foreign = number % 2 == 0;
    if (is_foreign)
        topic_of(flood, flood->action->target, "-", (unsigned)number, "presence", topic);
    else
        snprintf(topic, sizeof topic, "%s/hive/%s/presence", flood->stage->options.root, flood->action->target);
    snprintf(flood->document, DOCUMENT_MAX, "{\"presence\":\"%s\",\"session\":\"%016llx\",\"connection\":1}",
             number % 4 == 3 ? "offline" : "online", 1ull + (unsigned long long)number / 4);
    return client_publish(flood->client, topic, flood->document, true);
}

/* What takes longest to read: arrays of 200 values of two bytes. */
static int fill_with_tokens(char *at, int len)
{
    int used = 0;
    for (int array = 0; used + 200 * 2 + 16 < len; array++) {
        used += sprintf(at + used, ",\"a%d\":[0", array);
        for (int value = 1; value < 200; value++, used += 2)
            memcpy(at + used, ",0", 2);
        at[used++] = ']';
    }
    return used;
}

/* One text. */
static int fill_with_text(char *at, int len)
{
    int begin = sprintf(at, ",\"t\":\"");
    if (len < begin + 1)
        return 0;
    memset(at + begin, 'x', (size_t)(len - begin - 1));
    at[len - 1] = '"';
    return len;
}

/* Objects of 200 members. */
static int fill_with_objects(char *at, int len)
{
    int used = 0;
    for (int object = 0; used + 200 * 8 + 16 < len; object++) {
        used += sprintf(at + used, ",\"o%d\":{", object);
        for (int member = 0; member < 200; member++)
            used += sprintf(at + used, "%s\"%d\":1", member ? "," : "", member);
        at[used++] = '}';
    }
    return used;
}

/* Returns the length, at most `len`. */
static int fill(const struct flood *flood, char *at, int len)
{
    const char *shape = flood->action->shape;
    if (strcmp(shape, "tokens") == 0)
        return fill_with_tokens(at, len);
    return strcmp(shape, "text") == 0 ? fill_with_text(at, len) : fill_with_objects(at, len);
}

/* `leaf` of one worker, which begins so and has about `size` bytes. */
static bool send_filled(struct flood *flood, const char *leaf, const char *begin)
{
    unsigned size = flood->action->size ? flood->action->size : 6000;
    char topic[TOPIC_SIZE];
    int used = snprintf(flood->document, DOCUMENT_MAX, "%s,\"session\":\"00000000000000aa\"", begin);
    used += fill(flood, flood->document + used, (int)size - used - 1);
    memcpy(flood->document + used, "}", 2);
    topic_of(flood, flood->action->target, "/worker/d", 0, leaf, topic);
    return client_publish(flood->client, topic, flood->document, true);
}

static bool send_witness(struct flood *flood, int64_t number)
{
    (void)number;
    return send_filled(flood, "witness", "{\"state\":\"running\"");
}

static bool send_birth(struct flood *flood, int64_t number)
{
    (void)number;
    return send_filled(flood, "presence", "{\"presence\":\"online\"");
}

/* Documents that grow from 2 KiB to `size` and begin anew, of `count` workers. */
static bool send_document(struct flood *flood, int64_t number)
{
    unsigned count = flood->action->count, size = flood->action->size ? flood->action->size : 16000;
    unsigned len = 2048 + (unsigned)(number + number / count) % 16 * ((size - 2048) / 15);
    char topic[TOPIC_SIZE];
    int used = snprintf(flood->document, DOCUMENT_MAX, "{\"status\":\"idle\",\"interval_ms\":60000");
    used += fill(flood, flood->document + used, (int)len - used - 1);
    memcpy(flood->document + used, "}", 2);
    topic_of(flood, flood->action->target, "/worker/d", (unsigned)(number % count), "heartbeat", topic);
    return client_publish(flood->client, topic, flood->document, true);
}

/* A heartbeat of one worker with `size` user properties. */
static bool send_properties(struct flood *flood, int64_t number)
{
    char topic[TOPIC_SIZE];
    (void)number;
    topic_of(flood, flood->action->target, "/worker/d", 0, "heartbeat", topic);
    return client_publish_crowded(flood->client, topic, "{\"status\":\"idle\"}",
                                  flood->action->size ? flood->action->size : 3000);
}

/* `count` workers that come, and go by a crash, each time as a new process. */
static bool send_flap(struct flood *flood, int64_t number)
{
    int64_t round = number / flood->action->count;
    char topic[TOPIC_SIZE];
    topic_of(flood, flood->action->target, "/worker/x", (unsigned)(number % flood->action->count), "presence", topic);
    snprintf(flood->document, DOCUMENT_MAX, "{\"presence\":\"%s\",\"session\":\"%016llx\",\"connection\":1}",
             round % 2 ? "stale\",\"cause\":\"process_exited" : "online", 1ull + (unsigned long long)round / 2);
    return client_publish(flood->client, topic, flood->document, true);
}

/* `count` workers that come, and are lost by a will, on one connection after the other. */
static bool send_will(struct flood *flood, int64_t number)
{
    int64_t round = number / flood->action->count;
    char topic[TOPIC_SIZE];
    topic_of(flood, flood->action->target, "/worker/x", (unsigned)(number % flood->action->count), "presence", topic);
    snprintf(flood->document, DOCUMENT_MAX,
             "{\"presence\":\"%s\",\"rpc\":true,\"session\":\"00000000000000aa\",\"connection\":%lld}",
             round % 2 ? "stale\",\"cause\":\"connection_lost" : "online", 1 + (long long)round / 2);
    return client_publish(flood->client, topic, flood->document, true);
}

/* `leaf` of one process of a worker. */
static bool send_step(struct flood *flood, unsigned number, const char *leaf, const char *members)
{
    char topic[TOPIC_SIZE];
    topic_of(flood, flood->action->target, "/worker/c", number, leaf, topic);
    snprintf(flood->document, DOCUMENT_MAX, "{%s,\"session\":\"%016x\",\"connection\":1,\"interval_ms\":1000}", members,
             number + 1);
    return client_publish(flood->client, topic, flood->document, true);
}

/* Workers that nobody knew before, each of which is heard again a good second later, and dies as long after that: in
 * turns of one that comes, one that goes on and one that goes. */
static bool send_churn(struct flood *flood, int64_t number)
{
    int64_t second = flood->action->rate ? flood->action->rate / 3 + flood->action->rate / 20 + 1 : 1000;
    int64_t worker = number / 3 - number % 3 * second;
    if (worker < 0) /* that was not yet */
        return true;
    if (number % 3 == 2)
        return send_step(flood, (unsigned)worker, "presence", "\"presence\":\"stale\",\"cause\":\"process_exited\"");
    return send_step(flood, (unsigned)worker, "heartbeat",
                     number % 3 ? "\"status\":\"idle\",\"seq\":1" : "\"status\":\"idle\",\"seq\":0");
}

/* `count` workers that come, leave and are forgotten; then what was stored of them, again and again, as from a bridge.
 */
static bool send_copy(struct flood *flood, int64_t number)
{
    unsigned count = flood->action->count, worker = (unsigned)(number % count);
    char topic[TOPIC_SIZE];
    if (number < count)
        return send_step(flood, worker, "presence", "\"presence\":\"online\"");
    if (number < 2 * count)
        return send_step(flood, worker, "presence", "\"presence\":\"offline\",\"cause\":\"goodbye\"");
    topic_of(flood, flood->action->target, "/worker/c", worker, "presence", topic);
    if (number < 3 * count)
        return client_publish(flood->client, topic, "", true);
    snprintf(flood->document, DOCUMENT_MAX,
             "{\"presence\":\"online\",\"session\":\"%016x\",\"connection\":1,\"retain_s\":100000}", worker + 1);
    return client_publish_stored(flood->client, topic, flood->document, 100);
}

/* The last `verify` that a worker of the flood was asked. */
static struct {
    char topic[TOPIC_SIZE], correlation[64];
    bool is_known;
} asked;

static void receive_request(void *context, const struct client_message *message)
{
    const char *method = strrchr(message->topic, '/');
    (void)context;
    if (!method || strcmp(method, "/verify") != 0 || __atomic_load_n(&asked.is_known, __ATOMIC_ACQUIRE))
        return;
    snprintf(asked.topic, sizeof asked.topic, "%s", message->response_topic);
    snprintf(asked.correlation, sizeof asked.correlation, "%s", message->correlation);
    __atomic_store_n(&asked.is_known, true, __ATOMIC_RELEASE);
}

/* A worker whose work stands still, so that it is verified at once. */
static bool send_stalled(struct flood *flood)
{
    char filter[TOPIC_SIZE];
    snprintf(filter, sizeof filter, "%s-rpc/hive/%s/worker/+/+", flood->stage->options.root, flood->action->target);
    client_subscribe(flood->client, filter, 1);
    return send_step(flood, 0, "presence", "\"presence\":\"online\",\"rpc\":true") &&
           send_step(flood, 0, "heartbeat",
                     "\"status\":\"busy\",\"inflight\":1,\"stall_ms\":1000,\"progress_age_ms\":5000,\"seq\":0");
}

static bool send_reply(struct flood *flood, int64_t number)
{
    unsigned size = flood->action->size ? flood->action->size : 16000;
    int used;
    if (number == 0 && !send_stalled(flood))
        return false;
    if (!__atomic_load_n(&asked.is_known, __ATOMIC_ACQUIRE))
        return true;
    used = snprintf(flood->document, DOCUMENT_MAX, "{\"result\":{\"nonce\":\"0\",\"work\":\"ok\"");
    used += fill(flood, flood->document + used, (int)size - used - 2);
    memcpy(flood->document + used, "}}", 3);
    return client_reply(flood->client, asked.topic, flood->document, asked.correlation);
}

static bool send_request(struct flood *flood, int64_t number)
{
    char response_topic[TOPIC_SIZE];
    (void)number;
    snprintf(response_topic, sizeof response_topic, "%s-rpc/reply/swarm", flood->stage->options.root);
    return client_request(flood->client, flood->action->target, "", response_topic);
}

static bool (*const senders[VERB_COUNT])(struct flood *flood, int64_t number) = {
    [VERB_WORKERS] = send_worker,    [VERB_HIVES] = send_hive,      [VERB_DOCUMENTS] = send_document,
    [VERB_WITNESSES] = send_witness, [VERB_BIRTHS] = send_birth,    [VERB_FLAP] = send_flap,
    [VERB_WILLS] = send_will,        [VERB_CHURN] = send_churn,     [VERB_COPIES] = send_copy,
    [VERB_REPLIES] = send_reply,     [VERB_REQUEST] = send_request, [VERB_PROPERTIES] = send_properties
};

int64_t flood_due(const struct action *action, int64_t after_us)
{
    return action->rate ? after_us * action->rate / 1000000 : INT64_MAX;
}

bool flood_lasts(const struct stage *stage, const struct action *action)
{
    int64_t time = stage_time(stage);
    return time < action->at_us + action->for_us || (!stage->shared->over && time < stage->options.until_us);
}

void flood_report(const struct stage *stage, unsigned number, int64_t sent, int64_t wanted)
{
    stage_report(stage, &(struct report){ .kind = REPORT_SENT,
                                          .action = number,
                                          .at_us = now_us(),
                                          .value = sent,
                                          .wanted = wanted == INT64_MAX ? 0 : wanted });
}

void flood_play(const struct stage *stage, unsigned number)
{
    static struct flood flood;
    const struct action *action = &stage->script.actions[number];
    int64_t sent = 0, due = 0;
    bool is_linked = true;
    flood.stage = stage;
    flood.action = action;
    flood.client = client_open(&stage->options, action->user, receive_request, NULL);
    stage_await_start(stage);
    sleep_us(action->at_us - stage_time(stage));
    while (is_linked && flood_lasts(stage, action)) {
        due = flood_due(action, stage_time(stage) - action->at_us);
        for (unsigned burst = 0; is_linked && sent < due && burst < 1000; burst++, sent += is_linked)
            is_linked = senders[action->verb](&flood, sent);
        if (sent >= due)
            sleep_us(BURST_US);
    }
    if (!is_linked)
        warnx("%s %s: the broker ended the link after %lld", verb_words[action->verb], action->target, (long long)sent);
    flood_report(stage, number, sent, due);
}
