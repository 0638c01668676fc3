/* worker_answer.c - requests to a worker, and the replies. */
#include "worker_private.h"

/* The worker and the input that carries its request. */
struct asked {
    struct worker *worker;
    const struct input *input;
};

static void answer_health(void *self, const struct call *call)
{
    const struct asked *asked = self;
    struct worker_view view;
    worker_look(asked->worker, &view);
    worker_health(&view, &asked->worker->facts, asked->input->now, call->result);
}

static void answer_verify(void *self, const struct call *call)
{
    const struct asked *asked = self;
    worker_verify(asked->worker, asked->input, call);
}

static void answer_beat(void *self, const struct call *call)
{
    const struct asked *asked = self;
    uint64_t seq = asked->worker->seq;
    worker_beat(asked->worker, asked->input->now, asked->input->wall, call->outbox);
    buf_printf(call->result, "{\"seq\":%llu}", (unsigned long long)seq);
}

static const struct method methods[] = {
    { "health", answer_health },
    { "beat", answer_beat },
    { "verify", answer_verify },
};
static const struct responder responder = { methods, ARRAY_LEN(methods) };

void worker_answer(struct worker *worker, struct text method, const struct input *input, struct outbox *outbox)
{
    struct asked asked = { worker, input };
    if (!responder_answer(&responder, &asked, worker->root, method, input->message, outbox))
        worker->ignored++;
}
