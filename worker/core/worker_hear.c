/* worker_hear.c - what a worker reads: requests, its own presence, and the verdicts on itself. */
#include "codec.h"
#include "worker_private.h"

/* A queen that thinks us lost is told otherwise by a heartbeat. Stored verdicts are not asked for. */
static void answer_verdict(struct worker *worker, const struct verdict_notice *verdict, ms_t now)
{
    ms_t at = worker->told_at == MS_NEVER ? now : ms_max(now, worker->told_at + WORKER_TOLD_EVERY);
    if (verdict->session != worker->member.self.session ||
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
        member_presence(&worker->member, input, &arena, outbox);
        break;
    case TOPIC_VERDICT:
        hear_verdict(worker, input, &arena);
        break;
    default:
        worker->ignored++;
    }
    arena_clear(&arena);
}
