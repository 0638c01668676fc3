#include "observe.h"

#include <cjson/cJSON.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http.h"
#include "swarm_client.h"

#define LINE_MAX_LEN 262144
#define RING_LIMIT_US INT64_C(30000000)

#define STORED_PAUSE_US 10000000

static _Atomic int64_t messages; /* of the subscriber, or since the last look */

static void set_text(char *ret, size_t size, const cJSON *document, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, name));
    snprintf(ret, size, "%s", text ? text : "");
}

static int64_t number_of(const cJSON *document, const char *name)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(document, name);
    return cJSON_IsNumber(number) ? (int64_t)number->valuedouble : 0;
}

/* Reports a verdict, an event or a presence, if it is of a worker of a fleet. */
static void tell(const struct stage *stage, struct report report, const cJSON *document, const char *hive,
                 const char *worker)
{
    char hive_id[80], worker_id[80];
    set_text(hive_id, sizeof hive_id, document, "hive_id");
    set_text(worker_id, sizeof worker_id, document, "worker_id");
    if (!script_find(&stage->script, hive ? hive : hive_id, worker ? worker : worker_id, &report.action,
                     &report.worker))
        return;
    set_text(report.state, sizeof report.state, document, report.channel == CHANNEL_SUBSCRIBER ? "presence" : "state");
    set_text(report.cause, sizeof report.cause, document, "cause");
    report.event_id = number_of(document, "event_id");
    report.revision = number_of(document, "revision");
    if (!report.at_us)
        report.at_us = now_us();
    stage_report(stage, &report);
}

static void tell_text(const struct stage *stage, struct report report, const char *text, const char *hive,
                      const char *worker)
{
    cJSON *document = cJSON_Parse(text);
    if (document)
        tell(stage, report, document, hive, worker);
    cJSON_Delete(document);
}

/* `…/HIVE/worker/WORKER/presence`: splits a copy of the topic. */
static void on_presence(void *context, const struct client_message *message)
{
    char topic[TOPIC_SIZE], *leaf, *worker, *hive;
    struct report report = { .kind = REPORT_TOLD, .channel = CHANNEL_SUBSCRIBER, .at_us = now_us() };
    messages++;
    snprintf(topic, sizeof topic, "%s", message->topic);
    leaf = strrchr(topic, '/');
    if (message->is_stored || strcmp(leaf, "/presence") != 0)
        return;
    *leaf = '\0';
    worker = strrchr(topic, '/');
    *worker++ = '\0';
    hive = strrchr(topic, '/');
    if (!hive || strcmp(hive, "/worker") != 0)
        return;
    *hive = '\0';
    tell_text(context, report, message->payload, strrchr(topic, '/') + 1, worker);
}

static void subscribe(const struct stage *stage, struct client *client, const char *end, int qos)
{
    char filter[TOPIC_SIZE];
    snprintf(filter, sizeof filter, "%s/%s", stage->options.root, end);
    client_subscribe(client, filter, qos);
}

static struct client *open_observer(const struct stage *stage, client_receive_fn *receive)
{
    return client_open(&stage->options, stage->options.observer, receive, (void *)stage);
}

void observe_subscriber(const struct stage *stage, unsigned number)
{
    struct client *client = open_observer(stage, on_presence);
    (void)number;
    subscribe(stage, client, "hive/#", 0);
    stage_await_start(stage);
    for (;;)
        pause();
}

static void on_verdict(void *context, const struct client_message *message)
{
    const struct stage *stage = context;
    const char *leaf = strrchr(message->topic, '/');
    bool is_event = strcmp(leaf, "/event") == 0;
    struct report report = { .kind = REPORT_TOLD,
                             .channel = is_event ? CHANNEL_EVENT : CHANNEL_VERDICT,
                             .at_us = now_us() };
    messages++;
    if (is_event || (leaf[1] == 'w' && !message->is_stored))
        tell_text(stage, report, message->payload, NULL, NULL);
}

