#include "responder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "json_scan.h"
#include "msg.h"

#define ROOT "skep/v1"
#define REPLY_TO TEXT("skep/v1-rpc/reply/me")

/* A server whose methods echo, refuse, keep the asker for later, and write too much. */
struct server {
    int calls;
    struct asker kept;
};

static void answer_echo(void *self, const struct call *call)
{
    struct server *server = self;
    const char *id = NULL;
    server->calls++;
    if (call_id(call, "id", true, &id))
        buf_printf(call->result, "\"%s\"", id);
}

static void answer_later(void *self, const struct call *call)
{
    ((struct server *)self)->kept = *call->asker;
}

static void answer_much(void *self, const struct call *call)
{
    static char json[RESPONDER_REPLY_MAX + 1];
    (void)self;
    memset(json, '1', sizeof json);
    buf_add(call->result, json, sizeof json);
}

static void answer_without_memory(void *self, const struct call *call)
{
    (void)self;
    call->result->limit = 1;
    buf_add_str(call->result, "{}");
}

static const struct method methods[] = {
    { "echo", answer_echo },
    { "later", answer_later },
    { "much", answer_much },
    { "broke", answer_without_memory },
};
static const struct responder responder = { methods, ARRAY_LEN(methods) };

static struct outbox outbox;
static struct server server;
static struct request_limit limit;
static ms_t now;

static int set_up(void **state)
{
    (void)state;
    outbox = (struct outbox){ 0 };
    server = (struct server){ 0 };
    limit = (struct request_limit){ 0 };
    now = 1000;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    outbox_clear(&outbox);
    return 0;
}

static bool ask(const char *method, const struct message *message)
{
    outbox_reset(&outbox);
    return responder_answer(&responder, &server, &limit, &(struct request){ ROOT, text_of(method), message, now },
                            &outbox);
}

/* The only effect; fails the test when there is not exactly one reply to `me`. */
static const struct publish *only_reply(void)
{
    assert_false(outbox.failed);
    assert_non_null(outbox.first);
    assert_null(outbox.first->next);
    assert_int_equal(outbox.first->kind, EFFECT_PUBLISH);
    assert_string_equal(outbox.first->publish.topic, "skep/v1-rpc/reply/me");
    return &outbox.first->publish;
}

static void errors_have_names(void **state)
{
    static const char *const names[] = { "bad_params", "not_found", "ambiguous", "busy",
                                         "too_large",  "no_method", "not_ready", "internal" };
    (void)state;
    assert_int_equal(REQUEST_ERROR_COUNT, ARRAY_LEN(names));
    for (int i = 0; i < REQUEST_ERROR_COUNT; i++)
        assert_string_equal(request_error_name(i), names[i]);
}

static void a_result_that_the_broker_would_not_take_is_an_error(void **state)
{
    const struct message message = { .payload = TEXT(""), .response_topic = REPLY_TO, .correlation = TEXT("c1") };
    struct buf result = BUF_INIT;
    (void)state;
    buf_printf(&result, "\"%1000d\"", 7);
    assert_true(ask("later", &message));
    outbox.packet_max = 1200;
    reply_result(&server.kept, &result, &outbox);
    assert_int_equal(only_reply()->payload.len, strlen("{\"result\":}") + result.len);
    assert_true(publish_packet_size(only_reply()) <= outbox.packet_max);
    outbox_reset(&outbox);
    outbox.packet_max = 1000;
    reply_result(&server.kept, &result, &outbox);
    assert_true(
        text_equal(only_reply()->payload,
                   TEXT("{\"error\":{\"code\":\"too_large\",\"message\":\"the result has 1002 bytes, and the broker "
                        "takes packets of 1000: request less at once\"}}")));
    buf_clear(&result);
}

