#include "hive_publish.h"

#include <utlist.h>

#include "codec.h"
#include "json_write.h"

/* A retained message on a topic of the hive's own; absent payload: removes what is stored there. */
static struct publish stored_message(const struct topic *topic, const char *name, struct text payload)
{
    bool is_beat = topic->kind == TOPIC_HIVE_HEARTBEAT;
    return (struct publish){ .topic = name,
                             .payload = payload,
                             .qos = 1,
                             .retain = true,
                             .content_type = payload.at ? "application/json" : NULL,
                             .expiry_s = is_beat ? MEMBER_RETAIN_S : 0,
                             .token = is_beat ? member_token(MEMBER_TOKEN_BEAT) : 0 };
}

static void publish_stored(struct hive *hive, const struct topic *topic, struct text payload)
{
    char name[TOPIC_SIZE];
    struct publish publish;
    if (topic_build(hive->options.root, topic, name) != OK || !buf_ok(&hive->scratch)) {
        hive->out->failed = true;
        return;
    }
    publish = stored_message(topic, name, payload);
    outbox_publish(hive->out, &publish);
}

static struct topic witness_topic(const struct hive *hive, struct text worker)
{
    return (struct topic){ .kind = TOPIC_WORKER_WITNESS, .hive = text_of(hive->options.id), .worker = worker };
}

void worker_witness_put(const struct hive *hive, const struct hive_worker *worker, struct json_write *w)
{
    struct witness witness;
    process_witness(&worker->process, hive->now, &witness);
    witness.worker_id = worker->name;
    witness.hive_id = hive->options.id;
    witness.timestamp = hive->wall;
    witness_put(&witness, w);
}

void publish_changes(struct hive *hive)
{
    if (!hive->member.linked)
        return;
    WORKERS_EACH(worker, hive)
    {
        struct json_write w = json_write_to(&hive->scratch);
        struct topic topic = witness_topic(hive, text_of(worker->name));
        if (!worker->process.changed)
            continue;
        buf_reset(&hive->scratch);
        worker_witness_put(hive, worker, &w);
        publish_stored(hive, &topic, buf_text(&hive->scratch));
        worker->process.changed = false;
    }
}

void publish_all_again(struct hive *hive)
{
    WORKERS_EACH(worker, hive)
    {
        worker->process.changed = true;
    }
}

void publish_removed(struct hive *hive, struct text worker)
{
    struct topic topic = witness_topic(hive, worker);
    if (hive->member.linked)
        publish_stored(hive, &topic, (struct text){ 0 });
}

struct worker_tally tally_workers(const struct hive *hive)
{
    struct worker_tally tally = { .known = true };
    WORKERS_EACH(worker, hive)
    {
        tally.total += worker->listed;
        if (worker->process.pid != INT_ABSENT)
            tally.running++;
        else if (worker->process.state == WITNESS_FAILED)
            tally.failed++;
        else
            tally.exited++;
    }
    return tally;
}

static void fill_heartbeat(const struct hive *hive, struct hive_heartbeat *ret)
{
    hive_heartbeat_init(ret);
    ret->hive_id = hive->options.id;
    ret->status = (int8_t)hive->status;
    ret->session = hive->options.session;
    ret->connection = hive->member.self.connection;
    ret->seq = (int64_t)hive->seq;
    ret->interval_ms = HIVE_INTERVAL_MS;
    ret->retain_s = MEMBER_RETAIN_S;
    ret->load1 = hive->host.load1;
    ret->cpus = hive->host.cpus;
    ret->memory_total_bytes = hive->host.memory_total;
    ret->memory_available_bytes = hive->host.memory_available;
    ret->workers = tally_workers(hive);
    ret->gpus = hive->gpus;
    ret->endpoint = hive->options.endpoint;
    ret->version = hive->options.version;
    ret->timestamp = hive->wall;
}

static bool fits(const struct hive *hive, const struct topic *topic)
{
    char name[TOPIC_SIZE];
    struct publish publish;
    if (topic_build(hive->options.root, topic, name) != OK)
        return false;
    publish = stored_message(topic, name, buf_text(&hive->scratch));
    return hive->scratch.len <= MSG_MAX_FIXED && outbox_fits(hive->out, &publish);
}

/* With as many GPUs as the protocol and the broker take. */
static void encode_heartbeat(struct hive *hive, const struct topic *topic)
{
    struct hive_heartbeat heartbeat;
    fill_heartbeat(hive, &heartbeat);
    for (;; heartbeat.gpus.count--) {
        buf_reset(&hive->scratch);
        hive_heartbeat_encode(&heartbeat, &hive->scratch);
        if (heartbeat.gpus.count == 0 || fits(hive, topic))
            return;
    }
}

void publish_heartbeat(struct hive *hive)
{
    struct topic topic = { .kind = TOPIC_HIVE_HEARTBEAT, .hive = text_of(hive->options.id) };
    if (!hive->member.linked) {
        hive->demand.count = 0; /* who waits for it waits in vain */
        return;
    }
    if (hive->demand.count > 0)
        publish_changes(hive); /* whoever asks judges by them */
    encode_heartbeat(hive, &topic);
    publish_stored(hive, &topic, buf_text(&hive->scratch));
    member_beat(&hive->member, hive->now);
    beat_demand_answer(&hive->demand, hive->seq, hive->now, hive->out);
    hive->seq++;
    hive->beat_at = hive->now + rng_interval(&hive->rng, HIVE_INTERVAL_MS, hive->beat_at == MS_NEVER);
}
