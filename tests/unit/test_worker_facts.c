#include "facts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec.h"

static void says(const struct facts *facts, ms_t now, const char *expected)
{
    struct heartbeat heartbeat;
    struct buf json = BUF_INIT;
    struct arena arena;
    arena = (struct arena){ 0 };
    heartbeat_init(&heartbeat);
    assert_int_equal(facts_to_heartbeat(facts, now, &arena, &heartbeat), OK);
    heartbeat_encode(&heartbeat, &json);
    assert_string_equal(buf_str(&json), expected);
    buf_clear(&json);
    arena_clear(&arena);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *why, *field;
        double value;
        enum err expected;
    } rows[] = {
        { "a share", "gpu_utilization", 0.5, OK },
        { "the bounds belong to it", "gpu_utilization", 1, OK },
        { "more than all", "gpu_utilization", 1.01, ERR_RANGE },
        { "less than nothing", "queue_depth", -1, ERR_RANGE },
        { "half a request", "queue_depth", 1.5, ERR_TYPE },
        { "half a millisecond", "last_inference_ms", 1.5, OK },
        { "absent", "inflight", NAN, OK },
        { "infinite", "last_inference_ms", INFINITY, ERR_RANGE },
        { "beyond what a double counts", "queue_depth", 1e17, ERR_RANGE },
        { "no process has this id", "pid", 0, ERR_RANGE },
        { "a text", "status", 1, ERR_UNKNOWN },
        { "the library's own", "seq", 1, ERR_UNKNOWN },
        { "nobody's", "nope", 1, ERR_UNKNOWN },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct facts facts;
        facts_init(&facts);
        if (facts_set_number(&facts, rows[i].field, rows[i].value, 0, NULL) != rows[i].expected)
            fail_msg("%s", rows[i].why);
    }
}

static void test_texts(void **state)
{
    static char long_model[300];
    static const struct {
        const char *why, *field, *value;
        enum err expected;
    } rows[] = {
        { "a token of its own is fine", "status", "warming-up", OK },
        { "a blank is not of the id form", "status", "very busy", ERR_ID },
        { "a status cannot be absent", "status", NULL, ERR_ID },
        { "a model", "model_loaded", "meta-llama/Llama-3-8b", OK },
        { "no model", "model_loaded", NULL, OK },
        { "too long", "model_loaded", long_model, ERR_RANGE },
        { "not UTF-8", "model_loaded", "\xff", ERR_UTF8 },
        { "a line break", "host", "a\nb", ERR_RANGE },
        { "a number", "queue_depth", "1", ERR_UNKNOWN },
    };
    (void)state;

    memset(long_model, 'x', sizeof long_model - 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct facts facts;
        facts_init(&facts);
        if (facts_set_text(&facts, rows[i].field, text_of(rows[i].value), NULL) != rows[i].expected)
            fail_msg("%s", rows[i].why);
    }
}

