/* worker_answer.c - requests to a worker, and the replies. */
#include <math.h>

#include "health.h"
#include "json.h"
#include "worker_private.h"

#define REPLY_EXPIRY_S 60 /* nobody waits longer for a reply */

static bool params_are_fine(struct text payload)
{
    struct cJSON *params;
    struct arena arena;
    bool fine;

    if (payload.len == 0)
        return true;
    arena_init(&arena, 0);
    fine = payload.at[strspn(payload.at, " \t\r\n")] == '{' && json_parse(&arena, payload, &params, NULL) == OK;
    arena_clear(&arena);
    return fine;
}

static enum health_status health_of(const struct worker *worker, ms_t now)
{
    if (facts_is_stalled(&worker->facts, now))
        return HEALTH_FAIL;
    return strcmp(worker->facts.status, "error") == 0 ? HEALTH_WARN : HEALTH_PASS;
}

static void check_if_known(struct json_write *w, const char *name, double value, const char *unit)
{
    if (!isnan(value))
        health_check_int(w, name, (int64_t)value, unit, HEALTH_PASS);
}

static void answer_health(struct worker *worker, const struct worker_input *input, struct json_write *w,
                          struct outbox *outbox)
{
    const struct facts *facts = &worker->facts;
    enum health_status status = health_of(worker, input->now);

    (void)outbox;
    health_open(w, status, facts->version[0] ? facts->version : SKEP_VERSION, worker->name, "skep worker");
    health_check_str(w, "worker:status", facts->status, status);
    health_check_int(w, "heartbeat:seq", (int64_t)worker->seq, NULL, HEALTH_PASS);
    health_check_int(w, "broker:connection", worker->identity.connection, NULL, HEALTH_PASS);
    health_check_int(w, "messages:ignored", (int64_t)worker->ignored, NULL, HEALTH_PASS);
    if (facts->progressed_at != MS_NEVER)
        health_check_int(w, "work:progress_age", ms_max(0, input->now - facts->progressed_at), "ms", status);
    check_if_known(w, "work:inflight", facts->inflight, NULL);
    check_if_known(w, "work:queue_depth", facts->queue_depth, NULL);
    health_close(w);
}

static void answer_beat(struct worker *worker, const struct worker_input *input, struct json_write *w,
                        struct outbox *outbox)
{
    uint64_t seq = worker->seq;

    worker_beat(worker, input->now, input->wall, outbox);
    json_open(w, '{');
    json_key(w, "seq");
    json_put_int(w, (int64_t)seq);
    json_close(w, '}');
}

static const struct method {
    const char *name;
    void (*answer)(struct worker *worker, const struct worker_input *input, struct json_write *w,
                   struct outbox *outbox);
} methods[] = {
    { "health", answer_health },
    { "beat", answer_beat },
};

static const struct method *method_find(struct text name)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (text_is(name, methods[i].name))
            return &methods[i];
    return NULL;
}

static void write_error(struct json_write *w, const char *code, const char *message)
{
    json_key(w, "error");
    json_open(w, '{');
    json_key(w, "code");
    json_put_str(w, code);
    json_key(w, "message");
    json_put_str(w, message);
    json_close(w, '}');
}

static void write_reply(struct worker *worker, struct text name, const struct worker_input *input, struct json_write *w,
                        struct outbox *outbox)
{
    const struct method *method = method_find(name);

    json_open(w, '{');
    if (!method) {
        write_error(w, "no_method", "a worker answers health and beat");
    } else if (!params_are_fine(input->message.payload)) {
        write_error(w, "bad_params", "the parameters must be one JSON object, or nothing");
    } else {
        json_key(w, "result");
        method->answer(worker, input, w, outbox);
    }
    json_close(w, '}');
}

static void publish_reply(const struct worker_message *request, const struct buf *json, struct outbox *outbox)
{
    char *topic = arena_copy(&outbox->arena, request->response_topic);
    struct publish reply = { .topic = topic,
                             .payload = buf_text(json),
                             .qos = 1,
                             .content_type = "application/json",
                             .expiry_s = REPLY_EXPIRY_S,
                             .correlation = request->correlation };

    if (topic && buf_ok(json))
        outbox_publish(outbox, &reply);
    else
        outbox->failed = true;
}

/* A stored request is nobody's question, and a reply may only go where replies live. */
void worker_answer(struct worker *worker, struct text method, const struct worker_input *input, struct outbox *outbox)
{
    struct buf json = BUF_INIT;
    struct json_write w = json_write_to(&json);

    if (input->message.retain || !topic_is_reply(worker->root, input->message.response_topic)) {
        worker->ignored++;
        return;
    }
    write_reply(worker, method, input, &w, outbox);
    publish_reply(&input->message, &json, outbox);
    buf_clear(&json);
}
