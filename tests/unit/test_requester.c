#include "requester.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#define MAX 4
#define TAG 9
#define NOW 1000

static struct requester requester;
static struct outbox outbox;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    outbox_init(&outbox);
    arena_init(&arena, 0);
    return requester_init(&requester, "skep/v1-rpc/reply/me", (struct siphash_key){ 1, 2 }, TAG, MAX);
}

static int tear_down(void **state)
{
    (void)state;
    requester_clear(&requester);
    outbox_clear(&outbox);
    arena_clear(&arena);
    return 0;
}

static uint64_t ask_for(ms_t timeout, void *subject)
{
    uint64_t token;
    struct question question = {
        .topic = "skep/v1-rpc/queen/q/health", .payload = TEXT("{}"), .deadline = NOW + timeout, .subject = subject
    };
    assert_int_equal(requester_ask(&requester, &question, NOW, &outbox, &token), OK);
    return token;
}

static bool reply(uint64_t token, const char *json, struct answer *ret)
{
    return requester_replied(&requester, (struct text){ (const char *)&token, sizeof token }, text_of(json), NOW + 7,
                             &arena, ret);
}

/* Nothing that may still happen to a request that has ended hands it out again. */
static void has_ended(uint64_t token)
{
    struct answer answer;
    assert_false(reply(token, "{\"result\":{}}", &answer));
    assert_false(requester_acked(&requester, token, 0x10, NOW, &answer));
    assert_false(requester_due(&requester, MS_NEVER - 1, &answer));
    assert_false(requester_lost(&requester, NOW, &answer));
    assert_int_equal(requester_deadline(&requester), MS_NEVER);
}

