/* requester_fixture.h - a requester between a user and a broker, and what others see of its requests. */
#ifndef TEST_REQUESTER_FIXTURE_H
#define TEST_REQUESTER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "requester.h"

#define TAG 9
#define NOW 1000
#define COUNT 4

static struct requester requester;
static struct pending pendings[COUNT];
static struct outbox outbox;
static struct arena arena;

static inline int set_up(void **state)
{
    (void)state;
    memset(pendings, 0, sizeof pendings);
    outbox = (struct outbox){ 0 };
    arena = (struct arena){ 0 };
    requester_init(&requester, "skep/v1-rpc/reply/me", (struct siphash_key){ 1, 2 }, TAG);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    requester_clear(&requester);
    outbox_clear(&outbox);
    arena_clear(&arena);
    return 0;
}

/* What it looked like when it was sent, for that is all that others see of it. */
struct sent {
    struct pending *pending;
    uint64_t token;
    char correlation[CORRELATION_SIZE];
};

static inline const struct publish *published(void)
{
    assert_non_null(outbox.first);
    assert_null(outbox.first->next);
    return &outbox.first->publish;
}

static inline struct sent ask(struct pending *pending, const struct question *question)
{
    struct sent sent = { .pending = pending };
    struct question whole = *question;
    whole.topic = "skep/v1-rpc/queen/q/health";
    outbox_reset(&outbox);
    assert_int_equal(requester_send(&requester, pending, &whole, NOW, &outbox), OK);
    sent.token = published()->token;
    assert_int_equal(published()->correlation.len, CORRELATION_SIZE - 1);
    memcpy(sent.correlation, published()->correlation.at, CORRELATION_SIZE - 1);
    assert_int_equal(strspn(sent.correlation, "0123456789abcdef"), CORRELATION_SIZE - 1);
    return sent;
}

static inline struct sent ask_for(ms_t timeout, void *subject)
{
    pendings[0].subject = subject;
    return ask(&pendings[0], &(struct question){ .payload = TEXT("{}"), .deadline = NOW + timeout });
}

static inline bool reply(const struct sent *sent, const char *json, struct answer *ret)
{
    return requester_replied(&requester, text_of(sent->correlation), text_of(json), NOW + 7, &arena, ret);
}

static inline bool due(ms_t now, struct answer *ret)
{
    outbox_reset(&outbox);
    while (requester_due(&requester, now, &outbox, ret))
        if (ret->pending)
            return true;
    return false;
}

/* Nothing that may still happen to a request that has ended hands it out again. */
static inline void has_ended(const struct sent *sent)
{
    struct answer answer;
    assert_false(requester_is_waiting(sent->pending));
    assert_false(reply(sent, "{\"result\":{}}", &answer));
    assert_false(requester_acked(&requester, sent->token, 0x10, NOW, &answer));
    assert_false(due(MS_NEVER - 1, &answer));
    assert_null(outbox.first);
    assert_false(requester_lost(&requester, NOW, &answer));
    assert_int_equal(requester_deadline(&requester), MS_NEVER);
}

static inline struct sent ask_nth(size_t i, ms_t timeout)
{
    pendings[i].subject = &pendings[i];
    return ask(&pendings[i], &(struct question){ .deadline = NOW + timeout });
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
