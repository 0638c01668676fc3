#include "routes_fleet.h"

#include "forget.h"
#include "listing.h"
#include "verify.h"
#include "verify_wait.h"
#include "view.h"

static ms_t verify_wait(struct http_call *call)
{
    return route_wait(call, QUEEN_NEWS_VERIFIED, call->queen->options.verify_timeout + VERIFY_WAIT_EXTRA_MS);
}

/* How long to wait for verifications that are missing; 0: none is (or there is no memory to find out). */
static ms_t verify_selected(struct http_call *call, const struct selection *selection)
{
    bool pending = false;
    (void)listing_verify(call->queen, selection, call->request->received_at, &pending);
    return pending ? verify_wait(call) : 0;
}

static void answer_list(struct http_call *call, const struct selection *selection)
{
    (void)route_begin(call, 200);
    if (listing_new(selection, call->request->received_at, &call->response->listing) != OK)
        route_fail(call, 503, "out_of_memory", "out of memory");
}

ms_t route_get_workers(struct http_call *call)
{
    ms_t wait;
    struct errbuf e = { 0 };
    struct selection selection;
    enum err err = selection_parse(&call->query, &selection, &e);
    if (err != OK) {
        route_fail_with(call, 400, err, &e);
        return 0;
    }
    if (selection.verified && !route_may_write(call)) /* it has workers asked, and may judge them */
        return 0;
    if (selection.verified && !call->request->timed_out && (wait = verify_selected(call, &selection)) > 0)
        return wait;
    answer_list(call, &selection);
    return 0;
}

ms_t route_get_hives(struct http_call *call)
{
    struct errbuf e = { 0 };
    struct selection selection;
    enum err err = selection_parse_hives(&call->query, &selection, &e);
    if (err != OK)
        route_fail(call, 400, "bad_params", e.text);
    else
        answer_list(call, &selection);
    return 0;
}

ms_t route_get(struct http_call *call)
{
    struct record *record = route_find(call);
    if (record) {
        struct json_write w = route_begin(call, 200);
        if (record_is_hive(record))
            view_hive(call->queen, record, true, &w);
        else
            view_worker(call->queen, record, true, &w);
    }
    return 0;
}

/* Begins a verification and waits for it: the request is called again when one has finished. */
ms_t route_verify_worker(struct http_call *call)
{
    struct record *record = route_find(call);
    const struct verified *verified = record ? verify_latest(record) : NULL;
    if (!record)
        return 0;
    if (verified && verified->began >= call->request->received_at) {
        struct json_write w = route_begin(call, 200);
        verified_write(record, verify_latest(record), &w);
        return 0;
    }
    if (call->request->timed_out) {
        route_fail(call, 503, "not_ready", VERIFY_NOT_READY);
        return 0;
    }
    if (!verify_begin(call->queen, record, true)) {
        route_fail(call, 503, "out_of_memory", "out of memory");
        return 0;
    }
    return verify_wait(call);
}

static bool parameter_is_true(const struct http_call *call, const char *name)
{
    for (size_t i = 0; i < call->query.count; i++)
        if (text_is(call->query.parameters[i].name, name))
            return text_is(call->query.parameters[i].value, "true");
    return false;
}

static bool takes_force_only(struct http_call *call)
{
    for (size_t i = 0; i < call->query.count; i++) {
        const struct parameter *parameter = &call->query.parameters[i];
        bool boolean = text_is(parameter->value, "true") || text_is(parameter->value, "false");
        if (!text_is(parameter->name, "force") || !boolean) {
            route_fail(call, 400, "bad_params", "known is force=true or force=false");
            return false;
        }
    }
    return true;
}

ms_t route_delete(struct http_call *call)
{
    struct record *record = takes_force_only(call) ? route_find(call) : NULL;
    if (!record)
        return 0;
    if (record->expected) {
        route_fail(call, 409, "conflict", "the worker is expected (--expect): remove it from that list first");
    } else if (record->state == STATE_ONLINE && !parameter_is_true(call, "force")) {
        route_fail(call, 409, "conflict",
                   record_is_hive(record) ? "the hive is ready: stop it first, or use ?force=true (--force)"
                                          : "the worker is online: stop it first, or use ?force=true (--force)");
    } else {
        forget_record(call->queen, record, FORGET_SEEN_NONE);
        call->response->status = 204;
    }
    return 0;
}
