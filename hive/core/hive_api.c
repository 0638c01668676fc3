#include "hive_api.h"

#include <stdio.h>
#include <utlist.h>

#include "health.h"
#include "hive_publish.h"
#include "json_write.h"
#include "problem.h"
#include "query.h"

#define LIMIT_DEFAULT 100 /* of worker.list; over HTTP it is the most */

static bool is_asked_too_much(const struct hive *hive)
{
    return request_limit_is_pressed(&hive->requests, hive->now);
}

/* A start that cannot be recorded does not happen. */
static bool cannot_record(const struct hive *hive)
{
    WORKERS_EACH(worker, hive)
    {
        if (worker->process.unrecorded)
            return true;
    }
    return false;
}

/* Without the broker, or without its requests, it still supervises, and so it does with workers that cannot start: a
 * warning. */
static enum health_status overall(const struct hive *hive)
{
    if (hive->status != HIVE_READY || cannot_record(hive))
        return HEALTH_FAIL;
    if (!hive->member.rpc_subscribed || is_asked_too_much(hive) || tally_workers(hive).failed > 0)
        return HEALTH_WARN;
    return HEALTH_PASS;
}

static const char *describe(const struct hive *hive)
{
    if (hive->status == HIVE_STOPPING)
        return "hive: stopping";
    if (hive->status == HIVE_STARTING)
        return "hive: its roster is not loaded yet";
    if (cannot_record(hive))
        return "hive: cannot write to its --state-dir, so that workers are not started";
    if (hive->member.claim.checking)
        return "hive: finding out who holds its id";
    if (!hive->member.linked)
        return "hive: no link to the broker";
    if (is_asked_too_much(hive))
        return "hive: more requests over MQTT than it answers";
    if (!hive->member.rpc_subscribed)
        return "hive: the broker hands it no requests";
    return tally_workers(hive).failed > 0 ? "hive: workers cannot be started" : "hive";
}

static int put_health(const struct hive *hive, struct buf *ret)
{
    struct json_write w = json_write_to(ret);
    struct worker_tally tally = tally_workers(hive);
    enum health_status status = overall(hive);
    char service[16 + NAME_SIZE];
    struct health_holder holder = { hive->options.session, hive->options.pid,
                                    claim_held(&hive->member.claim, hive->now) };
    snprintf(service, sizeof service, "hive/%s", hive->options.id);
    health_open(&w, status, hive->options.version, service, describe(hive), &holder);
    health_check_str(&w, "mqtt:link", hive->member.is_connected ? "up" : "down",
                     hive->member.is_connected ? HEALTH_PASS : HEALTH_WARN);
    health_check_int(&w, "workers:total", tally.total, NULL, HEALTH_PASS);
    health_check_int(&w, "workers:running", tally.running, NULL, HEALTH_PASS);
    health_check_int(&w, "workers:exited", tally.exited, NULL, HEALTH_PASS);
    health_check_int(&w, "workers:failed", tally.failed, NULL, tally.failed ? HEALTH_WARN : HEALTH_PASS);
    health_check_int(&w, "messages:ignored", (int64_t)(hive->ignored + hive->member.ignored), NULL, HEALTH_PASS);
    if (hive->requests.refused)
        health_check_int(&w, "requests:refused", (int64_t)hive->requests.refused, NULL,
                         is_asked_too_much(hive) ? HEALTH_WARN : HEALTH_PASS);
    if (hive->refused_transitions)
        health_check_int(&w, "transitions:refused", (int64_t)hive->refused_transitions, NULL, HEALTH_WARN);
    health_close(&w);
    return health_http_status(status);
}

static void put_workers(const struct hive *hive, size_t limit, const char *cursor, struct buf *ret)
{
    struct json_write w = json_write_to(ret);
    const struct hive_worker *worker = hive->workers, *last = NULL;
    while (worker && cursor && strcmp(worker->name, cursor) <= 0)
        worker = worker->next;
    json_open(&w, '{');
    json_open_member(&w, "workers", '[');
    for (; worker && limit > 0; worker = worker->next, limit--) {
        worker_witness_put(hive, worker, &w);
        last = worker;
    }
    json_close(&w, ']');
    json_add_str(&w, "next", worker && last ? last->name : NULL);
    json_close(&w, '}');
}

static void answer_health(void *self, const struct call *call)
{
    (void)put_health(self, call->result);
}

/* Answered in a later turn of the loop: an end that the kernel has reported by now is witnessed before (R10). */
static void answer_beat(void *self, const struct call *call)
{
    struct hive *hive = self;
    beat_demand_add(&hive->demand, call);
    hive->demand.next_at = ms_max(hive->demand.next_at, hive->now + 1);
}

