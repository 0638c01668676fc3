#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prometheus.h"

static void test_lines(void **state)
{
    static const struct {
        const char *why, *document, *name, *labels;
        double value;
    } rows[] = {
        { "a sample", "up 1", "up", "", 1 },
        { "with labels, comments before it", "# HELP up x\n# TYPE up gauge\n\nup{a=\"b\"} 1.5", "up", "a=\"b\"", 1.5 },
        { "no labels in braces", "up{} 2\n", "up", "", 2 },
        { "a comma at the end, and space", "up { a = \"b\" , } 3", "up", " a = \"b\" , ", 3 },
        { "a brace and a quote in a value", "up{a=\"}\\\"{\"} 4", "up", "a=\"}\\\"{\"", 4 },
        { "a time, and an example", "up_total 5 1763894400000 # {trace=\"x\"} 0.1", "up_total", "", 5 },
        { "an exponent", "up 8.128902e+06\r\n", "up", "", 8128902 },
        { "NaN is skipped", "up NaN\nup +Inf\nup -Inf\nup 6", "up", "", 6 },
        { "what cannot be read is skipped", "{} 1\nup{a=\"b 1\nup{a=b} 1\nup\nup x\nup 1x\nup 7", "up", "", 7 },
        { "too large a number", "up 1e999\nup 8", "up", "", 8 },
        { "nothing", "# EOF\n", NULL, NULL, 0 },
        { "no document", "", NULL, NULL, 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct text rest = text_of(rows[i].document);
        struct prometheus_sample sample;
        if (prometheus_next(&rest, &sample) != (rows[i].name != NULL))
            fail_msg("%s", rows[i].why);
        if (rows[i].name && (!text_is(sample.name, rows[i].name) || !text_is(sample.labels, rows[i].labels) ||
                             sample.value != rows[i].value))
            fail_msg("%s: %.*s{%.*s} %g", rows[i].why, (int)sample.name.len, sample.name.at, (int)sample.labels.len,
                     sample.labels.at, sample.value);
    }
}

static void test_matches(void **state)
{
    static const struct {
        const char *why, *line, *selector;
        bool matches;
    } rows[] = {
        { "the name", "up 1", "up", true },
        { "with any labels", "up{a=\"b\"} 1", "up", true },
        { "a name is matched whole", "up_by_reason 1", "up", false },
        { "from its beginning", "up 1", "up_by_reason", false },
        { "a colon is an underscore, too", "vllm_up 1", "vllm:up", true },
        { "but not the other way round", "vllm:up 1", "vllm_up", false },
        { "a label", "up{x=\"1\",a=\"b\"} 1", "up{a=\"b\"}", true },
        { "another value", "up{a=\"c\"} 1", "up{a=\"b\"}", false },
        { "no such label", "up{b=\"b\"} 1", "up{a=\"b\"}", false },
        { "no labels", "up 1", "up{a=\"b\"}", false },
        { "each of them", "up{a=\"b\",c=\"d\"} 1", "up{c=\"d\",a=\"b\"}", true },
        { "not one of them", "up{a=\"b\",c=\"d\"} 1", "up{a=\"b\",c=\"e\"}", false },
        { "as it is written", "up{a=\"\\\\n\"} 1", "up{a=\"\\\\n\"}", true },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct text rest = text_of(rows[i].line);
        struct prometheus_sample sample;
        assert_true(prometheus_next(&rest, &sample));
        assert_int_equal(prometheus_selector_check(text_of(rows[i].selector), NULL), OK);
        if (prometheus_matches(&sample, text_of(rows[i].selector)) != rows[i].matches)
            fail_msg("%s", rows[i].why);
    }
}

static void test_selectors(void **state)
{
    static const char *const bad[] = { "", "{}", "up{", "up{a}", "up{a=b}", "up{a=\"b\"", "up{a=\"b\"}x", "up down" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (prometheus_selector_check(text_of(bad[i]), NULL) != ERR_SYNTAX)
            fail_msg("%s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines), cmocka_unit_test(test_matches),
                                        cmocka_unit_test(test_selectors) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
