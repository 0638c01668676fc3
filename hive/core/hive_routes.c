#include "hive_routes.h"

#include "health.h"
#include "hive_view.h"
#include "query.h"

struct hive_call {
    struct hive *hive;
    struct query query;
    struct http_response *response;
};

static void get_health(struct hive_call *call)
{
    call->response->content_type = HEALTH_CONTENT_TYPE;
    call->response->status = hive_view_health(call->hive, &call->response->body);
}

/* False: a parameter is wrong. */
static bool take_page(const struct hive_call *call, int64_t *ret_limit, const char **ret_cursor)
{
    for (size_t i = 0; i < call->query.count; i++) {
        const struct parameter *parameter = &call->query.parameters[i];
        if (text_is(parameter->name, "cursor") && name_is_valid(parameter->value))
            *ret_cursor = parameter->value.at;
        else if (!text_is(parameter->name, "limit") || text_to_int(parameter->value, ret_limit) != OK ||
                 *ret_limit < 1 || *ret_limit > HIVE_VIEW_LIMIT_MAX)
            return false;
    }
    return true;
}

static void get_workers(struct hive_call *call)
{
    int64_t limit = HIVE_VIEW_LIMIT_MAX;
    const char *cursor = NULL;
    if (!take_page(call, &limit, &cursor)) {
        http_fail(call->response, 400, "bad_params", "known are limit=1..1000 and cursor=NAME");
        return;
    }
    call->response->status = 200;
    call->response->content_type = "application/json";
    hive_view_workers(call->hive, (size_t)limit, cursor, &call->response->body);
}

static const struct route {
    const char *path;
    void (*get)(struct hive_call *call);
} routes[] = {
    { "/health", get_health },
    { "/v1/workers", get_workers },
};

static const struct route *find(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        if (strcmp(path, routes[i].path) == 0)
            return &routes[i];
    return NULL;
}

static bool is_get(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static void answer(struct hive_call *call, const struct http_request *request)
{
    const struct route *route = find(request->path);
    struct errbuf e = { 0 };
    if (!route) {
        http_fail(call->response, 404, "not_found", "no such path");
    } else if (!is_get(request->method)) {
        http_fail(call->response, 405, "method_not_allowed", "method not allowed for this path");
        call->response->allow = "GET";
    } else if (query_parse(&call->hive->arena, request->query, &call->query, &e) != OK) {
        http_fail(call->response, 400, "bad_params", e.text);
    } else {
        route->get(call);
    }
}

void hive_http(struct hive *hive, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret)
{
    struct http_response response = { 0 };
    struct hive_call call = { .hive = hive, .response = &response };
    hive->now = now;
    hive->wall = wall;
    answer(&call, request);
    arena_reset(&hive->arena);
    if (!buf_ok(&response.body)) {
        buf_clear(&response.body);
        http_fail(&response, 503, "out_of_memory", "out of memory: request fewer workers");
    }
    *ret = response;
}
