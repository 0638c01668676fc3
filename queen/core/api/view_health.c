#include "view_health.h"

#include <stdio.h>

#include "broker_fit.h"
#include "completeness.h"
#include "metrics.h"
#include "rations.h"

#define LIMITS "mosquitto: max_queued_messages 2147483647; ejabberd: match_retained_limit: infinity"

static bool is_under(const struct queen *queen, enum pressure_kind kind)
{
    return queen->now < queen->registry.pressure[kind].until;
}

static bool is_pressed(const struct queen *queen)
{
    bool is_any = false;
    for (int kind = 0; kind < PRESSURE_COUNT; kind++)
        is_any |= is_under(queen, kind);
    return is_any;
}

static bool is_rationed(const struct queen *queen)
{
    return queen->now < queen->announcing.rationed_until;
}

static bool is_asked_too_much(const struct queen *queen)
{
    return request_limit_is_pressed(&queen->requests, queen->now);
}

static bool refuses(const struct queen *queen, const struct refusals *refusals)
{
    return refusals->count > 0 && queen->now - refusals->at < RATION_WARN_MS;
}

static bool has_dropped(const struct queen *queen)
{
    return queen->unsendable > 0 && queen->now - queen->unsendable_at < RATION_WARN_MS;
}

static bool is_late(const struct queen *queen)
{
    return queen->behind >= RATION_BEHIND_WARN_MS;
}

static enum health_status overall(const struct queen *queen)
{
    enum health_status fit = broker_fit(queen, NULL);
    if (!queen_sees(queen) || fit == HEALTH_FAIL)
        return HEALTH_FAIL;
    return fit == HEALTH_WARN || !queen_sees_all(queen) || is_pressed(queen) || is_rationed(queen) ||
                   is_asked_too_much(queen) || refuses(queen, &queen->verifying.refusals) ||
                   refuses(queen, &queen->unclear) || has_dropped(queen) || is_late(queen) || queen->storm.announced ||
                   queen->remembering.fault[0]
               ? HEALTH_WARN
               : HEALTH_PASS;
}

static const char *described(struct errbuf *buf, const char *text, const char *what)
{
    (void)err_set(buf, OK, "queen: %s%s", text, what);
    return buf->text;
}

static const char *describe_snapshot(const struct queen *queen, struct errbuf *buf)
{
    struct completeness_numbers numbers = completeness_numbers(queen);
    if (queen->snapshot.unacknowledged)
        return "queen: the broker does not acknowledge a subscription, so workers may be missing";
    if (queen->snapshot.completeness.verdict == SNAPSHOT_CHECKING)
        (void)err_set(buf, OK, "queen: checking whether the %zu known workers are all that the broker has stored",
                      numbers.shown);
    else if (numbers.shown == numbers.stored)
        return "queen: the broker dropped part of what it has stored, so workers may be missing (" LIMITS ")";
    else
        (void)err_set(buf, OK,
                      "queen: %zu of at least %zu stored workers were read: the broker dropped or lost the others "
                      "(" LIMITS ")",
                      numbers.shown, numbers.stored);
    return buf->text;
}

static const char *describe(const struct queen *queen, struct errbuf *buf)
{
    enum health_status fit = broker_fit(queen, buf);
    if (fit == HEALTH_FAIL)
        return described(buf, "", buf->text);
    if (queen->member.claim.checking)
        return "queen: finding out who holds its id";
    if (!queen->member.linked)
        return described(buf, queen->fit.why[0] ? "no link to the broker: " : "no link to the broker", queen->fit.why);
    if (!queen_sees(queen))
        return "queen: reading what the broker has stored";
    if (fit == HEALTH_WARN)
        return described(buf, "", buf->text);
    if (!queen_sees_all(queen))
        return describe_snapshot(queen, buf);
    if (queen->remembering.fault[0])
        return described(buf, "nothing is kept for a restart: ", queen->remembering.fault);
    if (has_dropped(queen))
        return "queen: the broker is so slow that messages to it were dropped";
    if (queen->storm.announced) {
        (void)err_set(buf, OK, "queen: so many were lost at once that verdicts on them wait: %zu", queen->storm.held);
        return buf->text;
    }
    if (is_late(queen))
        return "queen: more messages arrive than it reads, so its verdicts are late";
    if (is_pressed(queen))
        return "queen: workers, hives, documents or messages are evicted or refused, for there are too many";
    if (is_rationed(queen))
        return "queen: a hive changes so often that its changes are summed up";
    if (is_asked_too_much(queen))
        return "queen: more requests over MQTT than it answers";
    if (refuses(queen, &queen->verifying.refusals))
        return "queen: a hive has more workers to be verified than may wait";
    return refuses(queen, &queen->unclear)
               ? "queen: what is stored of a hive's forgotten workers comes again faster than it is cleared"
               : "queen";
}

static void put_count_as(struct json_write *w, const char *group, const char *name, uint64_t count,
                         enum health_status status)
{
    char text[64];
    snprintf(text, sizeof text, "%s:%s", group, name);
    health_check_int(w, text, (int64_t)count, NULL, status);
}

static void put_count(struct json_write *w, const char *group, const char *name, size_t count)
{
    put_count_as(w, group, name, count, HEALTH_PASS);
}

/* One of each sample of a metric with a label, but for those that are 0 unless `all`. */
static void put_samples(const struct queen *queen, enum metric_id id, const char *group, bool all, struct json_write *w)
{
    struct metric_sample sample;
    unsigned index = 0;
    while (metric_next(queen, id, &index, &sample))
        if (all || sample.value > 0)
            put_count(w, group, sample.labels[0], (size_t)sample.value);
}

