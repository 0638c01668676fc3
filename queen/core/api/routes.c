#include "routes.h"

#include <strings.h>

#include "fleet_numbers.h"
#include "forget.h"
#include "health.h"
#include "http_call.h"
#include "intake.h"
#include "json_write.h"
#include "listing.h"
#include "metrics_page.h"
#include "rations.h"
#include "step.h"
#include "targets.h"
#include "verify.h"
#include "verify_wait.h"
#include "view.h"
#include "view_health.h"

#define RESPONSE_MAX (256u * 1024 * 1024)
#define WAIT_MAX_S 60
#define METRICS_PATH "/metrics"

/* An answer in slices, which could be made or not. */
static void answer_slices(struct http_call *call, const char *content_type, enum err made)
{
    call->response->status = 200;
    call->response->content_type = content_type;
    if (made != OK)
        http_call_fail(call, 503, "out_of_memory", "out of memory");
}

static void answer_list(struct http_call *call, const struct selection *selection)
{
    call->response->wakes_on = QUEEN_CHANGED_VERIFIED;
    answer_slices(call, JSON_CONTENT_TYPE,
                  listing_new(selection, call->request->received_at, &call->response->listing));
}

static void route_get_workers(struct http_call *call)
{
    struct errbuf e = { 0 };
    struct selection selection;
    enum err err = selection_parse(&call->query, &selection, &e);
    if (err != OK)
        http_call_fail_with(call, 400, err, &e);
    else if (!selection.verified || http_call_may_write(call)) /* verified: it has workers asked, and may judge them */
        answer_list(call, &selection);
}

static void route_get_hives(struct http_call *call)
{
    struct errbuf e = { 0 };
    struct selection selection;
    if (selection_parse_hives(&call->query, &selection, &e) != OK)
        http_call_fail(call, 400, "bad_params", e.text);
    else
        answer_list(call, &selection);
}

static void route_get(struct http_call *call)
{
    struct record *record = http_call_find(call);
    if (record) {
        struct json_write w = http_call_begin(call, 200);
        (record_is_hive(record) ? view_hive : view_worker)(call->queen, record, true, &w);
    }
}

/* Begins a verification and waits for it: the request is called again when one has finished. */
static void route_verify_worker(struct http_call *call)
{
    struct record *record = http_call_find(call);
    const struct verified *verified = record ? verify_latest(record) : NULL;
    enum err err;
    if (!record)
        return;
    if (verified && verified->began >= call->request->received_at) {
        struct json_write w = http_call_begin(call, 200);
        verified_write(record, verified, &w);
    } else if (call->request->timed_out) {
        http_call_fail(call, 503, "not_ready", VERIFY_NOT_READY);
    } else if ((err = verify_begin(call->queen, record, VERIFY_BY_HAND)) == ERR_FULL) {
        http_call_fail(call, 503, "busy", VERIFY_FULL);
    } else if (err != OK) {
        http_call_fail(call, 503, "out_of_memory", "out of memory");
    } else {
        http_call_wait(call, QUEEN_CHANGED_VERIFIED, call->queen->options.verify_timeout + VERIFY_WAIT_EXTRA_MS);
    }
}

/* `workers`: NULL where there is no such parameter. */
static bool parse_delete(struct http_call *call, bool *force, bool *workers)
{
    for (size_t i = call->query.count; i-- > 0;) { /* the first of a name counts */
        const struct parameter *parameter = &call->query.parameters[i];
        bool *value = text_is(parameter->name, "force") ? force : text_is(parameter->name, "workers") ? workers : NULL;
        if (!value || !(text_is(parameter->value, "true") || text_is(parameter->value, "false"))) {
            http_call_fail(call, 400, "bad_params",
                           workers ? "known are force and workers, each true or false"
                                   : "known is force=true or force=false");
            return false;
        }
        *value = text_is(parameter->value, "true");
    }
    return true;
}

/* With all its workers, also of a hive that never announced itself. */
static void delete_whole_hive(struct http_call *call, bool force)
{
    struct registry *registry = &call->queen->registry;
    struct record *hive = registry_find(registry, call->hive, call->worker);
    const struct share *share = share_find(&registry->shares, call->hive);
    bool has_workers = share && share->has[RATION_WORKERS] + share->has[RATION_EXPECTED] > 0;
    if (!hive && !has_workers) {
        http_call_fail(call, 404, "not_found", "no hive of that name is known");
    } else if (!force && ((hive && hive->state == STATE_ONLINE) || (share && share->states[STATE_ONLINE] > 0))) {
        http_call_fail(call, 409, "conflict", "the hive is ready or has workers online: use ?force=true (--force)");
    } else {
        forget_hive(call->queen, call->hive, hive);
        call->response->status = 202;
    }
}