/* At QoS 0, as the subscriber: at QoS 1 the broker has 20 under way, and waits for paho's acknowledgements. */
static void subscribe_to_queen(const struct stage *stage, struct client *client, const char *end)
{
    char filter[TOPIC_SIZE];
    snprintf(filter, sizeof filter, "queen/%s/%s", stage->options.queen, end);
    subscribe(stage, client, filter, 0);
}

/* paho sleeps for 100 ms whenever a second has brought nothing, and sees late what comes then: the heartbeats of the
 * first fleet keep it awake. */
static void subscribe_to_heartbeats(const struct stage *stage, struct client *client)
{
    char filter[TOPIC_SIZE];
    for (unsigned i = 0; i < stage->script.count; i++)
        if (stage->script.actions[i].verb == VERB_FLEET) {
            snprintf(filter, sizeof filter, "hive/%s/worker/+/heartbeat", stage->script.actions[i].target);
            subscribe(stage, client, filter, 0);
            return;
        }
}

void observe_verdicts(const struct stage *stage, unsigned number)
{
    struct client *client = open_observer(stage, on_verdict);
    (void)number;
    subscribe_to_heartbeats(stage, client);
    subscribe_to_queen(stage, client, "verdict/#");
    subscribe_to_queen(stage, client, "event");
    stage_await_start(stage);
    for (;;)
        pause();
}

static void on_stored(void *context, const struct client_message *message)
{
    struct report report = { .kind = REPORT_STORED, .channel = CHANNEL_VERDICT, .at_us = now_us() };
    if (!message->is_stored || !*message->payload)
        return;
    tell_text(context, report, message->payload, NULL, NULL);
    messages++;
}

/* Of the fleets alone, until there is one of each worker, or for a while none more. */
void observe_stored(const struct stage *stage, unsigned number)
{
    struct client *client = open_observer(stage, on_stored);
    int64_t before = -1, workers = 0;
    (void)number;
    for (unsigned i = 0; i < stage->script.count; i++) {
        const struct action *action = &stage->script.actions[i];
        char end[TARGET_SIZE + 16];
        if (action->verb != VERB_FLEET)
            continue;
        workers += action->count;
        snprintf(end, sizeof end, "verdict/%s/+", action->target);
        subscribe_to_queen(stage, client, end);
    }
    while (before != messages && messages < workers) {
        before = messages;
        for (int left = 100; left > 0 && messages < workers; left--)
            sleep_us(STORED_PAUSE_US / 100);
    }
}

/* Returns the last event's id. */
static int64_t tell_events(const struct stage *stage, const char *body, int64_t after)
{
    struct report report = { .kind = REPORT_TOLD, .channel = CHANNEL_RING, .at_us = now_us() };
    cJSON *document = cJSON_Parse(body);
    const cJSON *event;
    cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(document, "events"))
    {
        tell(stage, report, event, NULL, NULL);
        after = number_of(event, "event_id");
    }
    cJSON_Delete(document);
    return after;
}

void observe_ring(const struct stage *stage, unsigned number)
{
    int64_t after = 0;
    char path[128], *body;
    (void)number;
    stage_report(stage, &(struct report){ .kind = REPORT_READY });
    for (;;) {
        snprintf(path, sizeof path, "/v1/events?after=%lld&limit=1000&wait=10", (long long)after);
        if ((body = http_get(stage->options.http, path, RING_LIMIT_US)))
            after = tell_events(stage, body, after);
        else
            sleep_us(10000);
        free(body);
    }
}

void observe_command(const struct stage *stage, unsigned number)
{
    struct report report = { .kind = REPORT_TOLD, .channel = CHANNEL_COMMAND };
    FILE *file = fopen(stage->options.command_file, "re");
    static char line[LINE_MAX_LEN];
    size_t len = 0;
    (void)number;
    if (!file)
        err(2, "%s", stage->options.command_file);
    stage_report(stage, &(struct report){ .kind = REPORT_READY });
    for (;;) {
        if (!fgets(line + len, (int)(sizeof line - len), file)) {
            clearerr(file);
            sleep_us(2000);
            continue;
        }
        len += strlen(line + len);
        if (len == 0 || line[len - 1] != '\n')
            continue; /* the command is still writing it */
        tell_text(stage, report, line, NULL, NULL);
        len = 0;
    }
}