static void put_counts(const struct queen *queen, struct json_write *w)
{
    put_count(w, "workers", "total", queen->registry.count);
    put_samples(queen, METRIC_WORKERS, "workers", true, w);
    put_count(w, "hives", "total", queen->registry.hive_count);
    put_samples(queen, METRIC_HIVES, "hives", true, w);
    health_check_int(w, "workers:documents", (int64_t)metric_value(queen, METRIC_DOCUMENTS_BYTES), "B", HEALTH_PASS);
}

/* While they differ, or may. */
static void put_snapshot(const struct queen *queen, struct json_write *w)
{
    if (!queen_sees(queen) || queen_sees_all(queen))
        return;
    put_count_as(w, "snapshot", "read", (uint64_t)metric_value(queen, METRIC_SNAPSHOT_READ), HEALTH_WARN);
    put_count_as(w, "snapshot", "stored", (uint64_t)metric_value(queen, METRIC_SNAPSHOT_STORED), HEALTH_WARN);
}

/* Unless it is 0. */
static void put_value(const struct queen *queen, enum metric_id id, const char *group, const char *name,
                      struct json_write *w)
{
    double value = metric_value(queen, id);
    if (value > 0)
        put_count(w, group, name, (size_t)value);
}

static void put_refusals(const struct queen *queen, const struct refusals *refusals, const char *group,
                         struct json_write *w)
{
    bool lately = refuses(queen, refusals);
    char text[64];
    if (refusals->count)
        put_count_as(w, group, "refused", refusals->count, lately ? HEALTH_WARN : HEALTH_PASS);
    snprintf(text, sizeof text, "%s:rationed_hive", group);
    if (lately)
        health_check_str(w, text, refusals->hive, HEALTH_WARN);
}

static void put_messages(const struct queen *queen, struct json_write *w)
{
    put_count(w, "messages", "accepted", (size_t)metric_value(queen, METRIC_MESSAGES_ACCEPTED));
    if (is_late(queen))
        health_check_int(w, "messages:late", queen->behind, "ms", HEALTH_WARN);
    put_samples(queen, METRIC_MESSAGES_REJECTED, "messages:rejected", false, w);
    put_samples(queen, METRIC_MESSAGES_IGNORED, "messages:ignored", false, w);
    if (queen->unsendable)
        put_count_as(w, "messages", "dropped", queen->unsendable, has_dropped(queen) ? HEALTH_WARN : HEALTH_PASS);
    put_value(queen, METRIC_TRANSITIONS_REFUSED, "transitions", "refused", w);
    put_count(w, "events", "total", (size_t)metric_value(queen, METRIC_EVENTS));
    put_value(queen, METRIC_EVENTS_OWED, "events", "owed", w);
    if (is_rationed(queen))
        health_check_str(w, "events:rationed_hive", queen->announcing.rationed_hive, HEALTH_WARN);
    if (queen->requests.refused)
        put_count_as(w, "requests", "refused", queen->requests.refused,
                     is_asked_too_much(queen) ? HEALTH_WARN : HEALTH_PASS);
    put_refusals(queen, &queen->verifying.refusals, "verifications", w);
    put_refusals(queen, &queen->unclear, "clears", w);
}

/* What was evicted or refused for want of room, ever; and lately, whose hive has most. */
static void put_pressure(const struct queen *queen, struct json_write *w)
{
    static const char *const groups[] = { "workers", "hives", "documents", "messages" };
    for (int kind = 0; kind < PRESSURE_COUNT; kind++) {
        const struct pressure *pressure = &queen->registry.pressure[kind];
        enum health_status status = is_under(queen, kind) ? HEALTH_WARN : HEALTH_PASS;
        char text[64];
        if (pressure->evicted)
            put_count_as(w, groups[kind], "evicted", pressure->evicted, status);
        if (pressure->refused)
            put_count_as(w, groups[kind], "refused", pressure->refused, status);
        snprintf(text, sizeof text, "%s:largest_hive", groups[kind]);
        if (status == HEALTH_WARN && pressure->hive[0])
            health_check_str(w, text, pressure->hive, status);
    }
}

int view_health(const struct queen *queen, struct buf *ret)
{
    struct json_write w = json_write_to(ret);
    char service[16 + NAME_SIZE];
    struct health_holder holder = { queen->options.session, queen->options.pid,
                                    claim_held(&queen->member.claim, queen->now) };
    enum health_status status = overall(queen);
    struct errbuf description = { 0 };
    snprintf(service, sizeof service, "queen/%s", queen->options.id);
    health_open(&w, status, queen->options.version, service, describe(queen, &description), &holder);
    health_check_str(&w, "mqtt:link", queen->member.is_connected ? "up" : "down",
                     queen->member.is_connected ? HEALTH_PASS : HEALTH_FAIL);
    health_check_str(&w, "registry:view", queen_sees(queen) ? "live" : "blind",
                     queen_sees(queen) ? HEALTH_PASS : HEALTH_FAIL);
    put_snapshot(queen, &w);
    if (queen->storm.announced)
        put_count_as(&w, "storm", "held", queen->storm.held, HEALTH_WARN);
    if (queen->remembering.fault[0])
        health_check_str(&w, "store:fault", queen->remembering.fault, HEALTH_WARN);
    put_counts(queen, &w);
    put_messages(queen, &w);
    put_pressure(queen, &w);
    health_close(&w);
    return health_http_status(status);
}