static void a_request_has_its_properties(void **state)
{
    static const struct {
        ms_t timeout;
        uint32_t expiry_s;
    } rows[] = { { 1, 1 }, { 1000, 1 }, { 1001, 2 }, { 5000, 5 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        outbox_reset(&outbox);
        uint64_t token = ask_for(rows[i].timeout, NULL);
        const struct publish *publish = &outbox.first->publish;
        assert_null(outbox.first->next);
        assert_string_equal(publish->topic, "skep/v1-rpc/queen/q/health");
        assert_true(text_is(publish->payload, "{}"));
        assert_int_equal(publish->qos, 1);
        assert_false(publish->retain);
        assert_true(publish->urgent);
        assert_string_equal(publish->response_topic, "skep/v1-rpc/reply/me");
        assert_int_equal(publish->expiry_s, rows[i].expiry_s);
        assert_int_equal(publish->token, token);
        assert_int_equal(publish->correlation.len, sizeof token);
        assert_memory_equal(publish->correlation.at, &token, sizeof token);
        assert_int_equal(token >> 56, TAG);
        assert_int_equal(requester_deadline(&requester), NOW + rows[i].timeout);
        requester_cancel(&requester, token);
    }
}

static void replies_and_what_they_are(void **state)
{
    static const struct {
        const char *why, *json;
        enum answer_kind want;
        const char *code, *message;
    } rows[] = {
        { "a result", "{\"result\":{\"seq\":1}}", ANSWER_RESULT, NULL, NULL },
        { "a result that is null", "{\"result\":null}", ANSWER_RESULT, NULL, NULL },
        { "a result and no error", "{\"result\":1,\"error\":null}", ANSWER_RESULT, NULL, NULL },
        { "members that are not known", "{\"result\":1,\"took\":3}", ANSWER_RESULT, NULL, NULL },
        { "an error", "{\"error\":{\"code\":\"busy\",\"message\":\"later\"}}", ANSWER_ERROR, "busy", "later" },
        { "an error without a sentence", "{\"error\":{\"code\":\"busy\"}}", ANSWER_ERROR, "busy", "" },
        { "an error without a code", "{\"error\":{\"message\":\"later\"}}", ANSWER_GARBLED, NULL, NULL },
        { "an error that is a text", "{\"error\":\"busy\"}", ANSWER_GARBLED, NULL, NULL },
        { "both", "{\"result\":1,\"error\":{\"code\":\"busy\"}}", ANSWER_GARBLED, NULL, NULL },
        { "neither", "{}", ANSWER_GARBLED, NULL, NULL },
        { "a list", "[]", ANSWER_GARBLED, NULL, NULL },
        { "no JSON", "pong", ANSWER_GARBLED, NULL, NULL },
        { "nothing", "", ANSWER_GARBLED, NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct answer answer;
        uint64_t token = ask_for(1000, &arena);
        assert_true(reply(token, rows[i].json, &answer));
        if (answer.kind != rows[i].want)
            fail_msg("%s: %s", rows[i].why, answer_kind_name(answer.kind));
        assert_int_equal(answer.token, token);
        assert_ptr_equal(answer.subject, &arena);
        assert_int_equal(answer.took, 7);
        assert_int_equal(answer.result != NULL, answer.kind == ANSWER_RESULT);
        assert_int_equal(answer.code != NULL, rows[i].code != NULL);
        if (rows[i].code) {
            assert_string_equal(answer.code, rows[i].code);
            assert_string_equal(answer.message, rows[i].message);
        }
        has_ended(token);
    }
}

static void acknowledgements_and_what_they_end(void **state)
{
    static const struct {
        const char *why;
        uint8_t reason;
        bool ends;
        enum answer_kind want;
    } rows[] = {
        { "success", 0x00, false, ANSWER_KIND_COUNT },
        { "nobody subscribes", 0x10, true, ANSWER_NO_SUBSCRIBER },
        { "not authorized", 0x87, true, ANSWER_REFUSED },
        { "quota exceeded", 0x97, true, ANSWER_REFUSED },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct answer answer;
        uint64_t token = ask_for(1000, NULL);
        if (requester_acked(&requester, token, rows[i].reason, NOW + 3, &answer) != rows[i].ends)
            fail_msg("%s", rows[i].why);
        if (rows[i].ends) {
            assert_int_equal(answer.kind, rows[i].want);
            assert_int_equal(answer.took, 3);
            assert_true(answer.acked);
        } else {
            assert_true(reply(token, "{\"result\":{}}", &answer));
            assert_true(answer.acked);
        }
        has_ended(token);
    }
}

static void a_reply_may_come_before_the_acknowledgement(void **state)
{
    struct answer answer;
    uint64_t token = ask_for(1000, NULL);

    (void)state;
    assert_true(reply(token, "{\"result\":{}}", &answer));
    assert_false(answer.acked);
    has_ended(token);
}

static void requests_end_at_their_deadlines_in_order(void **state)
{
    struct answer answer;
    int last, first;
    uint64_t late = ask_for(2000, &last), soon = ask_for(1000, &first);

    (void)state;
    assert_false(requester_acked(&requester, soon, 0, NOW, &answer));
    assert_int_equal(requester_deadline(&requester), NOW + 1000);
    assert_false(requester_due(&requester, NOW + 999, &answer));
    assert_true(requester_due(&requester, NOW + 5000, &answer));
    assert_int_equal(answer.token, soon);
    assert_ptr_equal(answer.subject, &first);
    assert_int_equal(answer.kind, ANSWER_NO_REPLY);
    assert_true(answer.acked);
    assert_true(requester_due(&requester, NOW + 5000, &answer));
    assert_int_equal(answer.token, late);
    assert_ptr_equal(answer.subject, &last);
    assert_false(answer.acked);
    has_ended(soon);
    has_ended(late);
}

static void a_lost_link_ends_them_all(void **state)
{
    struct answer answer;
    uint64_t one = ask_for(1000, NULL), two = ask_for(2000, NULL);

    (void)state;
    assert_true(requester_lost(&requester, NOW, &answer));
    assert_int_equal(answer.kind, ANSWER_LINK_LOST);
    assert_true(requester_lost(&requester, NOW, &answer));
    assert_false(requester_lost(&requester, NOW, &answer));
    has_ended(one);
    has_ended(two);
}

static void what_ends_nothing(void **state)
{
    struct answer answer;
    uint64_t token = ask_for(1000, NULL), other = token ^ (UINT64_C(1) << 40), beyond = token | 0xFFFF;

    (void)state;
    assert_false(reply(0, "{\"result\":{}}", &answer));
    assert_false(reply(other, "{\"result\":{}}", &answer));
    assert_false(reply(beyond, "{\"result\":{}}", &answer));
    assert_false(requester_acked(&requester, other, 0x10, NOW, &answer));
    assert_false(requester_replied(&requester, TEXT("short"), TEXT("{}"), NOW, &arena, &answer));
    assert_false(requester_replied(&requester, (struct text){ 0 }, TEXT("{}"), NOW, &arena, &answer));
    requester_cancel(&requester, other);
    assert_int_equal(requester_deadline(&requester), NOW + 1000);
    requester_cancel(&requester, token);
    has_ended(token);
}

static void no_more_than_the_limit_are_under_way(void **state)
{
    uint64_t tokens[MAX], one_more = 77;
    struct question question = { .topic = "t", .deadline = NOW + 1 };

    (void)state;
    for (int i = 0; i < MAX; i++) {
        tokens[i] = ask_for(1000, NULL);
        for (int j = 0; j < i; j++)
            assert_true(tokens[i] != tokens[j]);
    }
    outbox_reset(&outbox);
    assert_int_equal(requester_ask(&requester, &question, NOW, &outbox, &one_more), ERR_FULL);
    assert_int_equal(one_more, 77);
    assert_null(outbox.first);
    requester_cancel(&requester, tokens[1]);
    assert_int_equal(requester_ask(&requester, &question, NOW, &outbox, &one_more), OK);
    assert_true(one_more != tokens[1]); /* the slot is used again, the token never */
    assert_int_equal(outbox.first->publish.payload.len, 0);
}

static void kinds_have_names(void **state)
{
    static const char *const names[] = { "result",  "error",    "garbled",  "no_subscriber",
                                         "refused", "no_reply", "link_lost" };
    (void)state;
    assert_int_equal(ANSWER_KIND_COUNT, ARRAY_LEN(names));
    for (int i = 0; i < ANSWER_KIND_COUNT; i++)
        assert_string_equal(answer_kind_name(i), names[i]);
}

static void a_reply_topic_must_fit(void **state)
{
    char topic[TOPIC_SIZE + 1] = { 0 };
    struct requester other;

    (void)state;
    memset(topic, 't', TOPIC_SIZE);
    assert_int_equal(requester_init(&other, topic, (struct siphash_key){ 1, 2 }, 0, 1), ERR_TOPIC);
    topic[TOPIC_SIZE - 1] = '\0';
    assert_int_equal(requester_init(&other, topic, (struct siphash_key){ 1, 2 }, 0, 1), OK);
    requester_clear(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_has_its_properties),
        TEST(replies_and_what_they_are),
        TEST(acknowledgements_and_what_they_end),
        TEST(a_reply_may_come_before_the_acknowledgement),
        TEST(requests_end_at_their_deadlines_in_order),
        TEST(a_lost_link_ends_them_all),
        TEST(what_ends_nothing),
        TEST(no_more_than_the_limit_are_under_way),
        TEST(kinds_have_names),
        TEST(a_reply_topic_must_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
