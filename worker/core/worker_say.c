/* worker_say.c - the documents that a worker publishes. */
#include "codec.h"
#include "health.h"
#include "worker_private.h"

#define CONTENT_JSON "application/json"

static struct publish retained_json(const char *topic, const struct buf *json)
{
    return (struct publish){
        .topic = topic, .payload = buf_text(json), .qos = 1, .retain = true, .content_type = CONTENT_JSON
    };
}

static void presence_fill(const struct worker *worker, enum presence_state state, int cause, ms_t wall,
                          struct presence *ret)
{
    presence_init(ret);
    ret->worker_id = worker->name;
    ret->hive_id = worker->hive;
    ret->presence = (int8_t)state;
    ret->cause = (int8_t)cause;
    ret->session = worker->identity.session;
    ret->connection = worker->identity.connection;
    ret->interval_ms = worker->interval;
    ret->rpc = worker->rpc;
    ret->pid = worker->facts.pid > 0 ? (int64_t)worker->facts.pid : INT_ABSENT;
    ret->host = worker->facts.host[0] ? worker->facts.host : NULL;
    ret->version = worker->facts.version[0] ? worker->facts.version : NULL;
    ret->endpoint = worker->facts.endpoint[0] ? worker->facts.endpoint : NULL;
    ret->timestamp = wall;
}

void worker_will(const struct worker *worker, ms_t wall, struct outbox *outbox)
{
    struct buf json = BUF_INIT;
    struct presence presence;
    struct publish publish;

    presence_fill(worker, PRESENCE_STALE, DEATH_CONNECTION_LOST, wall, &presence);
    presence_encode(&presence, &json);
    publish = retained_json(worker->presence_topic, &json);
    outbox->failed |= !buf_ok(&json);
    outbox_connect(outbox, &publish);
    buf_clear(&json);
}

static void presence_publish(const struct worker *worker, const struct presence *presence, uint64_t token,
                             struct outbox *outbox)
{
    struct buf json = BUF_INIT;
    struct publish publish;

    presence_encode(presence, &json);
    publish = retained_json(worker->presence_topic, &json);
    publish.token = token;
    outbox->failed |= !buf_ok(&json);
    outbox_publish(outbox, &publish);
    buf_clear(&json);
}

void worker_birth(const struct worker *worker, ms_t wall, struct outbox *outbox)
{
    struct presence presence;

    presence_fill(worker, PRESENCE_ONLINE, -1, wall, &presence);
    presence_publish(worker, &presence, TOKEN_BIRTH, outbox);
}

void worker_farewell(const struct worker *worker, ms_t wall, struct outbox *outbox)
{
    struct presence presence;

    if (worker->crashed) {
        presence_fill(worker, PRESENCE_STALE, DEATH_PROCESS_EXITED, wall, &presence);
        presence.exit = worker->exit;
    } else {
        presence_fill(worker, PRESENCE_OFFLINE, DEATH_GOODBYE, wall, &presence);
    }
    presence_publish(worker, &presence, TOKEN_FAREWELL, outbox);
}

static enum err heartbeat_fill(const struct worker *worker, ms_t now, ms_t wall, struct arena *arena,
                               struct heartbeat *ret)
{
    heartbeat_init(ret);
    ret->worker_id = worker->name;
    ret->hive_id = worker->hive;
    ret->timestamp = wall;
    ret->session = worker->identity.session;
    ret->connection = worker->identity.connection;
    ret->seq = (int64_t)worker->seq;
    ret->interval_ms = worker->interval;
    ret->lease_ms = worker->lease;
    ret->retain_s = worker->retain_s;
    return facts_to_heartbeat(&worker->facts, now, arena, ret);
}

static void heartbeat_publish(const struct worker *worker, const struct heartbeat *heartbeat, struct outbox *outbox)
{
    struct buf json = BUF_INIT;
    struct publish publish;

    heartbeat_encode(heartbeat, &json);
    publish = retained_json(worker->heartbeat_topic, &json);
    publish.expiry_s = (uint32_t)worker->retain_s;
    publish.token = TOKEN_HEARTBEAT;
    outbox->failed |= !buf_ok(&json);
    outbox_publish(outbox, &publish);
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