static void test_merge(void **state)
{
    static const struct {
        const char *why, *json;
        enum err expected;
        const char *says; /* for OK */
    } rows[] = {
        { "nothing", "{}", OK, "{\"status\":\"idle\",\"metrics\":{\"t\":1},\"labels\":{\"zone\":\"a\"}}" },
        { "several", "{\"status\":\"busy\",\"queue_depth\":3,\"model_loaded\":\"m\"}", OK,
          "{\"status\":\"busy\",\"model_loaded\":\"m\",\"queue_depth\":3,\"metrics\":{\"t\":1},\"labels\":{\"zone\":"
          "\"a\"}}" },
        { "entries are merged one by one", "{\"metrics\":{\"u\":2,\"t\":null},\"labels\":{\"zone\":\"b\"}}", OK,
          "{\"status\":\"idle\",\"metrics\":{\"u\":2},\"labels\":{\"zone\":\"b\"}}" },
        { "null takes all away", "{\"metrics\":null,\"labels\":null}", OK, "{\"status\":\"idle\"}" },
        { "all or nothing", "{\"status\":\"busy\",\"queue_depth\":-1}", ERR_RANGE, NULL },
        { "a count of another", "{\"progress\":17}", OK,
          "{\"status\":\"idle\",\"progress\":17,\"progress_age_ms\":0,\"metrics\":{\"t\":1},\"labels\":{\"zone\":\"a\"}"
          "}" },
        { "half a step", "{\"progress\":17.5}", ERR_RANGE, NULL },
        { "less than no step", "{\"progress\":-1}", ERR_RANGE, NULL },
        { "a count as text", "{\"progress\":\"17\"}", ERR_UNKNOWN, NULL },
        { "the library's own field", "{\"session\":\"0123456789abcdef\"}", ERR_UNKNOWN, NULL },
        { "an unknown field", "{\"colour\":\"red\"}", ERR_UNKNOWN, NULL },
        { "a number as text", "{\"queue_depth\":\"3\"}", ERR_UNKNOWN, NULL },
        { "a text as number", "{\"status\":3}", ERR_UNKNOWN, NULL },
        { "a metric that is no number", "{\"metrics\":{\"t\":\"1\"}}", ERR_TYPE, NULL },
        { "a label that is no text", "{\"labels\":{\"t\":1}}", ERR_TYPE, NULL },
        { "metrics that are no object", "{\"metrics\":[1]}", ERR_TYPE, NULL },
        { "an entry without a name", "{\"labels\":{\"\":\"x\"}}", ERR_RANGE, NULL },
        { "no object", "[]", ERR_TYPE, NULL },
        { "a key twice", "{\"pid\":1,\"pid\":2}", ERR_DUPLICATE, NULL },
        { "no JSON", "status=busy", ERR_SYNTAX, NULL },
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        struct facts facts;
        enum err err;
        facts_init(&facts);
        assert_int_equal(facts_merge(&facts,
                                     TEXT("{\"status\":\"idle\",\"metrics\":{\"t\":1},\"labels\":{\"zone\":\"a\"}}"), 0,
                                     NULL),
                         OK);
        err = facts_merge(&facts, text_of(rows[i].json), 0, &e);
        if (err != rows[i].expected)
            fail_msg("%s: %s %s", rows[i].why, err_name(err), e.text);
        says(&facts, 0, err == OK ? rows[i].says : rows[0].says);
    }
}

static void test_entries_are_bounded(void **state)
{
    struct facts facts;
    char name[32], long_value[MSG_LABEL_MAX + 1];
    struct text value;
    int taken = 0;
    (void)state;

    facts_init(&facts);
    for (int i = 0; i < MSG_GAUGES_MAX; i++) {
        snprintf(name, sizeof name, "metric-%d", i);
        assert_int_equal(facts_set_metric(&facts, text_of(name), i, NULL), OK);
    }
    assert_int_equal(facts_set_metric(&facts, TEXT("one-more"), 1, NULL), ERR_FULL);
    assert_int_equal(facts_set_metric(&facts, TEXT("metric-0"), 7, NULL), OK);
    assert_int_equal(facts_set_metric(&facts, TEXT("metric-1"), NAN, NULL), OK);
    assert_int_equal(facts_set_metric(&facts, TEXT("one-more"), 1, NULL), OK);

    memset(long_value, '"', sizeof long_value);
    value = (struct text){ long_value, MSG_LABEL_MAX };
    for (int i = 0; i < MSG_LABELS_MAX + 1; i++) {
        snprintf(name, sizeof name, "label-%d", i);
        taken += facts_set_label(&facts, text_of(name), value, NULL) == OK;
    }
    assert_in_range(taken, 1, MSG_LABELS_MAX);

    struct heartbeat heartbeat;
    struct buf json = BUF_INIT;
    struct arena arena;
    arena = (struct arena){ 0 };
    heartbeat_init(&heartbeat);
    assert_int_equal(facts_to_heartbeat(&facts, 0, &arena, &heartbeat), OK);
    heartbeat_encode(&heartbeat, &json);
    assert_in_range(json.len, 1, MSG_MAX_BYTES - 1024);
    buf_clear(&json);
    arena_clear(&arena);
}

