#include "metrics.h"

#include <math.h>

#include "completeness.h"

/* Of a metric of the queen without labels. */
#define ONE(function, expression)                                                              \
    static bool function(const struct queen *queen, unsigned index, struct metric_sample *ret) \
    {                                                                                          \
        *ret = (struct metric_sample){ .value = (double)(expression) };                        \
        return index == 0;                                                                     \
    }

/* Of one with a label, whose values are those of `name` for each index; NULL: there is no such sample. */
#define MANY(function, count, name, expression)                                                            \
    static bool function(const struct queen *queen, unsigned index, struct metric_sample *ret)             \
    {                                                                                                      \
        const char *label = index < (count) ? (name) : NULL;                                               \
        *ret = (struct metric_sample){ .labels = { label }, .value = label ? (double)(expression) : NAN }; \
        return index < (count);                                                                            \
    }

/* What messages are called, by their topics: those that a queen reads. */
static const char *const kinds[TOPIC_KIND_COUNT] = {
    [TOPIC_WORKER_HEARTBEAT] = "heartbeat",
    [TOPIC_WORKER_PRESENCE] = "presence",
    [TOPIC_WORKER_WITNESS] = "witness",
    [TOPIC_HIVE_HEARTBEAT] = "hive_heartbeat",
    [TOPIC_HIVE_PRESENCE] = "hive_presence",
    [TOPIC_QUEEN_PRESENCE] = "queen_presence",
    [TOPIC_VERDICT] = "verdict",
    [TOPIC_HIVE_VERDICT] = "hive_verdict",
    [TOPIC_QUEEN_SINCE] = "queen_since",
    [TOPIC_QUEEN_REQUEST] = "request",
    [TOPIC_REPLY] = "reply",
};

/* What is given up or refused for want of room. */
static const char *const rationed[] = { "workers",  "hives",         "documents", "messages",
                                        "requests", "verifications", "clears" };

static uint64_t refused_count(const struct queen *queen, unsigned index)
{
    const uint64_t others[] = { queen->requests.refused, queen->verifying.refusals.count, queen->unclear.count };
    return index < PRESSURE_COUNT ? queen->registry.pressure[index].refused : others[index - PRESSURE_COUNT];
}

static double or_nan(double value)
{
    return value > 0 ? value : NAN;
}

MANY(build_info, 1, queen->options.version ? queen->options.version : "", 1)
ONE(view_live, queen_sees(queen))
ONE(broker_connected, queen->member.is_connected)
MANY(workers, STATE_COUNT, index == STATE_NONE ? NULL : state_name(index), queen->registry.counts[index])
MANY(hives, STATE_COUNT, index == STATE_NONE ? NULL : state_name_of_hive(index), queen->registry.hive_counts[index])
ONE(documents_bytes, queen->registry.document_bytes)
ONE(snapshot_complete, queen_sees(queen) && queen_sees_all(queen))
ONE(snapshot_read, completeness_numbers(queen).shown)
ONE(snapshot_stored, completeness_numbers(queen).stored)
MANY(messages_received, TOPIC_KIND_COUNT + 1, index == TOPIC_KIND_COUNT ? "posted" : kinds[index],
     index == TOPIC_KIND_COUNT ? queen->counters.posted : queen->counters.received[index])
ONE(messages_accepted, queen->counters.accepted)
MANY(messages_rejected, ERR_COUNT, index == OK ? NULL : err_name(index), queen->counters.rejected[index])
MANY(messages_ignored, INCARNATION_VERDICT_COUNT, incarnation_verdict_name(index), queen->counters.ignored[index])
ONE(messages_dropped, queen->unsendable)
ONE(messages_late, (double)queen->behind / 1000)
ONE(transitions_refused, queen->counters.refused_transitions)
ONE(events, queen->counters.events)
ONE(events_owed, announce_count(&queen->announcing))
ONE(events_unsent, queen->announcing.unsent)
ONE(events_rationed, queen->now < queen->announcing.rationed_until)
ONE(incidents_open, queen->incidents.book.open_count)
ONE(storms, queen->counters.storms)
ONE(storm_active, queen->storm.announced)
ONE(storm_held, queen->storm.held)
MANY(verifications, VERIFY_RESULT_COUNT, verify_result_name(index), queen->counters.verifications[index])
ONE(verifications_running, queen->verifying.running)
MANY(evicted, PRESSURE_COUNT, rationed[index], queen->registry.pressure[index].evicted)
MANY(refused, ARRAY_LEN(rationed), rationed[index], refused_count(queen, index))
ONE(store_failing, queen->remembering.fault[0] != '\0')
ONE(process_cpu, or_nan((double)queen->process.cpu_us / 1e6))
ONE(process_memory, or_nan((double)queen->process.resident_bytes))
ONE(process_descriptors, or_nan(queen->process.descriptors))
ONE(process_descriptors_max, or_nan(queen->process.descriptors_max))
ONE(process_start, or_nan((double)queen->process.started / 1000))

