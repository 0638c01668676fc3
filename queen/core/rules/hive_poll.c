#include "hive_poll.h"

#include <stdio.h>
#include <utlist.h>

#include "health_answer.h"
#include "http_ask.h"

static struct hive_watch *of_due(struct heap_item *item)
{
    return (struct hive_watch *)((char *)item - offsetof(struct hive_watch, due));
}

void hive_poll_init(struct queen *queen)
{
    heap_init(&queen->hives.due);
    requester_init(&queen->hives.requester, queen->member.reply_topic,
                   siphash_derive(&queen->options.secret, "hive polls"), TOKEN_HIVE);
}

void hive_poll_clear(struct queen *queen)
{
    requester_clear(&queen->hives.requester);
    heap_clear(&queen->hives.due);
}

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
    if (requester_is_waiting(&watch->pending) || watch->http_token)
        queen->hives.running--;
    requester_cancel(&queen->hives.requester, &watch->pending);
    heap_remove(&queen->hives.due, &watch->due);
    watch->http_token = 0;
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
    struct topic topic = { .kind = TOPIC_HIVE_REQUEST,
                           .hive = text_of(record_hive(watch->record)),
                           .method = TEXT("health") };
    char text[TOPIC_SIZE];
    struct question question = { .topic = text };
    (void)startup_poll_begin(&watch->poll, queen->now);
    question.deadline = watch->poll.until;
    if (http_ask_may(queen, watch->record)) /* which has the other half of the time */
        question.deadline -= watch->poll.options.attempt_timeout / 2;
    if (topic_build(queen->options.root, &topic, text) == OK && /* valid ids below a checked root fit */
        requester_ask(&queen->hives.requester, &watch->pending, &question, queen->now, queen->out) == OK)
        queen->hives.running++;
    else
        attempt_failed(queen, watch);
}

/* The attempt is over. The hive, if it is ready. */
static struct record *attempt_over(struct queen *queen, struct hive_watch *watch, bool ready)
{
    watch->http_token = 0;
    queen->hives.running--;
    if (!ready) {
        attempt_failed(queen, watch);
        return NULL;
    }
    watch->polling = false;
    return watch->record;
}

/* Only the hive that was asked can say that it is ready. */
static bool says_ready(const struct hive_watch *watch, const struct answer *answer)
{
    char service[16 + NAME_SIZE];
    struct health_answer health;
    snprintf(service, sizeof service, "hive/%s", record_hive(watch->record));
    return answer->kind == ANSWER_RESULT && health_answer_read(answer->result, service, &health, NULL) == OK &&
           health.status != HEALTH_FAIL;
}

static struct record *answered(struct queen *queen, const struct answer *answer)
{
    struct hive_watch *watch = answer->subject;
    watch->http_token = queen_token(queen, TOKEN_HIVE_HTTP);
    if (answer->kind != ANSWER_RESULT &&
        http_ask(queen, watch->record, watch->http_token, watch->poll.until - queen->now))
        return NULL;
    return attempt_over(queen, watch, says_ready(watch, answer));
}

struct record *hive_poll_http_answered(struct queen *queen, uint64_t token, const struct http_answer *http)
{
    struct hive_watch *watch = queen->hives.all;
    enum health_status status;
    while (watch && watch->http_token != token)
        watch = watch->next;
    if (!watch)
        return NULL;
    return attempt_over(queen, watch, http_ask_read(queen, watch->record, http, &status) && status != HEALTH_FAIL);
}

/* An acknowledgement may say that nobody listens, but not that the hive is ready. */
void hive_poll_acked(struct queen *queen, uint64_t token, uint8_t reason)
{
    struct answer answer;
    if (requester_acked(&queen->hives.requester, token, reason, queen->now, &answer))
        (void)answered(queen, &answer);
}

struct record *hive_poll_replied(struct queen *queen, struct text correlation, struct text payload)
{
    struct answer answer;
    if (!requester_replied(&queen->hives.requester, correlation, payload, queen->now, &queen->arena, &answer))
        return NULL;
    return answered(queen, &answer);
}

static bool may_ask(const struct queen *queen)
{
    return queen_sees(queen) && queen->hives.running < HIVE_POLLS_RUNNING;
}

void hive_poll_tick(struct queen *queen)
{
    struct answer answer;
    struct heap_item *top;
    while (requester_due(&queen->hives.requester, queen->now, queen->out, &answer))
        if (answer.pending)
            (void)answered(queen, &answer);
    while (may_ask(queen) && (top = heap_top(&queen->hives.due)) && top->at <= queen->now) {
        heap_remove(&queen->hives.due, top);
        attempt(queen, of_due(top));
    }
}

ms_t hive_poll_deadline(const struct queen *queen)
{
    const struct heap_item *top = may_ask(queen) ? heap_top(&queen->hives.due) : NULL;
    return ms_min(top ? top->at : MS_NEVER, requester_deadline(&queen->hives.requester));
}

void hive_poll_link_lost(struct queen *queen)
{
    struct hive_watch *watch;
    DL_FOREACH(queen->hives.all, watch)
    {
        hive_poll_stop(queen, watch->record);
    }
}
