#include "hive_requests.h"

#include <math.h>

#include "hive_publish.h"
#include "hive_view.h"
#include "json.h"

#define LIMIT_DEFAULT 100

static void answer_health(void *self, const struct call *call)
{
    struct buf result = BUF_INIT;
    (void)hive_view_health(self, &result);
    reply_result(call->asker, &result, call->outbox);
    buf_clear(&result);
}

static void answer_beat(void *self, const struct call *call)
{
    struct hive *hive = self;
    uint64_t seq = hive->seq;
    publish_heartbeat(hive);
    buf_printf(call->result, "{\"seq\":%llu}", (unsigned long long)seq);
}

/* False: the reply says why not. */
static bool take_limit(const struct call *call, size_t *ret)
{
    const struct cJSON *value = json_member(call->params, "limit");
    double number = LIMIT_DEFAULT;
    if (value &&
        (!json_number(value, &number) || number < 1 || number > HIVE_VIEW_LIMIT_MAX || number != floor(number))) {
        reply_error(call->asker, call->outbox, REQUEST_BAD_PARAMS, "limit: must be a whole number from 1 to %d",
                    HIVE_VIEW_LIMIT_MAX);
        return false;
    }
    *ret = (size_t)number;
    return true;
}

static bool take_id(const struct call *call, const char *name, bool required, const char **ret)
{
    struct errbuf e = { 0 };
    if (params_id(call->params, name, required, ret, &e) == OK)
        return true;
    reply_error(call->asker, call->outbox, REQUEST_BAD_PARAMS, "%s", e.text);
    return false;
}

static void answer_list(void *self, const struct call *call)
{
    struct buf result = BUF_INIT;
    const char *cursor;
    size_t limit;
    if (!take_limit(call, &limit) || !take_id(call, "cursor", false, &cursor))
        return;
    hive_view_workers(self, limit, cursor, &result);
    reply_result(call->asker, &result, call->outbox);
    buf_clear(&result);
}

static void reply_state(const struct call *call, const struct hive_worker *worker)
{
    struct buf result = BUF_INIT;
    struct json_write w = json_write_to(&result);
    json_open(&w, '{');
    json_add_str(&w, "worker_id", worker->name);
    json_add_str(&w, "state", witness_state_name((int)worker->process.state));
    json_close(&w, '}');
    reply_result(call->asker, &result, call->outbox);
    buf_clear(&result);
}

/* The worker that is meant; NULL: the reply says why there is none to be commanded. */
static struct hive_worker *take_worker(struct hive *hive, const struct call *call)
{
    struct hive_worker *worker;
    const char *name;
    if (!take_id(call, "worker_id", true, &name))
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

static void answer_stop(void *self, const struct call *call)
{
    struct hive *hive = self;
    struct hive_worker *worker = take_worker(hive, call);
    if (!worker)
        return;
    process_stop(&worker->process, hive->now);
    reply_state(call, worker);
}

static void answer_restart(void *self, const struct call *call)
{
    struct hive *hive = self;
    struct hive_worker *worker = take_worker(hive, call);
    if (!worker)
        return;
    process_restart(&worker->process, hive->now);
    reply_state(call, worker);
}

static const struct method methods[] = {
    { "health", answer_health },      { "beat", answer_beat },        { "worker.list", answer_list },
    { "worker.start", answer_start }, { "worker.stop", answer_stop }, { "worker.restart", answer_restart },
};

const struct responder hive_responder = { methods, ARRAY_LEN(methods) };
