/* HTTP on hives: the list, and one of them. */
#include "routes_parts.h"
#include "selection.h"
#include "view.h"

static bool parse(struct http_call *call, int64_t *ret_cursor, int64_t *ret_limit)
{
    for (size_t i = 0; i < call->query.count; i++) {
        const struct parameter *parameter = &call->query.parameters[i];
        bool is_limit = text_is(parameter->name, "limit");
        int64_t *value = is_limit ? ret_limit : ret_cursor;
        if ((!is_limit && !text_is(parameter->name, "cursor")) || text_to_int(parameter->value, value) != OK ||
            *value < 1 || (is_limit && *value > SELECTION_LIMIT_MAX)) {
            route_fail(call, 400, "bad_params",
                       "known are limit=1..100000 and cursor=N, the `next` of the page before");
            return false;
        }
    }
    return true;
}

ms_t route_get_hives(struct http_call *call)
{
    int64_t cursor = 0, limit = SELECTION_LIMIT_DEFAULT;
    struct json_write w;
    if (!parse(call, &cursor, &limit))
        return 0;
    w = route_begin(call, 200);
    view_hives(call->queen, (uint64_t)cursor, (size_t)limit, &w);
    return 0;
}

ms_t route_get_hive(struct http_call *call)
{
    struct record *record = route_find(call);
    if (record) {
        struct json_write w = route_begin(call, 200);
        view_hive(call->queen, record, true, &w);
    }
    return 0;
}
