/* Rules that a person gives, and what they find. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buf.h"
#include "json_pointer.h"
#include "rule.h"

static void test_pointers(void **state)
{
    static const char document[] = "{\"a\":{\"b\":[10,{\"c\":\"x\"},null]},\"m~n\":1,\"a/b\":2,\"\":3,\"00\":4}";
    static const struct {
        const char *pointer;
        double number; /* NAN = none */
    } rows[] = {
        { "/a/b/0", 10 }, { "/a/b/00", NAN },    { "/a/b/3", NAN }, { "/a/b/-1", NAN }, { "/a/b/2", NAN },
        { "/a/b", 3 },    { "/a/b/1/c/d", NAN }, { "/m~0n", 1 },    { "/a~1b", 2 },     { "/", 3 },
        { "/00", 4 },     { "/A", NAN },         { "", 5 },         { "/a/b/x", NAN },  { "/m", NAN },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct rule rule = { rows[i].pointer, TO_QUEUE_DEPTH };
        struct arena arena = { 0 };
        struct found found;
        assert_int_equal(rules_read_json(&rule, 1, text_of(document), &arena, &found, NULL), OK);
        if (isnan(rows[i].number) ? !isnan(found.number) : found.number != rows[i].number)
            fail_msg("%s: %g", rows[i].pointer, found.number);
        arena_clear(&arena);
    }
}

static struct found count_in(struct buf *document)
{
    static const struct rule rule = { "", TO_QUEUE_DEPTH };
    struct arena arena = { 0 };
    struct found found;
    enum err err = rules_read_json(&rule, 1, buf_text(document), &arena, &found, NULL);
    assert_int_equal(err == OK, !isnan(found.number));
    arena_clear(&arena);
    buf_clear(document);
    return found;
}

/* The limits of the fleet's messages are not those of another program's. */
static void test_documents_of_others(void **state)
{
    struct buf many = BUF_INIT, twice = BUF_INIT, deep = BUF_INIT, too_deep = BUF_INIT;
    (void)state;
    for (int i = 0; i < 5000; i++)
        buf_printf(&many, "%c{\"job\":%d}", i ? ',' : '[', i);
    buf_add_char(&many, ']');
    assert_true(count_in(&many).number == 5000);
    buf_add_str(&twice, "{\"a\":1,\"a\":2}");
    assert_true(count_in(&twice).number == 2);
    for (int i = 0; i < 2 * JSON_FOREIGN_DEPTH; i++)
        buf_add_char(&deep, i < JSON_FOREIGN_DEPTH ? '[' : ']');
    assert_true(count_in(&deep).number == 1);
    for (int i = 0; i < JSON_FOREIGN_DEPTH + 1; i++)
        buf_add_char(&too_deep, '[');
    assert_true(isnan(count_in(&too_deep).number));
}

static void test_words(void **state)
{
    static const struct {
        const char *why, *word;
        bool is_json;
        enum err err;
        enum rule_target target;
    } rows[] = {
        { "a number by a pointer", "queue_depth=/queue/length", true, OK, TO_QUEUE_DEPTH },
        { "the whole document", "inflight=", true, OK, TO_INFLIGHT },
        { "a text", "model_loaded=/model", true, OK, TO_MODEL },
        { "an entry of metrics", "metrics.heat=/t", true, OK, TO_METRIC },
        { "by a metric", "progress=steps_total{kind=\"x\"}", false, OK, TO_PROGRESS },
        { "no text by a metric", "status=up", false, ERR_SYNTAX, 0 },
        { "no pointer", "queue_depth=queue", true, ERR_SYNTAX, 0 },
        { "no metric", "queue_depth=/queue", false, ERR_SYNTAX, 0 },
        { "no source", "queue_depth", true, ERR_SYNTAX, 0 },
        { "no name", "metrics.=/t", true, ERR_SYNTAX, 0 },
        { "the library's field", "session=/s", true, ERR_UNKNOWN, 0 },
        { "nothing", "", true, ERR_SYNTAX, 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena arena = { 0 };
        struct errbuf e = { 0 };
        struct rule rule = { 0 };
        enum err err = rule_parse(text_of(rows[i].word), rows[i].is_json, &arena, &rule, &e);
        if (err != rows[i].err || rule.target != rows[i].target || (err == OK) != (e.text[0] == '\0'))
            fail_msg("%s: %s %s", rows[i].why, err_name(err), e.text);
        arena_clear(&arena);
    }
}

static void test_label_sets(void **state)
{
    static const struct rule rules[] = { { "q", TO_QUEUE_DEPTH },
                                         { "q", TO_METRIC, "greatest", .takes_greatest = true },
                                         { "none", TO_INFLIGHT } };
    struct found found[ARRAY_LEN(rules)];
    (void)state;
    rules_read_prometheus(rules, ARRAY_LEN(rules), TEXT("q{a=\"1\"} 2\nq{a=\"2\"} 5\nq{a=\"3\"} NaN\nq{a=\"4\"} 1\n"),
                          found);
    assert_true(found[0].number == 8);
    assert_true(found[1].number == 5);
    assert_true(isnan(found[2].number));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_pointers), cmocka_unit_test(test_words),
                                        cmocka_unit_test(test_documents_of_others), cmocka_unit_test(test_label_sets) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
