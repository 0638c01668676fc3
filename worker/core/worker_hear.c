/* worker_hear.c - what a worker reads: requests, its own presence, and the verdicts on itself. */
#include "codec.h"
#include "worker_private.h"

/* A stored copy came before our birth, which was published right behind the subscription: it needs no healing. */
static void presence_observe(struct worker *worker, const struct presence *presence, const struct input *input,
                             struct outbox *outbox)
{
    switch (identity_observe(&worker->identity, presence)) {
    case IDENTITY_NOTHING:
        break;
    case IDENTITY_HEAL:
        if (!input->message->retain)
            worker->heal_at = ms_min(worker->heal_at, input->now);
        break;
    case IDENTITY_SHARED:
        outbox_notice(outbox, "another process uses the identity %s/%s: host %.64s, pid %lld", worker->hive,
                      worker->name, presence->host ? presence->host : "unknown", (long long)presence->pid);
        break;
    }
}

static void hear_presence(struct worker *worker, const struct input *input, struct arena *arena, struct outbox *outbox)
{
    struct presence presence;

    if (input->message->payload.len == 0)
        presence_observe(worker, NULL, input, outbox);
    else if (presence_decode(arena, input->message->payload, &presence, NULL) == OK)
        presence_observe(worker, &presence, input, outbox);
    else
        worker->ignored++;
}

/* A queen that thinks us lost is told otherwise by a heartbeat. Stored verdicts are not asked for. */
static void answer_verdict(struct worker *worker, const struct verdict_notice *verdict, ms_t now)
{
    ms_t at = worker->told_at == MS_NEVER ? now : ms_max(now, worker->told_at + WORKER_TOLD_EVERY);

    if (verdict->session != worker->identity.session ||
        (strcmp(verdict->state, "stale") != 0 && strcmp(verdict->state, "zombie") != 0))
        return;
    if (worker->soon_at > at) {
        worker->soon_at = at;
        worker->told_at = at;
    }
}

static void hear_verdict(struct worker *worker, const struct input *input, struct arena *arena)
{
    struct verdict_notice verdict;

    if (input->message->payload.len == 0)
        return; /* it was withdrawn */
    if (verdict_notice_decode(arena, input->message->payload, &verdict, NULL) == OK)
        answer_verdict(worker, &verdict, input->now);
    else
        worker->ignored++;
}

static bool is_mine(const struct worker *worker, const struct topic *topic)
{
    return text_is(topic->hive, worker->hive) && text_is(topic->worker, worker->name);
}

void worker_hear(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    const struct message *message = input->message;
    struct topic topic;
    struct arena arena;

    if (message->payload.len > MSG_MAX_BYTES || topic_parse(worker->root, message->topic, &topic) != OK ||
        !is_mine(worker, &topic)) {
        worker->ignored++;
        return;
    }
    arena_init(&arena, 0);
    switch (topic.kind) {
    case TOPIC_WORKER_REQUEST:
        worker_answer(worker, topic.method, input, outbox);
        break;
    case TOPIC_WORKER_PRESENCE:
        hear_presence(worker, input, &arena, outbox);
        break;
    case TOPIC_VERDICT:
        hear_verdict(worker, input, &arena);
        break;
    default:
        worker->ignored++;
    }
    arena_clear(&arena);
}
