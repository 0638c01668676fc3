#include "requester_fixture.h"

#include <cjson/cJSON.h>

static void a_request_has_its_properties(void **state)
{
    static const struct {
        struct question question;
        uint32_t expiry_s;
    } rows[] = {
        { { .deadline = NOW + 1 }, 1 },
        { { .deadline = NOW + 1000 }, 1 },
        { { .deadline = NOW + 1001 }, 2 },
        { { .deadline = NOW + 5000 }, 5 },
        { { .deadline = MS_NEVER, .reply_timeout = 1500 }, 2 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct question question = rows[i].question;
        question.payload = TEXT("{}");
        struct sent sent = ask(&pendings[0], &question);
        const struct publish *publish = published();
        assert_string_equal(publish->topic, "skep/v1-rpc/queen/q/health");
        assert_true(text_is(publish->payload, "{}"));
        assert_int_equal(publish->qos, 1);
        assert_false(publish->retain);
        assert_true(publish->urgent);
        assert_string_equal(publish->response_topic, "skep/v1-rpc/reply/me");
        assert_int_equal(publish->expiry_s, rows[i].expiry_s);
        assert_int_equal(publish->token >> 56, TAG);
        assert_int_equal(requester_deadline(&requester), question.deadline);
        assert_true(requester_is_waiting(sent.pending));
        requester_cancel(&requester, sent.pending);
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
        { "an error without a code", "{\"error\":{\"message\":\"later\"}}", ANSWER_ERROR, "no code", "later" },
        { "an error that is a text", "{\"error\":\"busy\"}", ANSWER_ERROR, "no code", "" },
        { "JSON-RPC's", "{\"result\":null,\"error\":{\"code\":-32601,\"message\":\"no\"}}", ANSWER_ERROR, "no code",
          "no" },
        { "both", "{\"result\":1,\"error\":{\"code\":\"busy\"}}", ANSWER_GARBLED, NULL, NULL },
        { "neither", "{}", ANSWER_GARBLED, NULL, NULL },
        { "a list", "[]", ANSWER_GARBLED, NULL, NULL },
        { "no JSON", "pong", ANSWER_GARBLED, NULL, NULL },
        { "nothing", "", ANSWER_GARBLED, NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct answer answer;
        struct sent sent = ask_for(1000, &arena);
        assert_true(reply(&sent, rows[i].json, &answer));
        if (answer.kind != rows[i].want)
            fail_msg("%s: %d", rows[i].why, (int)answer.kind);
        assert_ptr_equal(answer.pending, sent.pending);
        assert_ptr_equal(answer.subject, &arena);
        assert_int_equal(answer.took, 7);
        assert_int_equal(answer.result != NULL, answer.kind == ANSWER_RESULT);
        assert_int_equal(answer.code != NULL, rows[i].code != NULL);
        if (rows[i].code) {
            assert_string_equal(answer.code, rows[i].code);
            assert_string_equal(answer.message, rows[i].message);
        }
        has_ended(&sent);
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
        { "success", 0x00, false, ANSWER_LINK_LOST + 1 },
        { "nobody subscribes", 0x10, true, ANSWER_NO_SUBSCRIBER },
        { "not authorized", 0x87, true, ANSWER_REFUSED },
        { "quota exceeded", 0x97, true, ANSWER_REFUSED },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct answer answer;
        struct sent sent = ask_for(1000, NULL);
        if (requester_acked(&requester, sent.token, rows[i].reason, NOW + 3, &answer) != rows[i].ends)
            fail_msg("%s", rows[i].why);
        if (rows[i].ends) {
            assert_int_equal(answer.kind, rows[i].want);
            assert_int_equal(answer.took, 3);
            assert_int_equal(answer.reason, rows[i].reason);
        } else {
            assert_true(reply(&sent, "{\"result\":{}}", &answer));
        }
        has_ended(&sent);
    }
}

static void a_reply_may_come_before_the_acknowledgement(void **state)
{
    struct answer answer;
    struct sent sent = ask_for(1000, NULL);
    (void)state;
    assert_true(reply(&sent, "{\"result\":{}}", &answer));
    has_ended(&sent);
}

static void what_ends_nothing(void **state)
{
    struct answer answer;
    struct sent sent = ask_for(1000, NULL), other;
    (void)state;
    for (size_t i = 0; i < CORRELATION_SIZE - 1; i++) {
        other = sent;
        other.correlation[i] = other.correlation[i] == '7' ? '8' : '7';
        assert_false(reply(&other, "{\"result\":{}}", &answer));
    }
    other.correlation[CORRELATION_SIZE - 2] = '\0';
    assert_false(reply(&other, "{\"result\":{}}", &answer));
    assert_false(requester_acked(&requester, sent.token ^ UINT64_C(1) << 40, 0x10, NOW, &answer));
    assert_false(requester_acked(&requester, 0, 0x10, NOW, &answer));
    assert_false(requester_replied(&requester, TEXT("short"), TEXT("{}"), NOW, &arena, &answer));
    assert_false(requester_replied(&requester, (struct text){ 0 }, TEXT("{}"), NOW, &arena, &answer));
    requester_cancel(&requester, &pendings[1]); /* it was never asked */
    assert_int_equal(requester_deadline(&requester), NOW + 1000);
    requester_cancel(&requester, sent.pending);
    has_ended(&sent);
}

static void correlations_tell_nothing_of_one_another(void **state)
{
    struct requester other;
    struct pending pending = { 0 };
    struct sent sent[COUNT];
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        sent[i] = ask_nth(i, 1000);
        for (size_t j = 0; j < i; j++) {
            assert_true(sent[i].token != sent[j].token);
            assert_memory_not_equal(sent[i].correlation, sent[j].correlation, 16);
            assert_memory_not_equal(sent[i].correlation + 16, sent[j].correlation + 16, 16);
        }
        assert_memory_not_equal(sent[i].correlation, sent[i].correlation + 16, 16);
    }
    outbox_reset(&outbox);
    requester_init(&other, "skep/v1-rpc/reply/me", (struct siphash_key){ 1, 3 }, TAG); /* another key */
    assert_int_equal(
        requester_send(&other, &pending, &(struct question){ .topic = "t", .deadline = NOW + 1 }, NOW, &outbox), OK);
    assert_memory_not_equal(published()->correlation.at, sent[0].correlation, 16); /* the same number */
    requester_clear(&other);
}

static void asked_anew_the_old_one_is_gone(void **state)
{
    struct answer answer;
    struct sent old = ask_for(1000, NULL), new = ask_for(1000, NULL);
    (void)state;
    assert_false(reply(&old, "{\"result\":{}}", &answer));
    assert_true(reply(&new, "{\"result\":{}}", &answer));
    has_ended(&new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_has_its_properties),
        TEST(replies_and_what_they_are),
        TEST(acknowledgements_and_what_they_end),
        TEST(a_reply_may_come_before_the_acknowledgement),
        TEST(what_ends_nothing),
        TEST(correlations_tell_nothing_of_one_another),
        TEST(asked_anew_the_old_one_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
