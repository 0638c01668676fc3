/* worker_answer.c - requests to a worker, and the replies. */
#include <math.h>
#include <stdio.h>

#include "health.h"
#include "responder.h"
#include "worker_private.h"

/* The worker and the input that carries its request. */
struct asked {
    struct worker *worker;
    const struct worker_input *input;
};

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

static void answer_health(void *self, const struct call *call)
{
    const struct asked *asked = self;
    const struct worker *worker = asked->worker;
    const struct facts *facts = &worker->facts;
    enum health_status status = health_of(worker, asked->input->now);
    struct json_write w = json_write_to(call->result);
    char service[sizeof "worker//" + 2 * NAME_MAX_LEN];

    snprintf(service, sizeof service, "worker/%s/%s", worker->hive, worker->name);
    health_open(&w, status, facts->version[0] ? facts->version : SKEP_VERSION, service, "skep worker");
    health_check_str(&w, "worker:status", facts->status, status);
    health_check_int(&w, "heartbeat:seq", (int64_t)worker->seq, NULL, HEALTH_PASS);
    health_check_int(&w, "broker:connection", worker->identity.connection, NULL, HEALTH_PASS);
    health_check_int(&w, "messages:ignored", (int64_t)worker->ignored, NULL, HEALTH_PASS);
    if (facts->progressed_at != MS_NEVER)
        health_check_int(&w, "work:progress_age", ms_max(0, asked->input->now - facts->progressed_at), "ms", status);
    check_if_known(&w, "work:inflight", facts->inflight, NULL);
    check_if_known(&w, "work:queue_depth", facts->queue_depth, NULL);
    health_close(&w);
}

static void answer_beat(void *self, const struct call *call)
{
    const struct asked *asked = self;
    uint64_t seq = asked->worker->seq;

    worker_beat(asked->worker, asked->input->now, asked->input->wall, call->outbox);
    buf_printf(call->result, "{\"seq\":%llu}", (unsigned long long)seq);
}

static const struct method methods[] = {
    { "health", answer_health },
    { "beat", answer_beat },
};
static const struct responder responder = { methods, ARRAY_LEN(methods) };

void worker_answer(struct worker *worker, struct text method, const struct worker_input *input, struct outbox *outbox)
{
    struct asked asked = { worker, input };
    struct request request = { .method = method,
                               .payload = input->message.payload,
                               .response_topic = input->message.response_topic,
                               .correlation = input->message.correlation,
                               .stored = input->message.retain };

    if (!responder_answer(&responder, &asked, worker->root, &request, outbox))
        worker->ignored++;
}