static bool transitions(const struct queen *queen, unsigned index, struct metric_sample *ret)
{
    bool is_hive = index / CAUSE_COUNT == 1;
    unsigned cause = index % CAUSE_COUNT;
    *ret = (struct metric_sample){ .labels = { is_hive ? "hive" : "worker", cause_name(cause) }, .value = NAN };
    if (index < 2 * CAUSE_COUNT && cause != CAUSE_NONE)
        ret->value = (double)queen->counters.transitions[is_hive][cause];
    return index < 2 * CAUSE_COUNT;
}

static bool group_workers(const struct metric_group *group, unsigned index, struct metric_sample *ret)
{
    enum state state = index + STATE_NONE + 1;
    if (state >= STATE_COUNT)
        return false;
    *ret = (struct metric_sample){ { group->name, state_name(state) }, group->states[state] };
    return true;
}

static bool group_queue(const struct metric_group *group, unsigned index, struct metric_sample *ret)
{
    *ret = (struct metric_sample){ { group->name }, (double)group->queue_depth };
    return index == 0;
}

/* To what a float has of it, at most: 0.45, and not 0.449999988. */
static double tidy(float value)
{
    return round((double)value * 1e6) / 1e6;
}

static double record_state(const struct queen *queen, const struct roll_entry *entry)
{
    (void)queen;
    return entry->state;
}

static double record_heartbeat(const struct queen *queen, const struct roll_entry *entry)
{
    ms_t received = entry->record->received_mono;
    return received == MS_NEVER ? NAN : (double)(queen->wall - (queen->now - received)) / 1000;
}

static double record_queue(const struct queen *queen, const struct roll_entry *entry)
{
    (void)queen;
    return entry->load.queue_depth;
}

static double record_gpu(const struct queen *queen, const struct roll_entry *entry)
{
    (void)queen;
    return tidy(entry->load.gpu_utilization);
}

static double record_latency(const struct queen *queen, const struct roll_entry *entry)
{
    (void)queen;
    return tidy(entry->load.last_inference_ms / 1000);
}

static double record_skew(const struct queen *queen, const struct roll_entry *entry)
{
    (void)queen;
    return entry->record->skew == TIME_ABSENT ? NAN : (double)entry->record->skew / 1000;
}

/* As R7 has it; on watch time, which stands still with the link. */
static double record_progress(const struct queen *queen, const struct roll_entry *entry)
{
    const struct record *record = entry->record;
    if (!record->work_seen || record->work.progress == INT_ABSENT)
        return NAN;
    return (double)((uint32_t)queen_time_for(queen, record) - record->work.since) / 1000;
}

#define X(symbol, metric_type, metric_scope, reader, metric_unit, label, other_label, metric_name, metric_help) \
    [METRIC_##symbol] = { .name = metric_name,                                                                  \
                          .help = metric_help,                                                                  \
                          .unit = metric_unit,                                                                  \
                          .labels = { label, other_label },                                                     \
                          .type = METRIC_##metric_type,                                                         \
                          .scope = METRIC_OF_##metric_scope,                                                    \
                          reader },
const struct metric metrics[METRIC_COUNT] = { METRICS(X) };
#undef X

const char *metric_type_name(enum metric_type type)
{
    static const char *const names[] = { "gauge", "counter", "histogram" };
    return names[type];
}

bool metric_next(const struct queen *queen, enum metric_id id, unsigned *index, struct metric_sample *ret)
{
    while (metrics[id].of_queen(queen, *index, ret))
        if (++*index && !isnan(ret->value))
            return true;
    return false;
}

double metric_value(const struct queen *queen, enum metric_id id)
{
    struct metric_sample sample;
    unsigned index = 0;
    return metric_next(queen, id, &index, &sample) ? sample.value : 0;
}
