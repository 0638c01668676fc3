#include "health_answer.h"
#include "health_target.h"
#include "poll_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void targets(void **state)
{
    static const struct {
        const char *word;
        enum err err;
        enum target_kind kind;
        const char *service_id, *topic;
    } rows[] = {
        { "queen/q1", OK, TARGET_QUEEN, "queen/q1", "skep/v1-rpc/queen/q1/health" },
        { "hive/hive-a", OK, TARGET_HIVE, "hive/hive-a", "skep/v1-rpc/hive/hive-a/health" },
        { "worker/w1", OK, TARGET_WORKER, "worker/default/w1", "skep/v1-rpc/hive/default/worker/w1/health" },
        { "worker/h/w1", OK, TARGET_WORKER, "worker/h/w1", "skep/v1-rpc/hive/h/worker/w1/health" },
        { "http://127.0.0.1:7833/health", OK, TARGET_URL, "", NULL },
        { "HTTPS://x", OK, TARGET_URL, "", NULL },
        { "queen", ERR_SYNTAX, 0, NULL, NULL },
        { "queen/", ERR_ID, 0, NULL, NULL },
        { "queen/a/b", ERR_ID, 0, NULL, NULL },
        { "hive/-a", ERR_ID, 0, NULL, NULL },
        { "worker/a/b/c", ERR_ID, 0, NULL, NULL },
        { "worker//b", ERR_ID, 0, NULL, NULL },
        { "bee/a", ERR_SYNTAX, 0, NULL, NULL },
        { "ftp://x", ERR_SYNTAX, 0, NULL, NULL },
        { "", ERR_SYNTAX, 0, NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct health_target target;
        struct errbuf e = { 0 };
        char topic[TOPIC_SIZE];
        enum err err = health_target_parse(rows[i].word, &target, &e);
        if (err != rows[i].err || (err == OK) != (e.text[0] == '\0'))
            fail_msg("%s: %s (%s)", rows[i].word, err_name(err), e.text);
        if (err != OK)
            continue;
        assert_int_equal(target.kind, rows[i].kind);
        assert_string_equal(target.service_id, rows[i].service_id);
        if (rows[i].topic) {
            assert_int_equal(health_target_topic(&target, "skep/v1", topic), OK);
            assert_string_equal(topic, rows[i].topic);
        }
    }
}

static void answers(void **state)
{
    static const struct {
        const char *why, *body, *service_id;
        enum err err;
        enum health_status status;
        const char *description, *checks; /* NULL: none */
    } rows[] = {
        { "all well", "{\"status\":\"pass\",\"serviceId\":\"queen/q\",\"description\":\"queen\"}", "queen/q", OK,
          HEALTH_PASS, "queen" },
        { "a warning, from anybody", "{\"status\":\"warn\"}", "", OK, HEALTH_WARN, "" },
        { "failing", "{\"status\":\"fail\",\"serviceId\":\"hive/a\"}", "hive/a", OK, HEALTH_FAIL, "" },
        { "a description that would harm a terminal", "{\"status\":\"pass\",\"description\":\"a\\u001b[2Jb\"}", "", OK,
          HEALTH_PASS, "a?[2Jb" },
        { "checks that do not pass",
          "{\"status\":\"warn\",\"checks\":{\"a\":[{\"status\":\"pass\",\"observedValue\":1}],"
          "\"workers:failed\":[{\"observedValue\":2,\"status\":\"warn\"}],"
          "\"mqtt:link\":[{\"observedValue\":\"do\\u0007wn\",\"status\":\"fail\"}],\"b\":[{\"status\":\"warn\"}]}}",
          "", OK, HEALTH_WARN, "", "workers:failed 2, mqtt:link do?wn, b" },
        { "checks that are none",
          "{\"status\":\"warn\",\"checks\":{\"a\":1,\"b\":[],\"c\":[[]],\"d\":[{\"status\":3}]}}", "", OK, HEALTH_WARN,
          "" },
        { "no checks", "{\"status\":\"warn\",\"checks\":[{\"status\":\"warn\"}]}", "", OK, HEALTH_WARN, "" },
        { "somebody else", "{\"status\":\"pass\",\"serviceId\":\"queen/other\"}", "queen/q", ERR_MISMATCH, 0, NULL },
        { "an unknown service", "{\"status\":\"pass\"}", "queen/q", ERR_MISMATCH, 0, NULL },
        { "another status", "{\"status\":\"up\",\"serviceId\":\"queen/q\"}", "queen/q", ERR_TYPE, 0, NULL },
        { "no status", "{}", "", ERR_TYPE, 0, NULL },
        { "no object", "[]", "", ERR_TYPE, 0, NULL },
        { "no JSON", "<html>", "", ERR_TYPE, 0, NULL },
        { "nothing", "", "", ERR_TYPE, 0, NULL },
    };
    struct arena arena;

    (void)state;
    arena = (struct arena){ 0 };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct health_answer answer;
        struct errbuf e = { 0 };
        enum err err = health_answer_parse(&arena, text_of(rows[i].body), rows[i].service_id, &answer, &e);
        if (err != rows[i].err || (err == OK) != (e.text[0] == '\0'))
            fail_msg("%s: %s (%s)", rows[i].why, err_name(err), e.text);
        if (err != OK)
            continue;
        assert_int_equal(answer.status, rows[i].status);
        assert_string_equal(answer.description, rows[i].description);
        assert_string_equal(answer.checks, rows[i].checks ? rows[i].checks : "");
    }
    arena_clear(&arena);
}

static void multipliers_and_jitters(void **state)
{
    static const struct {
        const char *text;
        double multiplier; /* 0 = refused */
        int jitter;        /* -1 = refused */
    } rows[] = {
        { "1", 1, 1 },   { "1.5", 1.5, -1 }, { "100", 100, 100 }, { "100.1", 0, -1 }, { "0", 0, 0 },
        { "0%", 0, 0 },  { "10%", 0, 10 },   { "101%", 0, -1 },   { "0.99", 0, -1 },  { "", 0, -1 },
        { "%", 0, -1 },  { "0x10", 0, -1 },  { "inf", 0, -1 },    { " 2", 0, -1 },    { "2 ", 0, -1 },
        { "-2", 0, -1 }, { "1.5.5", 0, -1 }, { ".", 0, -1 },      { "1e1", 0, -1 },   { "10%%", 0, -1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        double multiplier = 77;
        unsigned jitter = 77;
        struct errbuf e = { 0 };
        enum err err = poll_multiplier_parse(rows[i].text, &multiplier, &e);
        if (err != (rows[i].multiplier != 0 ? OK : ERR_RANGE) || multiplier != (err ? 77 : rows[i].multiplier))
            fail_msg("multiplier %s: %f", rows[i].text, multiplier);
        err = poll_jitter_parse(rows[i].text, &jitter, &e);
        if (err != (rows[i].jitter >= 0 ? OK : ERR_RANGE) || jitter != (err ? 77 : (unsigned)rows[i].jitter))
            fail_msg("jitter %s: %u", rows[i].text, jitter);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),
        cmocka_unit_test(answers),
        cmocka_unit_test(multipliers_and_jitters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