static void route_delete(struct http_call *call)
{
    bool force = false, workers = false, is_hive = !call->worker.at;
    struct record *record;
    if (!parse_delete(call, &force, is_hive ? &workers : NULL))
        return;
    if (workers) {
        delete_whole_hive(call, force);
        return;
    }
    if (!(record = http_call_find(call)))
        return;
    if (record->expected) {
        http_call_fail(call, 409, "conflict", "the worker is expected (--expect): remove it from that list first");
    } else if (record->state == STATE_ONLINE && !force) {
        http_call_fail(call, 409, "conflict",
                       record_is_hive(record) ? "the hive is ready: stop it first, or use ?force=true (--force)"
                                              : "the worker is online: stop it first, or use ?force=true (--force)");
    } else {
        forget_record(call->queen, record, FORGET_SEEN_NONE);
        call->response->status = 204;
    }
}

static void get_health(struct http_call *call)
{
    call->response->content_type = HEALTH_CONTENT_TYPE;
    call->response->status = view_health(call->queen, &call->response->body);
}

static const struct {
    enum err err;
    int status;
    const char *detail; /* where the fault has no sentence of its own */
} post_faults[] = {
    { ERR_TOO_LARGE, 413, "the document is larger than 16 KiB" },
    { ERR_CONFLICT, 409, "another process of this worker is online over MQTT" },
    { ERR_FULL, 503, "the registry is full (--max-workers, --max-state)" },
    { ERR_NOMEM, 503, "out of memory" },
};

static void fail_post(struct http_call *call, enum err err, struct errbuf *e)
{
    bool is_field = err == ERR_TOO_LARGE && call->request->body.len <= ROUTES_BODY_MAX; /* not the document */
    for (size_t i = 0; !is_field && i < ARRAY_LEN(post_faults); i++)
        if (post_faults[i].err == err) {
            http_call_fail(call, post_faults[i].status, err_name(err), e->text[0] ? e->text : post_faults[i].detail);
            return;
        }
    http_call_fail_with(call, 400, err, e);
}

static bool is_json(const char *content_type)
{
    size_t len = strlen(JSON_CONTENT_TYPE);
    return content_type && strncasecmp(content_type, JSON_CONTENT_TYPE, len) == 0 &&
           (content_type[len] == '\0' || content_type[len] == ';' || content_type[len] == ' ');
}

static void post_heartbeat(struct http_call *call)
{
    struct errbuf e = { 0 };
    enum err err;
    if (!is_json(call->request->content_type)) {
        http_call_fail(call, 415, "bad_content_type", "send the heartbeat as application/json");
    } else if ((err = intake_posted(call->queen, call->request->body, &e)) != OK) {
        fail_post(call, err, &e);
    } else {
        struct json_write w = http_call_begin(call, 202);
        json_open(&w, '{');
        json_add_bool(&w, "accepted", true);
        json_close(&w, '}');
    }
}

static void get_events(struct http_call *call)
{
    int64_t after = 0, limit = 1000, wait_s = 0;
    const struct query_number known[] = { { "after", 0, INT64_MAX, &after },
                                          { "limit", 0, 1000, &limit },
                                          { "wait", 0, WAIT_MAX_S, &wait_s } };
    if (query_numbers(&call->query, known, ARRAY_LEN(known)) != OK) {
        http_call_fail(call, 400, "bad_params", "known are after=EVENT_ID, limit=0..1000 and wait=0..60 (seconds)");
    } else if (wait_s > 0 && !call->request->timed_out && !event_ring_after(&call->queen->events, (uint64_t)after)) {
        http_call_wait(call, QUEEN_CHANGED_EVENT, wait_s * 1000);
    } else {
        struct json_write w = http_call_begin(call, 200);
        view_events(call->queen, (uint64_t)after, (size_t)limit, &w);
    }
}

/* `state` is taken out of the query: the others are numbers. */
static bool parse_incidents(struct http_call *call, enum view_incidents *which)
{
    struct query *query = &call->query;
    for (size_t i = 0; i < query->count; i++) {
        struct text value = query->parameters[i].value;
        if (!text_is(query->parameters[i].name, "state"))
            continue;
        *which = text_is(value, "open") ? INCIDENTS_OPEN : text_is(value, "ended") ? INCIDENTS_ENDED : INCIDENTS_ALL;
        query->parameters[i] = query->parameters[--query->count];
        return *which != INCIDENTS_ALL;
    }
    return true;
}

static void get_incidents(struct http_call *call)
{
    int64_t cursor = 0, limit = 1000;
    const struct query_number known[] = { { "cursor", 1, INT64_MAX, &cursor }, { "limit", 1, 1000, &limit } };
    enum view_incidents which = INCIDENTS_ALL;
    if (!parse_incidents(call, &which) || query_numbers(&call->query, known, ARRAY_LEN(known)) != OK) {
        http_call_fail(call, 400, "bad_params",
                       "known are state=open or ended, limit=1..1000 and cursor=N, the `next` of the page before");
    } else {
        struct json_write w = http_call_begin(call, 200);
        view_incidents(call->queen, which, (uint64_t)cursor, (size_t)limit, &w);
    }
}

static void get_metrics(struct http_call *call)
{
    int64_t workers = 0;
    const struct query_number known = { "workers", 0, 1, &workers };
    enum metrics_format format = metrics_format_of(call->request->accept);
    if (query_numbers(&call->query, &known, 1) != OK)
        http_call_fail(call, 400, "bad_params", "known is workers=1, for series of each worker");
    else
        answer_slices(call, metrics_content_type(format),
                      metrics_page_new(call->queen, format, workers == 1, &call->response->listing));
}