static void requests_and_their_replies(void **state)
{
    static const struct {
        const char *why, *method, *payload, *want;
    } rows[] = {
        { "a method with its parameter", "echo", "{\"id\":\"w1\"}", "{\"result\":\"w1\"}" },
        { "unknown parameters are ignored", "echo", "{\"x\":[1],\"id\":\"w1\"}", "{\"result\":\"w1\"}" },
        { "no parameters at all", "echo", "", "{\"error\":{\"code\":\"bad_params\",\"message\":\"id: is required\"}}" },
        { "an empty object", "echo", "{}", "{\"error\":{\"code\":\"bad_params\",\"message\":\"id: is required\"}}" },
        { "null is absent", "echo", "{\"id\":null}",
          "{\"error\":{\"code\":\"bad_params\",\"message\":\"id: is required\"}}" },
        { "a parameter of the wrong type", "echo", "{\"id\":1}",
          "{\"error\":{\"code\":\"bad_params\",\"message\":\"id: must be a string\"}}" },
        { "a list", "echo", "[]",
          "{\"error\":{\"code\":\"bad_params\",\"message\":\"the parameters must be one JSON object, or nothing\"}}" },
        { "a method that does not exist", "fly", "",
          "{\"error\":{\"code\":\"no_method\",\"message\":\"no such method; known are echo, later, much, broke\"}}" },
        { "methods are matched with their case", "Echo", "",
          "{\"error\":{\"code\":\"no_method\",\"message\":\"no such method; known are echo, later, much, broke\"}}" },
        { "a result that is too long", "much", "",
          "{\"error\":{\"code\":\"too_large\",\"message\":\"the result has 1048577 bytes, more than 1048576: request "
          "less at once\"}}" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct message request = { .payload = text_of(rows[i].payload), .response_topic = REPLY_TO };
        if (!ask(rows[i].method, &request) || !text_is(only_reply()->payload, rows[i].want))
            fail_msg("%s: %.*s", rows[i].why, (int)only_reply()->payload.len, only_reply()->payload.at);
    }
}

/* As many as an object may have. */
static void the_parameter_is_found_among_many_that_are_unknown(void **state)
{
    auto_clear(buf) payload = BUF_INIT;
    struct message request = { .response_topic = REPLY_TO };
    (void)state;
    for (int i = 1; i < JSON_MAX_MEMBERS; i++)
        buf_printf(&payload, "%s\"x%d\":%d", i > 1 ? "," : "{", i, i);
    buf_add_str(&payload, ",\"id\":\"w1\"}");
    request.payload = buf_text(&payload);
    assert_true(ask("echo", &request));
    assert_true(text_is(only_reply()->payload, "{\"result\":\"w1\"}"));
}

static void broken_parameters_never_reach_a_method(void **state)
{
    static char long_payload[16 * 1024 + 1];
    static const struct {
        const char *why;
        struct text payload;
        const char *code;
    } rows[] = {
        { "no JSON", { "id", 2 }, "\"bad_params\"" },
        { "half of an object", { "{\"id\":", 6 }, "\"bad_params\"" },
        { "a key given twice", { "{\"id\":\"a\",\"id\":\"b\"}", 19 }, "\"bad_params\"" },
        { "NUL", { "{}\0", 3 }, "\"bad_params\"" },
        { "a lonely text", { "\"id\"", 4 }, "\"bad_params\"" },
        { "over 16 KiB", { long_payload, sizeof long_payload }, "\"too_large\"" },
        { "16 KiB of nothing", { long_payload, sizeof long_payload - 1 }, "\"bad_params\"" },
    };

    (void)state;
    memset(long_payload, ' ', sizeof long_payload);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct message request = { .payload = rows[i].payload, .response_topic = REPLY_TO };
        if (!ask("echo", &request) || !strstr(only_reply()->payload.at, rows[i].code))
            fail_msg("%s: %.*s", rows[i].why, (int)only_reply()->payload.len, only_reply()->payload.at);
    }
    assert_int_equal(server.calls, 0);
}

