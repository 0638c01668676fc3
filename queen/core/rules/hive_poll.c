#include "hive_poll.h"

#include <stdio.h>
#include <utlist.h>

#include "ask.h"
#include "health_answer.h"

static void wait_for_turn(struct queen *queen, struct hive_watch *watch)
{
    (void)heap_put(&queen->hives.due, &watch->due, watch->poll.next_at); /* room was made with the hive */
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
        queen->hives.running--;
    requester_cancel(&queen->asking[ASKING_HIVE], &watch->pending);
    ask_http_end(queen, &watch->http);
    heap_remove(&queen->hives.due, &watch->due);
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
        queen->hives.running++;
    else
        attempt_failed(queen, watch);
}

/* The attempt is over. The hive, if it is ready. */
static struct record *attempt_over(struct queen *queen, struct hive_watch *watch, bool ready)
{
    queen->hives.running--;
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

static bool http_allowlist(const struct queen *queen)
{
    return queen_sees(queen) && queen->hives.running < HIVE_POLLS_RUNNING;
}

void hive_poll_tick(struct queen *queen)
{
    struct heap_item *top;
    while (http_allowlist(queen) && (top = heap_top(&queen->hives.due)) && top->at <= queen->now) {
        heap_remove(&queen->hives.due, top);
        attempt(queen, CONTAINER_OF(top, struct hive_watch, due));
    }
}

ms_t hive_poll_deadline(const struct queen *queen)
{
    const struct heap_item *top = http_allowlist(queen) ? heap_top(&queen->hives.due) : NULL;
    return top ? top->at : MS_NEVER;
}

void hive_poll_link_lost(struct queen *queen)
{
    struct hive_watch *watch;
    DL_FOREACH(queen->hives.all, watch)
    {
        hive_poll_stop(queen, watch->record);
    }
}
