/* worker_health.c - the health document of a worker. */
#include <math.h>
#include <stdio.h>

#include "health.h"
#include "worker.h"

static enum health_status health_of(const struct worker_view *view, const struct facts *facts, ms_t now)
{
    if (facts_is_stalled(facts, now))
        return HEALTH_FAIL;
    return !view->online || facts->feed_lost || strcmp(facts->status, "error") == 0 ? HEALTH_WARN : HEALTH_PASS;
}

static void check_if_known(struct json_write *w, const char *name, double value)
{
    if (!isnan(value))
        health_check_int(w, name, (int64_t)value, NULL, HEALTH_PASS);
}

int worker_health(const struct worker_view *view, const struct facts *facts, ms_t now, struct buf *ret)
{
    enum health_status status = health_of(view, facts, now);
    bool is_stalled = status == HEALTH_FAIL, is_error = strcmp(facts->status, "error") == 0;
    struct json_write w = json_write_to(ret);
    char service[sizeof "worker//" + 2 * NAME_MAX_LEN];
    snprintf(service, sizeof service, "worker/%s/%s", view->hive, view->name);
    health_open(&w, status, facts->version[0] ? facts->version : SKEP_VERSION, service, "skep worker", NULL);
    health_check_str(&w, "worker:status", facts->status, is_error ? HEALTH_WARN : HEALTH_PASS);
    health_check_int(&w, "heartbeat:seq", (int64_t)view->seq, NULL, HEALTH_PASS);
    health_check_int(&w, "broker:connection", view->connection, NULL, view->online ? HEALTH_PASS : HEALTH_WARN);
    health_check_int(&w, "messages:ignored", (int64_t)view->ignored, NULL, HEALTH_PASS);
    if (facts->progressed_at != MS_NEVER)
        health_check_int(&w, "work:progress_age", facts_progress_age(facts, now), "ms",
                         is_stalled ? HEALTH_FAIL : HEALTH_PASS);
    if (facts->stalled_at != MS_NEVER)
        health_check_int(&w, "work:stalled", ms_max(0, now - facts->stalled_at), "ms",
                         is_stalled ? HEALTH_FAIL : HEALTH_PASS);
    if (facts->feed_lost)
        health_check_str(&w, "work:feed", "lost", HEALTH_WARN);
    check_if_known(&w, "work:inflight", facts->inflight);
    check_if_known(&w, "work:queue_depth", facts->queue_depth);
    health_close(&w);
    return health_http_status(status);
}