static void what_is_not_answered(void **state)
{
    static const char long_correlation[ASKER_CORRELATION_MAX + 1];
    static const struct {
        const char *why;
        struct message request;
    } rows[] = {
        { "a stored request", { .retain = true, .response_topic = { "skep/v1-rpc/reply/me", 20 } } },
        { "no response topic", { .retain = false } },
        { "an empty one", { .response_topic = { "", 0 } } },
        { "one in the tree of state", { .response_topic = { "skep/v1/hive/h/presence", 23 } } },
        { "a request's topic", { .response_topic = { "skep/v1-rpc/hive/h/health", 25 } } },
        { "another root", { .response_topic = { "other-rpc/reply/me", 18 } } },
        { "a wildcard", { .response_topic = { "skep/v1-rpc/reply/+", 19 } } },
        { "a correlation that is too long",
          { .response_topic = { "skep/v1-rpc/reply/me", 20 },
            .correlation = { long_correlation, sizeof long_correlation } } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct message request = rows[i].request;
        if (ask("echo", &request) || outbox.first)
            fail_msg("%s: was answered", rows[i].why);
    }
    assert_int_equal(server.calls, 0);
}

static void a_reply_has_its_properties(void **state)
{
    char correlation[ASKER_CORRELATION_MAX];
    struct message request = { .payload = TEXT("{\"id\":\"w\"}"),
                               .response_topic = REPLY_TO,
                               .correlation = { correlation, sizeof correlation } };
    (void)state;
    memset(correlation, 0xFE, sizeof correlation);
    assert_true(ask("echo", &request));
    const struct publish *reply = only_reply();
    assert_int_equal(reply->qos, 1);
    assert_false(reply->retain);
    assert_true(reply->urgent);
    assert_string_equal(reply->content_type, "application/json");
    assert_int_equal(reply->expiry_s, 60);
    assert_true(text_equal(reply->correlation, request.correlation));
    assert_null(reply->response_topic);

    request.correlation = (struct text){ 0 };
    assert_true(ask("echo", &request));
    assert_null(only_reply()->correlation.at);
}

static void an_answer_may_come_later(void **state)
{
    char topic[] = "skep/v1-rpc/reply/me", correlation[] = "c-1";
    struct message request = { .response_topic = text_of(topic), .correlation = text_of(correlation) };
    (void)state;
    assert_true(ask("later", &request));
    assert_null(outbox.first);
    memset(topic, 'z', sizeof topic);
    memset(correlation, 'z', sizeof correlation);
    reply_error(&server.kept, &outbox, REQUEST_BUSY, "%d are waiting", 32);
    assert_true(text_is(only_reply()->payload, "{\"error\":{\"code\":\"busy\",\"message\":\"32 are waiting\"}}"));
    assert_true(text_is(only_reply()->correlation, "c-1"));

    struct buf result = BUF_INIT;
    buf_add_str(&result, "[1]");
    outbox_reset(&outbox);
    reply_result(&server.kept, &result, &outbox);
    assert_true(text_is(only_reply()->payload, "{\"result\":[1]}"));
    buf_clear(&result);
}

static void a_result_that_could_not_be_written_fails_the_step(void **state)
{
    struct message request = { .response_topic = REPLY_TO };
    (void)state;
    assert_true(ask("broke", &request));
    assert_null(outbox.first);
    assert_true(outbox.failed);
}

/* Answers of `requests`, from topics that differ by `step`. */
static unsigned answers_of(unsigned requests, const char *prefix, unsigned step)
{
    unsigned answers = 0;
    for (unsigned i = 0; i < requests; i++) {
        char topic[64];
        snprintf(topic, sizeof topic, ROOT "-rpc/reply/%s%u", prefix, i * step);
        answers += ask("later", &(struct message){ .response_topic = text_of(topic) });
    }
    return answers;
}

static void who_asks_too_much_is_refused_alone(void **state)
{
    (void)state;
    assert_int_equal(answers_of(10000, "a", 0), REQUEST_LIMIT_OF_ASKER.capacity);
    assert_int_equal(answers_of(10, "b", 0), 10);
    now += 1000;
    assert_int_equal(answers_of(10000, "a", 0), REQUEST_LIMIT_OF_ASKER.per_second);
}

static void all_askers_together_have_a_rate_and_queens_one_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(answers_of(10000, "flood", 1), REQUEST_LIMIT_OF_ALL.capacity);
    assert_int_equal(answers_of(10, "skep:q:queen", 0), 10);
    now += 1000;
    assert_in_range(answers_of(10000, "flood", 1), REQUEST_LIMIT_OF_ALL.per_second - 10,
                    REQUEST_LIMIT_OF_ALL.per_second);
    assert_int_equal(answers_of(10, "skep:q:queen", 0), 10);
}