static void answer_list(void *self, const struct call *call)
{
    const struct parameter *given = query_find(call->params, "limit");
    int64_t limit = LIMIT_DEFAULT;
    const char *cursor;
    if (given && (!given->is_number || parameter_number(given, 1, ROSTER_MAX, &limit, NULL) != OK))
        reply_error(call->asker, call->outbox, REQUEST_BAD_PARAMS, "limit: must be a whole number from 1 to %d",
                    ROSTER_MAX);
    else if (call_id(call, "cursor", false, &cursor))
        put_workers(self, (size_t)limit, cursor, call->result);
}

static void reply_state(const struct call *call, const struct hive_worker *worker)
{
    struct json_write w = json_write_to(call->result);
    json_open(&w, '{');
    json_add_str(&w, "worker_id", worker->name);
    json_add_str(&w, "state", witness_state_name((int)worker->process.state));
    json_close(&w, '}');
}

/* The worker that is meant; NULL: the reply says why there is none to be commanded. */
static struct hive_worker *take_worker(struct hive *hive, const struct call *call)
{
    struct hive_worker *worker;
    const char *name;
    if (!call_id(call, "worker_id", true, &name))
        return NULL;
    worker = hive_find(hive, name);
    if (worker && worker->listed && hive->status == HIVE_READY)
        return worker;
    if (worker && worker->listed)
        reply_error(call->asker, call->outbox, REQUEST_NOT_READY, "the hive is stopping");
    else
        reply_error(call->asker, call->outbox, REQUEST_NOT_FOUND, "hive %s has no worker %s", hive->options.id, name);
    return NULL;
}

static void answer_start(void *self, const struct call *call)
{
    struct hive_worker *worker = take_worker(self, call);
    if (!worker)
        return;
    process_start(&worker->process);
    reply_state(call, worker);
}

static void end_by(struct hive *hive, const struct call *call, void (*end)(struct process *process, ms_t now))
{
    struct hive_worker *worker = take_worker(hive, call);
    if (!worker)
        return;
    end(&worker->process, hive->now);
    reply_state(call, worker);
}

static void answer_stop(void *self, const struct call *call)
{
    end_by(self, call, process_stop);
}

static void answer_restart(void *self, const struct call *call)
{
    end_by(self, call, process_restart);
}

static const struct method methods[] = {
    { "health", answer_health },      { "beat", answer_beat },        { "worker.list", answer_list },
    { "worker.start", answer_start }, { "worker.stop", answer_stop }, { "worker.restart", answer_restart },
};

const struct responder hive_responder = { methods, ARRAY_LEN(methods) };

static void get_health(struct hive *hive, struct http_response *ret)
{
    ret->content_type = HEALTH_CONTENT_TYPE;
    ret->status = put_health(hive, &ret->body);
}

/* False: a parameter is wrong. */
static bool take_page(const struct query *query, int64_t *ret_limit, const char **ret_cursor)
{
    for (size_t i = 0; i < query->count; i++) {
        const struct parameter *parameter = &query->parameters[i];
        if (text_is(parameter->name, "cursor") && text_is_id(parameter->value))
            *ret_cursor = parameter->value.at;
        else if (!text_is(parameter->name, "limit") ||
                 parameter_number(parameter, 1, ROSTER_MAX, ret_limit, NULL) != OK)
            return false;
    }
    return true;
}

static void get_workers(struct hive *hive, const struct query *query, struct http_response *ret)
{
    int64_t limit = ROSTER_MAX;
    const char *cursor = NULL;
    if (!take_page(query, &limit, &cursor)) {
        http_fail(ret, 400, "bad_params", "known are limit=1..1000 and cursor=NAME");
        return;
    }
    ret->status = 200;
    ret->content_type = "application/json";
    put_workers(hive, (size_t)limit, cursor, &ret->body);
}

static void answer(struct hive *hive, const struct http_request *request, struct http_response *ret)
{
    bool is_health = strcmp(request->path, "/health") == 0;
    struct errbuf e = { 0 };
    struct query query;
    if (!is_health && strcmp(request->path, "/v1/workers") != 0) {
        http_fail(ret, 404, "not_found", "no such path");
    } else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        http_fail(ret, 405, "method_not_allowed", "method not allowed for this path");
        ret->allow = "GET";
    } else if (query_parse(&hive->arena, request->query, &query, &e) != OK) {
        http_fail(ret, 400, "bad_params", e.text);
    } else if (is_health) {
        get_health(hive, ret);
    } else {
        get_workers(hive, &query, ret);
    }
}

void hive_http(struct hive *hive, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret)
{
    struct http_response response = { 0 };
    hive->now = now;
    hive->wall = wall;
    answer(hive, request, &response);
    arena_reset(&hive->arena);
    if (!buf_ok(&response.body)) {
        buf_clear(&response.body);
        http_fail(&response, 503, "out_of_memory", "out of memory: request fewer workers");
    }
    *ret = response;
}
