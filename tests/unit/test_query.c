#include "query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buf.h"

static struct arena arena;

static int tear_down(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

/* Parameters as `name=value`, one a line. */
static void parameters_are_split_and_decoded(void **state)
{
    static const struct {
        const char *why, *query, *want;
    } rows[] = {
        { "absent", NULL, "" },
        { "empty", "", "" },
        { "one", "state=online", "state=online\n" },
        { "several, in order", "b=2&a=1", "b=2\na=1\n" },
        { "empty ones between", "&&a=1&&b=2&", "a=1\nb=2\n" },
        { "a name alone", "verbose", "verbose=\n" },
        { "an empty value", "a=", "a=\n" },
        { "a value with `=`", "a=b=c", "a=b=c\n" },
        { "plus is a space", "a=b+c", "a=b c\n" },
        { "an escaped plus is a plus", "a=b%2Bc", "a=b+c\n" },
        { "escapes in either case", "a=%4a%4A%c3%A4", "a=JJ\xc3\xa4\n" },
        { "at the very end", "a=%41", "a=A\n" },
        { "separators may be escaped", "a%3Db=c%26d", "a=b=c&d\n" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct query query;
        struct buf got = BUF_INIT;
        assert_int_equal(query_parse(&arena, text_of(rows[i].query), &query, NULL), OK);
        for (size_t k = 0; k < query.count; k++)
            buf_printf(&got, "%s=%s\n", query.parameters[k].name.at, query.parameters[k].value.at);
        if (strcmp(buf_str(&got), rows[i].want) != 0)
            print_error("%s\n", rows[i].why);
        assert_string_equal(buf_str(&got), rows[i].want);
        buf_clear(&got);
    }
}

static void faults_are_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *query;
        enum err err;
        const char *sentence;
    } rows[] = {
        { "a=%4", ERR_SYNTAX, "a parameter is not properly percent-encoded UTF-8" },
        { "a=%", ERR_SYNTAX, "a parameter is not properly percent-encoded UTF-8" },
        { "a=%g0", ERR_SYNTAX, "a parameter is not properly percent-encoded UTF-8" },
        { "a=%0g", ERR_SYNTAX, "a parameter is not properly percent-encoded UTF-8" },
        { "a=%00", ERR_SYNTAX, "a parameter is not properly percent-encoded UTF-8" },
        { "%ff=1", ERR_UTF8, "a parameter is not properly percent-encoded UTF-8" },
        { "a=\xc3", ERR_UTF8, "a parameter is not properly percent-encoded UTF-8" },
        { "=1", ERR_SYNTAX, "a parameter without a name" },
        { "a=1&b=2&a=3", ERR_DUPLICATE, "a parameter is given twice" },
        { "a=1&%61=3", ERR_DUPLICATE, "a parameter is given twice" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct query query = { .count = 77 };
        struct errbuf e = { 0 };
        assert_int_equal(query_parse(&arena, text_of(rows[i].query), &query, &e), rows[i].err);
        assert_string_equal(e.text, rows[i].sentence);
        assert_int_equal(query.count, 77);
    }
}

static void limits_hold(void **state)
{
    static char query[QUERY_MAX_BYTES + 2];
    struct query ret;
    struct buf many = BUF_INIT;
    (void)state;
    for (int i = 0; i < QUERY_MAX_PARAMETERS; i++)
        buf_printf(&many, "a%d=1&", i);
    assert_int_equal(query_parse(&arena, buf_text(&many), &ret, NULL), OK);
    assert_int_equal(ret.count, QUERY_MAX_PARAMETERS);
    buf_add_str(&many, "b=1");
    assert_int_equal(query_parse(&arena, buf_text(&many), &ret, NULL), ERR_TOO_LARGE);
    buf_clear(&many);
    memset(query, 'a', sizeof query - 1);
    assert_int_equal(query_parse(&arena, (struct text){ query, QUERY_MAX_BYTES }, &ret, NULL), OK);
    assert_int_equal(query_parse(&arena, (struct text){ query, QUERY_MAX_BYTES + 1 }, &ret, NULL), ERR_TOO_LARGE);
}

static void no_memory_is_said(void **state)
{
    struct arena small;
    struct query ret;
    struct text segment;
    (void)state;
    small = (struct arena){ .limit = 32 };
    assert_int_equal(query_parse(&small, TEXT("name=a-value-of-some-length-and-more"), &ret, NULL), ERR_NOMEM);
    arena_reset(&small);
    assert_int_equal(query_decode_segment(&small, TEXT("a-segment-of-some-length-and-even-more"), &segment), ERR_NOMEM);
    arena_clear(&small);
}

static void a_segment_keeps_its_plus(void **state)
{
    struct text segment;
    (void)state;
    assert_int_equal(query_decode_segment(&arena, TEXT("w%2D1+2"), &segment), OK);
    assert_string_equal(segment.at, "w-1+2");
    assert_int_equal(query_decode_segment(&arena, TEXT("w%2"), &segment), ERR_SYNTAX);
    assert_int_equal(query_decode_segment(&arena, TEXT("w%ff"), &segment), ERR_UTF8);
    assert_string_equal(segment.at, "w-1+2");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, NULL, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(parameters_are_split_and_decoded),
        TEST(faults_are_refused_with_a_sentence),
        TEST(limits_hold),
        TEST(no_memory_is_said),
        TEST(a_segment_keeps_its_plus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
