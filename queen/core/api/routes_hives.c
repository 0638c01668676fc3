/* HTTP on hives: the list, and one of them. */
#include "routes_parts.h"
#include "selection.h"
#include "view.h"

ms_t route_get_hives(struct http_call *call)
{
    struct errbuf e = { 0 };
    struct selection selection;
    enum err err = selection_parse_hives(&call->query, &selection, &e);
    if (err != OK)
        route_fail(call, 400, "bad_params", e.text);
    else
        route_list(call, &selection);
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