static void get_fleet(struct http_call *call)
{
    int64_t limit = FLEET_LIMIT_DEFAULT;
    const struct query_number known = { "limit", 1, FLEET_LIMIT_MAX, &limit };
    if (query_numbers(&call->query, &known, 1) != OK)
        http_call_fail(call, 400, "bad_params", "known is limit=1..1000");
    else
        answer_slices(call, JSON_CONTENT_TYPE, fleet_numbers_new((size_t)limit, &call->response->listing));
}

static void get_targets(struct http_call *call)
{
    struct errbuf e = { 0 };
    struct targets_wanted wanted;
    enum err err = targets_parse(&call->query, &wanted, &e);
    if (err != OK)
        http_call_fail_with(call, 400, err, &e);
    else
        answer_slices(call, JSON_CONTENT_TYPE, targets_new(&wanted, call->request->host, &call->response->listing));
}

/* `{h}` and `{w}` stand for names. Whatever does not only read needs the token, if there is one. */
static const struct route {
    const char *path;
    const char *allow; /* its methods, for 405 */
    void (*get)(struct http_call *call), (*post)(struct http_call *call), (*remove)(struct http_call *call);
} routes[] = {
    { "/health", "GET", .get = get_health },
    { "/v1/worker/heartbeat", "POST", .post = post_heartbeat },
    { "/v1/workers", "GET", .get = route_get_workers },
    { "/v1/workers/{w}", "GET, DELETE", .get = route_get, .remove = route_delete },
    { "/v1/hives/{h}/workers/{w}", "GET, DELETE", .get = route_get, .remove = route_delete },
    { "/v1/workers/{w}/verify", "POST", .post = route_verify_worker },
    { "/v1/hives/{h}/workers/{w}/verify", "POST", .post = route_verify_worker },
    { "/v1/hives", "GET", .get = route_get_hives },
    { "/v1/hives/{h}", "GET, DELETE", .get = route_get, .remove = route_delete },
    { "/v1/events", "GET", .get = get_events },
    { "/v1/incidents", "GET", .get = get_incidents },
    { "/v1/fleet", "GET", .get = get_fleet },
    { "/v1/sd", "GET", .get = get_targets },
    { METRICS_PATH, "GET", .get = get_metrics },
};

static bool take_name(struct http_call *call, struct text segment, struct text *ret)
{
    struct text name;
    if (query_decode_segment(&call->queen->arena, segment, &name) != OK || !text_is_id(name))
        return false;
    *ret = name;
    return true;
}

static bool path_matches(struct http_call *call, const char *pattern)
{
    struct text want = text_of(pattern), have = text_of(call->request->path);
    call->hive = call->worker = (struct text){ 0 };
    while (want.at && have.at) {
        struct text pattern_part = text_split(&want, '/'), part = text_split(&have, '/');
        bool same = text_is(pattern_part, "{h}")   ? take_name(call, part, &call->hive)
                    : text_is(pattern_part, "{w}") ? take_name(call, part, &call->worker)
                                                   : text_equal(pattern_part, part);
        if (!same)
            return false;
    }
    return !want.at && !have.at;
}

static void run(struct http_call *call, const struct route *route)
{
    const char *method = call->request->method;
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    void (*fn)(struct http_call * call) = reads                           ? route->get
                                          : strcmp(method, "POST") == 0   ? route->post
                                          : strcmp(method, "DELETE") == 0 ? route->remove
                                                                          : NULL;
    struct errbuf e = { 0 };
    enum err err;
    if (!fn) {
        http_call_fail(call, 405, "method_not_allowed", "method not allowed for this path");
        call->response->allow = route->allow;
    } else if (reads || http_call_may_write(call)) {
        if ((err = query_parse(&call->queen->arena, call->request->query, &call->query, &e)) == OK)
            fn(call);
        else
            http_call_fail_with(call, 400, err, &e);
    }
}

static void dispatch(struct http_call *call)
{
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        if (path_matches(call, routes[i].path)) {
            run(call, &routes[i]);
            return;
        }
    http_call_fail(call, 404, "not_found", "no such path");
}

bool queen_http_needs_process(const struct http_request *request)
{
    return strcmp(request->path, METRICS_PATH) == 0;
}

ms_t queen_http(struct queen *queen, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret,
                struct outbox *outbox)
{
    struct http_response response = { .body = { .limit = RESPONSE_MAX } };
    struct http_call call = { .queen = queen, .request = request, .response = &response };
    queen_enter(queen, now, wall, outbox);
    dispatch(&call);
    queen_leave(queen);
    if (call.wait > 0) {
        ret->wakes_on = response.wakes_on;
        return call.wait;
    }
    if (!buf_ok(&response.body)) {
        buf_clear(&response.body);
        http_call_fail(&call, 503, "too_large", "the answer is too large: lower the limit");
    }
    *ret = response;
    return 0;
}
