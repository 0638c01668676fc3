/* worker_receive.c - what others send to a worker: requests, verdicts on it, and its presence. */
#include "codec.h"
#include "worker_private.h"

static void answer_health(void *self, const struct call *call)
{
    const struct worker *worker = self;
    struct worker_view view;
    worker_view_fill(worker, &view);
    worker_health(&view, &worker->facts, worker->now, call->result);
}

static void answer_beat(void *self, const struct call *call)
{
    beat_demand_add(&((struct worker *)self)->demand, call);
}

static const struct method methods[] = {
    { "health", answer_health },
    { "beat", answer_beat },
    { "verify", worker_verify },
};
static const struct responder responder = { methods, ARRAY_LEN(methods) };

/* A heartbeat answers a queen that takes this worker for lost. Stored verdicts are not subscribed to. */
static void answer_verdict(struct worker *worker, const struct verdict_notice *verdict)
{
    ms_t at = worker->published_at == MS_NEVER ? worker->now
                                               : ms_max(worker->now, worker->published_at + WORKER_REPUBLISH_EVERY);
    if (verdict->session != worker->member.self.session ||
        (strcmp(verdict->state, "stale") != 0 && strcmp(verdict->state, "zombie") != 0))
        return;
    if (worker->soon_at > at) {
        worker->soon_at = at;
        worker->published_at = at;
    }
}

static void receive_verdict(struct worker *worker, const struct message *message, struct arena *arena)
{
    struct verdict_notice verdict;
    if (message->payload.len == 0)
        return; /* it was withdrawn */
    if (verdict_notice_decode(arena, message->payload, &verdict, NULL) == OK)
        answer_verdict(worker, &verdict);
    else
        worker->ignored++;
}

static bool is_mine(const struct worker *worker, const struct topic *topic)
{
    return text_is(topic->hive, worker->hive) && text_is(topic->worker, worker->name);
}

static void receive_request(struct worker *worker, struct text method, const struct message *message,
                            struct outbox *outbox)
{
    const struct request request = { worker->root, method, message, worker->now };
    worker->ignored += !responder_answer(&responder, worker, &worker->requests, &request, outbox);
}

void worker_receive(struct worker *worker, const struct input *input, struct outbox *outbox)
{
    const struct message *message = input->message;
    struct topic topic;
    struct arena arena = { 0 };
    if (message->payload.len > MSG_MAX_BYTES || topic_parse(worker->root, message->topic, &topic) != OK ||
        !is_mine(worker, &topic)) {
        worker->ignored++;
        return;
    }
    if (topic.kind == TOPIC_WORKER_REQUEST)
        receive_request(worker, topic.method, message, outbox);
    else if (topic.kind == TOPIC_WORKER_PRESENCE)
        member_presence(&worker->member, input, &arena, outbox);
    else if (topic.kind == TOPIC_VERDICT)
        receive_verdict(worker, message, &arena);
    else
        worker->ignored++;
    arena_clear(&arena);
}
