#include "hive_view.h"

#include <stdio.h>
#include <utlist.h>

#include "health.h"
#include "hive_publish.h"

/* Without the broker, or without its requests, it still supervises: a warning. */
static enum health_status overall(const struct hive *hive)
{
    if (hive->status != HIVE_READY)
        return HEALTH_FAIL;
    return hive->member.is_heard ? HEALTH_PASS : HEALTH_WARN;
}

static const char *describe(const struct hive *hive)
{
    if (hive->status == HIVE_STOPPING)
        return "hive: stopping";
    if (hive->status == HIVE_STARTING)
        return "hive: its roster is not loaded yet";
    if (hive->member.claim.checking)
        return "hive: finding out who holds its id";
    if (!hive->member.linked)
        return "hive: no link to the broker";
    return hive->member.is_heard ? "hive" : "hive: the broker hands it no requests";
}

int hive_view_health(const struct hive *hive, struct buf *ret)
{
    struct json_write w = json_write_to(ret);
    struct worker_tally tally = tally_workers(hive);
    enum health_status status = overall(hive);
    char service[16 + NAME_SIZE];
    struct health_holder holder = { hive->options.session, claim_held(&hive->member.claim, hive->now) };
    snprintf(service, sizeof service, "hive/%s", hive->options.id);
    health_open(&w, status, hive->options.version, service, describe(hive), &holder);
    health_check_str(&w, "mqtt:link", hive->member.linked ? "up" : "down",
                     hive->member.linked ? HEALTH_PASS : HEALTH_WARN);
    health_check_int(&w, "workers:total", tally.total, NULL, HEALTH_PASS);
    health_check_int(&w, "workers:running", tally.running, NULL, HEALTH_PASS);
    health_check_int(&w, "workers:exited", tally.exited, NULL, HEALTH_PASS);
    health_check_int(&w, "workers:failed", tally.failed, NULL, tally.failed ? HEALTH_WARN : HEALTH_PASS);
    health_check_int(&w, "messages:ignored", (int64_t)(hive->ignored + hive->member.ignored), NULL, HEALTH_PASS);
    if (hive->refused_transitions)
        health_check_int(&w, "transitions:refused", (int64_t)hive->refused_transitions, NULL, HEALTH_WARN);
    health_close(&w);
    return health_http_status(status);
}

void hive_view_workers(const struct hive *hive, size_t limit, const char *cursor, struct buf *ret)
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
