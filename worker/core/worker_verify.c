/* worker_verify.c - does the work loop live? Each request waits until it shows, or until its time is nearly up. */
#include "json_write.h"
#include "worker_private.h"

static const char *const work_names[] = {
    [SKEP_WORK_STALLED] = "stalled",
    [SKEP_WORK_OK] = "ok",
    [SKEP_WORK_UNKNOWN] = "unknown",
};

static void put_known(struct json_write *w, const char *key, int64_t value)
{
    json_add_int_if(w, key, value != INT_ABSENT, value);
}

static void verification_answer(const struct worker *worker, const struct verification *verification,
                                enum skep_work work, struct outbox *outbox)
{
    auto_clear(buf) json = BUF_INIT;
    struct json_write w = json_write_to(&json);
    json_open(&w, '{');
    json_add_str(&w, "nonce", verification->nonce);
    json_add_str(&w, "work", work_names[work]);
    put_known(&w, "progress", facts_progress_count(&worker->facts));
    put_known(&w, "progress_age_ms", facts_progress_age(&worker->facts, worker->now));
    put_known(&w, "inflight", facts_inflight(&worker->facts));
    json_close(&w, '}');
    reply_result(&verification->asker, &json, outbox);
}

/* When it is answered for want of a better answer: so much before the deadline that the reply can arrive. */
static ms_t answer_by(const struct call *call, ms_t now)
{
    ms_t deadline = call->expiry_s > 0 ? (ms_t)call->expiry_s * 1000 : WORKER_VERIFY_DEADLINE;
    return now + ms_min(deadline, WORKER_VERIFY_LONGEST) - WORKER_VERIFY_MARGIN;
}

static size_t waiting_of(const struct worker *worker, const struct asker *asker)
{
    size_t count = 0;
    for (size_t i = 0; i < worker->verification_count; i++)
        count += strcmp(worker->verifications[i].asker.topic, asker->topic) == 0;
    return count;
}

/* Where all places are taken: who makes room for `asker`. Somebody with two more than it has; for a queen, which judges
 * by the answer, anybody who is none. NULL: nobody. */
static struct verification *yielding(struct worker *worker, const struct asker *asker)
{
    size_t enough = waiting_of(worker, asker) + 2;
    for (size_t i = WORKER_VERIFY_MAX; i-- > 0;) {
        struct verification *verification = &worker->verifications[i];
        const struct asker *other = &verification->asker;
        if (other->is_queen == asker->is_queen ? waiting_of(worker, other) >= enough : asker->is_queen)
            return verification;
    }
    return NULL;
}

static bool make_room(struct worker *worker, const struct asker *asker, struct outbox *outbox)
{
    struct verification *verification;
    if (worker->verification_count < WORKER_VERIFY_MAX)
        return true;
    if (!(verification = yielding(worker, asker)))
        return false;
    reply_error(&verification->asker, outbox, REQUEST_BUSY, "others wait, too");
    worker->verification_count--;
    memmove(verification, verification + 1,
            (size_t)(&worker->verifications[worker->verification_count] - verification) * sizeof *verification);
    return true;
}

void worker_verify(void *self, const struct call *call)
{
    struct worker *worker = self;
    const struct parameter *nonce = query_find(call->params, "nonce");
    struct verification *verification;
    if (!nonce || !nonce->value.at || nonce->is_number || nonce->value.len > WORKER_NONCE_MAX) {
        reply_error(call->asker, call->outbox, REQUEST_BAD_PARAMS, "nonce: must be a text of up to %d bytes",
                    WORKER_NONCE_MAX);
        return;
    }
    if (!make_room(worker, call->asker, call->outbox)) {
        reply_error(call->asker, call->outbox, REQUEST_BUSY, "%d verifications wait already", WORKER_VERIFY_MAX);
        return;
    }
    verification = &worker->verifications[worker->verification_count++];
    *verification = (struct verification){ .number = ++worker->verified,
                                           .asker = *call->asker,
                                           .requested_at = worker->now,
                                           .answer_by = answer_by(call, worker->now),
                                           .progress = worker->facts.progress };
    memcpy(verification->nonce, nonce->value.at, nonce->value.len);
}

/* Neither a step that was made before the request and heard of after it, nor one of the same millisecond, nor a count
 * that has only begun to be watched. */
static bool has_stepped(const struct facts *facts, const struct verification *verification)
{
    return facts->progress != verification->progress && facts->stepped_at != MS_NEVER &&
           facts->stepped_at >= verification->requested_at;
}

/* The process lives, but its work loop has not answered. */
static enum skep_work work_without_answer(const struct facts *facts)
{
    return facts_inflight(facts) > 0 || facts->stalled_at != MS_NEVER ? SKEP_WORK_STALLED : SKEP_WORK_UNKNOWN;
}

void worker_verify_review(struct worker *worker, const struct worker_input *found, struct outbox *outbox)
{
    size_t waiting = 0;
    for (size_t i = 0; i < worker->verification_count; i++) {
        const struct verification *verification = &worker->verifications[i];
        if (has_stepped(&worker->facts, verification))
            verification_answer(worker, verification, SKEP_WORK_OK, outbox);
        else if (found && verification->number <= found->up_to_id)
            verification_answer(worker, verification, found->work, outbox);
        else if (worker->now >= verification->answer_by)
            verification_answer(worker, verification, work_without_answer(&worker->facts), outbox);
        else
            worker->verifications[waiting++] = *verification;
    }
    worker->verification_count = waiting;
}

ms_t worker_verify_due(const struct worker *worker)
{
    ms_t due = MS_NEVER;
    for (size_t i = 0; i < worker->verification_count; i++)
        due = ms_min(due, worker->verifications[i].answer_by);
    return due;
}
