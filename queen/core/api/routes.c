#include "routes.h"

#include <strings.h>

#include "health.h"
#include "intake.h"
#include "routes_fleet.h"
#include "step.h"
#include "view.h"
#include "view_health.h"

#define RESPONSE_MAX (256u * 1024 * 1024)
#define WAIT_MAX_S 60

static ms_t get_health(struct http_call *call)
{
    call->response->content_type = HEALTH_CONTENT_TYPE;
    call->response->status = view_health(call->queen, &call->response->body);
    return 0;
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
            route_fail(call, post_faults[i].status, err_name(err), e->text[0] ? e->text : post_faults[i].detail);
            return;
        }
    route_fail_with(call, 400, err, e);
}

static bool is_json(const char *content_type)
{
    size_t len = strlen(JSON_CONTENT_TYPE);
    return content_type && strncasecmp(content_type, JSON_CONTENT_TYPE, len) == 0 &&
           (content_type[len] == '\0' || content_type[len] == ';' || content_type[len] == ' ');
}

static ms_t post_heartbeat(struct http_call *call)
{
    struct errbuf e = { 0 };
    enum err err;
    if (!is_json(call->request->content_type)) {
        route_fail(call, 415, "bad_content_type", "send the heartbeat as application/json");
        return 0;
    }
    err = intake_posted(call->queen, call->request->body, &e);
    if (err != OK) {
        fail_post(call, err, &e);
    } else {
        struct json_write w = route_begin(call, 202);
        json_open(&w, '{');
        json_add_bool(&w, "accepted", true);
        json_close(&w, '}');
    }
    return 0;
}

struct events_wanted {
    int64_t after, limit, wait_s;
};

static bool parse_events(struct http_call *call, struct events_wanted *ret)
{
    const struct {
        const char *name;
        int64_t *value, high;
    } known[] = { { "after", &ret->after, INT64_MAX },
                  { "limit", &ret->limit, 1000 },
                  { "wait", &ret->wait_s, WAIT_MAX_S } };
    for (size_t i = 0; i < call->query.count; i++) {
        const struct parameter *parameter = &call->query.parameters[i];
        size_t k = 0;
        while (k < ARRAY_LEN(known) && !text_is(parameter->name, known[k].name))
            k++;
        if (k == ARRAY_LEN(known) || text_to_int(parameter->value, known[k].value) != OK || *known[k].value < 0 ||
            *known[k].value > known[k].high) {
            route_fail(call, 400, "bad_params", "known are after=EVENT_ID, limit=0..1000 and wait=0..60 (seconds)");
            return false;
        }
    }
    return true;
}

static ms_t get_events(struct http_call *call)
{
    struct events_wanted wanted = { .limit = 1000 };
    struct json_write w;
    if (!parse_events(call, &wanted))
        return 0;
    if (wanted.wait_s > 0 && !call->request->timed_out &&
        !event_ring_after(&call->queen->events, (uint64_t)wanted.after))
        return route_wait(call, QUEEN_NEWS_EVENT, wanted.wait_s * 1000);
    w = route_begin(call, 200);
    view_events(call->queen, (uint64_t)wanted.after, (size_t)wanted.limit, &w);
    return 0;
}

/* `{h}` and `{w}` stand for names. Writes need the token, if there is one. */
static const struct route {
    const char *path;
    const char *method;
    ms_t (*fn)(struct http_call *call);
    bool writes;
    const char *allow; /* every method of the path, for 405 */
} routes[] = {
    { "/health", "GET", get_health, false, "GET" },
    { "/v1/worker/heartbeat", "POST", post_heartbeat, true, "POST" },
    { "/v1/workers", "GET", route_get_workers, false, "GET" },
    { "/v1/workers/{w}", "GET", route_get, false, "GET, DELETE" },
    { "/v1/workers/{w}", "DELETE", route_delete, true, "GET, DELETE" },
    { "/v1/hives/{h}/workers/{w}", "GET", route_get, false, "GET, DELETE" },
    { "/v1/hives/{h}/workers/{w}", "DELETE", route_delete, true, "GET, DELETE" },
    { "/v1/workers/{w}/verify", "POST", route_verify_worker, true, "POST" },
    { "/v1/hives/{h}/workers/{w}/verify", "POST", route_verify_worker, true, "POST" },
    { "/v1/hives", "GET", route_get_hives, false, "GET" },
    { "/v1/hives/{h}", "GET", route_get, false, "GET, DELETE" },
    { "/v1/hives/{h}", "DELETE", route_delete, true, "GET, DELETE" },
    { "/v1/events", "GET", get_events, false, "GET" },
};

static bool take_name(struct http_call *call, struct text segment, struct text *ret)
{
    struct text name;
    if (query_decode_segment(&call->queen->arena, segment, &name) != OK || !name_is_valid(name))
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

static ms_t run(struct http_call *call, const struct route *route)
{
    struct errbuf e = { 0 };
    enum err err;
    if (route->writes && !route_may_write(call))
        return 0;
    err = query_parse(&call->queen->arena, call->request->query, &call->query, &e);
    if (err != OK) {
        route_fail_with(call, 400, err, &e);
        return 0;
    }
    return route->fn(call);
}

static ms_t dispatch(struct http_call *call)
{
    const char *method = strcmp(call->request->method, "HEAD") == 0 ? "GET" : call->request->method;
    const char *allow = NULL;
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        if (!path_matches(call, routes[i].path))
            continue;
        if (strcmp(method, routes[i].method) == 0)
            return run(call, &routes[i]);
        allow = routes[i].allow;
    }
    if (!allow) {
        route_fail(call, 404, "not_found", "no such path");
        return 0;
    }
    route_fail(call, 405, "method_not_allowed", "method not allowed for this path");
    call->response->allow = allow;
    return 0;
}

ms_t queen_http(struct queen *queen, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret,
                struct outbox *outbox)
{
    struct http_response response = { .body = { .limit = RESPONSE_MAX } };
    struct http_call call = { .queen = queen, .request = request, .response = &response };
    ms_t wait;
    queen_enter(queen, now, wall, outbox);
    wait = dispatch(&call);
    queen_leave(queen);
    if (wait > 0) {
        ret->wakes_on = response.wakes_on;
        return wait;
    }
    if (!buf_ok(&response.body)) {
        buf_clear(&response.body);
        route_fail(&call, 503, "too_large", "the answer is too large: lower the limit");
    }
    *ret = response;
    return 0;
}
