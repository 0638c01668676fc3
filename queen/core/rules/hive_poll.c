#include "hive_poll.h"

#include <stdio.h>
#include <utlist.h>

#include "ask.h"
#include "health_answer.h"

static struct heap *heap_of(struct queen *queen, const struct hive_watch *watch)
{
    return watch->poll.attempt == 0 ? &queen->hives.first : &queen->hives.again;
}

static void wait_for_turn(struct queen *queen, struct hive_watch *watch)
{
    (void)heap_put(heap_of(queen, watch), &watch->due, watch->poll.next_at); /* room was made with the hive */
}

/* `by` 1: it is out; -1: it is not any more. */
static void count_running(struct queen *queen, const struct hive_watch *watch, int by)
{
    queen->hives.running += (unsigned)by;
    if (watch->poll.attempt > 1)
        queen->hives.running_again += (unsigned)by;
}

void hive_poll_begin(struct queen *queen, struct record *hive)
{
    struct hive_watch *watch = hive->watch;
    if (watch->polling || queen->now < watch->again_at)
        return;
    startup_poll_init(&watch->poll, &STARTUP_POLL_DEFAULT, queen_token(queen, TOKEN_HIVE), queen->now);
    watch->polling = true;
    wait_for_turn(queen, watch);
}

void hive_poll_stop(struct queen *queen, struct record *hive)
{
    struct hive_watch *watch = hive->watch;
    if (requester_is_waiting(&watch->pending) || watch->http.token)
        count_running(queen, watch, -1);
    requester_cancel(&queen->asking[ASKING_HIVE], &watch->pending);
    ask_http_end(queen, &watch->http);
    heap_remove(heap_of(queen, watch), &watch->due);
    watch->polling = false;
}

void hive_poll_reset(struct queen *queen, struct record *hive)
{
    hive_poll_stop(queen, hive);
    hive->watch->again_at = 0;
}

static void attempt_failed(struct queen *queen, struct hive_watch *watch)
{
    if (startup_poll_failed(&watch->poll, queen->now) != MS_NEVER) {
        wait_for_turn(queen, watch);
        return;
    }
    watch->polling = false;
    watch->again_at = queen->now + HIVE_POLL_PAUSE_MS;
}

static void attempt(struct queen *queen, struct hive_watch *watch)
{
    struct question question = { 0 };
    (void)startup_poll_begin(&watch->poll, queen->now);
    question.deadline = watch->poll.until;
    if (ask_may_http(queen, watch->record)) /* which has the other half of the time */
        question.deadline -= watch->poll.options.attempt_timeout / 2;
    if (ask(queen, ASKING_HIVE, &watch->pending, watch->record, "health", question))
        count_running(queen, watch, 1);
    else
        attempt_failed(queen, watch);
}

/* The attempt is over. The hive, if it is ready. */
static struct record *attempt_over(struct queen *queen, struct hive_watch *watch, bool ready)
{
    count_running(queen, watch, -1);
    if (!ready) {
        attempt_failed(queen, watch);
        return NULL;
    }
    watch->polling = false;
    return watch->record;
}

/* Only the hive that was asked can say that it is ready. */
static bool reports_ready(const struct hive_watch *watch, const struct answer *answer)
{
    char service[16 + NAME_SIZE];
    struct health_answer health;
    snprintf(service, sizeof service, "hive/%s", record_hive(watch->record));
    return answer->kind == ANSWER_RESULT && health_answer_read(answer->result, service, &health, NULL) == OK &&
           health.status != HEALTH_FAIL;
}

struct record *hive_poll_answered(struct queen *queen, const struct answer *answer)
{
    struct hive_watch *watch = answer->subject;
    requester_cancel(&queen->asking[ASKING_HIVE], &watch->pending);
    if (answer->kind != ANSWER_RESULT &&
        ask_http(queen, &watch->http, TOKEN_HIVE_HTTP, watch->record, watch->poll.until - queen->now))
        return NULL;
    return attempt_over(queen, watch, reports_ready(watch, answer));
}

struct record *hive_poll_http_answered(struct queen *queen, struct hive_watch *watch, const struct http_answer *http)
{
    enum health_status status;
    return attempt_over(queen, watch, ask_http_read(queen, watch->record, http, &status) && status != HEALTH_FAIL);
}

/* The attempt that is next, be it due or not. First ones go ahead, and further ones leave half of those that may run to
 * them, so that hives that never answer hold up none that has just come. */
static struct heap_item *next_attempt(const struct queen *queen)
{
    const struct hives *hives = &queen->hives;
    struct heap_item *first = heap_top(&hives->first);
    struct heap_item *again = hives->running_again < HIVE_POLLS_RUNNING / 2 ? heap_top(&hives->again) : NULL;
    if (!queen_sees(queen) || hives->running >= HIVE_POLLS_RUNNING)
        return NULL;
    if (!first || (again && first->at > queen->now && again->at < first->at))
        return again;
    return first;
}

void hive_poll_tick(struct queen *queen)
{
    struct heap_item *next;
    while ((next = next_attempt(queen)) && next->at <= queen->now) {
        struct hive_watch *watch = CONTAINER_OF(next, struct hive_watch, due);
        heap_remove(heap_of(queen, watch), next);
        attempt(queen, watch);
    }
}

ms_t hive_poll_deadline(const struct queen *queen)
{
    const struct heap_item *next = next_attempt(queen);
    return next ? next->at : MS_NEVER;
}

void hive_poll_link_lost(struct queen *queen)
{
    struct hive_watch *watch;
    DL_FOREACH(queen->hives.all, watch)
    {
        hive_poll_stop(queen, watch->record);
    }
}