static void test_a_count_of_another(void **state)
{
    static const struct {
        const char *why, *json;
        ms_t now;
        int64_t count, age; /* INT_ABSENT: nothing is known */
        ms_t stepped_at;
    } rows[] = {
        { "the first value is no step", "{\"progress\":7,\"inflight\":1}", 1000, 7, 0, MS_NEVER },
        { "the same is none", "{\"progress\":7}", 3000, 7, 2000, MS_NEVER },
        { "another is", "{\"progress\":9}", 4000, 9, 0, 4000 },
        { "so is a lower one: the engine was restarted", "{\"progress\":0}", 5000, 0, 0, 5000 },
        { "a bad line changes nothing", "{\"progress\":3,\"colour\":1}", 6000, 0, 1000, 5000 },
        { "nothing is known any more", "{\"progress\":null}", 7000, INT_ABSENT, INT_ABSENT, MS_NEVER },
        { "and again, as if for the first time", "{\"progress\":0}", 9000, 0, 0, MS_NEVER },
        { "work taken up has not stood still yet", "{\"inflight\":0}", 9000, 0, 0, MS_NEVER },
        { "however old the count is", "{\"inflight\":2,\"progress\":0}", 19000, 0, 0, MS_NEVER },
    };
    struct facts facts;
    (void)state;

    facts_init(&facts);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        (void)facts_merge(&facts, text_of(rows[i].json), rows[i].now, NULL);
        if (facts_progress_count(&facts) != rows[i].count || facts_progress_age(&facts, rows[i].now) != rows[i].age ||
            facts.stepped_at != rows[i].stepped_at)
            fail_msg("%s: %d, age %d", rows[i].why, (int)facts_progress_count(&facts),
                     (int)facts_progress_age(&facts, rows[i].now));
    }
    assert_false(facts_is_stalled(&facts, 19000 + FACT_STALL_MS - 1));
    assert_true(facts_is_stalled(&facts, 19000 + FACT_STALL_MS));
}

static void test_ages(void **state)
{
    struct facts facts;
    (void)state;

    facts_init(&facts);
    facts_progress(&facts, 1000);
    says(&facts, 1250, "{\"status\":\"starting\",\"progress\":1,\"progress_age_ms\":250}");
    facts_set_stalled(&facts, true, 2000);
    facts_set_stalled(&facts, true, 3000); /* told again: it counts from the first time */
    says(&facts, 3500, "{\"status\":\"starting\",\"progress\":1,\"progress_age_ms\":2500,\"stalled_ms\":1500}");
    facts_set_stalled(&facts, false, 4000);
    says(&facts, 4000, "{\"status\":\"starting\",\"progress\":1,\"progress_age_ms\":3000}");
}

static void test_stall_due(void **state)
{
    struct facts facts;
    (void)state;

    facts_init(&facts);
    assert_int_equal(facts_set_number(&facts, "stall_ms", 500, 0, NULL), OK);
    assert_int_equal(facts_set_number(&facts, "inflight", 1, 0, NULL), OK);
    assert_true(facts_stall_due(&facts, 0) == MS_NEVER); /* progress was never reported */
    facts_progress(&facts, 1000);
    assert_int_equal(facts_stall_due(&facts, 1000), 1500);
    assert_true(facts_stall_due(&facts, 1500) == MS_NEVER); /* told */
    assert_false(facts_is_stalled(&facts, 1499));
    assert_true(facts_is_stalled(&facts, 1500));

    assert_int_equal(facts_set_number(&facts, "inflight", 0, 1600, NULL), OK);
    assert_true(facts_stall_due(&facts, 1000) == MS_NEVER); /* nothing to stand still */
    assert_int_equal(facts_set_number(&facts, "inflight", 1, 9000, NULL), OK);
    assert_int_equal(facts_stall_due(&facts, 1000), 9500); /* new work starts its own limit */

    facts_set_stalled(&facts, true, 9100);
    facts_progress(&facts, 9400);
    assert_int_equal(facts_stall_due(&facts, 9400), 9600); /* the earlier of the two */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_entries_are_bounded),
        cmocka_unit_test(test_a_count_of_another),
        cmocka_unit_test(test_ages),
        cmocka_unit_test(test_stall_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
