/* worker_say.c - the heartbeats that a worker publishes. */
#include "codec.h"
#include "worker_private.h"

static enum err heartbeat_fill(const struct worker *worker, ms_t now, ms_t wall, struct arena *arena,
                               struct heartbeat *ret)
{
    heartbeat_init(ret);
    ret->worker_id = worker->name;
    ret->hive_id = worker->hive;
    ret->timestamp = wall;
    ret->session = worker->member.self.session;
    ret->connection = worker->member.self.connection;
    ret->seq = (int64_t)worker->seq;
    ret->interval_ms = worker->interval;
    ret->lease_ms = worker->lease;
    ret->retain_s = worker->retain_s;
    return facts_to_heartbeat(&worker->facts, now, arena, ret);
}

static void heartbeat_publish(const struct worker *worker, const struct heartbeat *heartbeat, struct outbox *outbox)
{
    struct buf json = BUF_INIT;
    heartbeat_encode(heartbeat, &json);
    outbox->failed |= !buf_ok(&json);
    outbox_publish(outbox, &(struct publish){ .topic = worker->heartbeat_topic,
                                              .payload = buf_text(&json),
                                              .qos = 1,
                                              .retain = true,
                                              .content_type = "application/json",
                                              .expiry_s = (uint32_t)worker->retain_s,
                                              .token = TOKEN_HEARTBEAT });
    buf_clear(&json);
}

void worker_beat(struct worker *worker, ms_t now, ms_t wall, struct outbox *outbox)
{
    bool first = worker->beat_at == MS_NEVER;
    struct heartbeat heartbeat;
    if (heartbeat_fill(worker, now, wall, &outbox->arena, &heartbeat) == OK)
        heartbeat_publish(worker, &heartbeat, outbox);
    else
        outbox->failed = true;
    worker->seq++;
    worker->unacked++;
    worker->beat_at = now;
    worker->soon_at = MS_NEVER;
    worker->next_at = now + (first ? rng_between(&worker->rng, worker->interval / 2, worker->interval)
                                   : rng_jitter(&worker->rng, worker->interval, 5));
}