/* Who is told apart from others is not forgotten by the ten thousand that come once. */
static void an_asker_in_debt_keeps_its_place(void **state)
{
    (void)state;
    assert_int_equal(answers_of(10000, "a", 0), REQUEST_LIMIT_OF_ASKER.capacity);
    (void)answers_of(10000, "flood", 1);
    assert_int_equal(answers_of(1, "a", 0), 0);
}

static void some_that_are_too_many_are_told_busy(void **state)
{
    unsigned busy = 0;
    struct message message = { .response_topic = REPLY_TO };
    (void)state;
    for (int i = 0; i < 10000; i++)
        if (!ask("later", &message) && outbox.first) {
            assert_true(
                text_is(only_reply()->payload, "{\"error\":{\"code\":\"busy\",\"message\":\"too many requests\"}}"));
            busy++;
        }
    assert_int_equal(busy, REQUEST_LIMIT_BUSY.capacity);
}

#define HIVE_ID      \
    {                \
        "hive_id", 7 \
    }

static void an_id_among_the_parameters(void **state)
{
    static const struct {
        const char *why;
        struct parameter given; /* without a name: none is */
        bool required;
        enum err want;
        const char *id;
    } rows[] = {
        { "given and required", { HIVE_ID, { "h", 1 }, false }, true, OK, "h" },
        { "given and not required", { HIVE_ID, { "h", 1 }, false }, false, OK, "h" },
        { "absent", { .is_number = false }, false, OK, NULL },
        { "absent and required", { .is_number = false }, true, ERR_MISSING, "untouched" },
        { "no id", { HIVE_ID, { "a/b", 3 }, false }, false, ERR_ID, "untouched" },
        { "empty", { HIVE_ID, { "", 0 }, false }, false, ERR_ID, "untouched" },
        { "an object", { HIVE_ID, { 0 }, false }, false, ERR_TYPE, "untouched" },
        { "a number", { HIVE_ID, { "7", 1 }, true }, false, ERR_TYPE, "untouched" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parameter given = rows[i].given;
        struct query params = { &given, given.name.at != NULL };
        const char *id = "untouched";
        enum err err = query_id(&params, "hive_id", rows[i].required, &id, NULL);
        if (err != rows[i].want || (id == NULL) != (rows[i].id == NULL) || (id && strcmp(id, rows[i].id) != 0))
            fail_msg("%s: %s", rows[i].why, err_name(err));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Whose place a new asker takes: of one who asked much, but long ago, not of one who asked little just now. */
static void who_asked_least_of_late_makes_room(void **state)
{
    static struct request_limit table;
    struct request_limit before;
    const ms_t later = 10000000, long_ago = later - 1900;
    char topic[32];
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        (void)request_limit_take(&table, TEXT("much, long ago"), false, long_ago);
    for (unsigned i = 0; i < (REQUEST_LIMIT_ASKERS - 1) * 10; i++) {
        snprintf(topic, sizeof topic, "little, now %u", i % (REQUEST_LIMIT_ASKERS - 1));
        (void)request_limit_take(&table, text_of(topic), false, later);
    }
    before = table;
    (void)request_limit_take(&table, TEXT("new"), false, later);
    for (unsigned i = 0; i < REQUEST_LIMIT_ASKERS; i++)
        assert_int_equal(table.askers[i].id != before.askers[i].id, i == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(errors_have_names),
        TEST(a_result_that_the_broker_would_not_take_is_an_error),
        TEST(requests_and_their_replies),
        TEST(the_parameter_is_found_among_many_that_are_unknown),
        TEST(broken_parameters_never_reach_a_method),
        TEST(what_is_not_answered),
        TEST(a_reply_has_its_properties),
        TEST(an_answer_may_come_later),
        TEST(a_result_that_could_not_be_written_fails_the_step),
        TEST(who_asks_too_much_is_refused_alone),
        TEST(all_askers_together_have_a_rate_and_queens_one_of_their_own),
        TEST(an_asker_in_debt_keeps_its_place),
        TEST(some_that_are_too_many_are_told_busy),
        TEST(an_id_among_the_parameters),
        cmocka_unit_test(who_asked_least_of_late_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
