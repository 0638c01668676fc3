#include "json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buf.h"
#include "json_reference.h"
#include "rng.h"

#define DOCUMENTS 3000
#define MUTATIONS 20

static struct rng rng;

static int (*real_compare)(const void *a, const void *b);
static unsigned comparisons;

static int compare_and_count(const void *a, const void *b)
{
    comparisons++;
    return real_compare(a, b);
}

/* Named by the linker's --wrap. */
void __real_qsort(void *base, size_t count, size_t size, int (*compare)(const void *a, const void *b));
void __wrap_qsort(void *base, size_t count, size_t size, int (*compare)(const void *a, const void *b));

void __wrap_qsort(void *base, size_t count, size_t size, int (*compare)(const void *a, const void *b))
{
    real_compare = compare;
    __real_qsort(base, count, size, compare_and_count);
}

static unsigned below(unsigned count)
{
    return (unsigned)rng_between(&rng, 0, (int64_t)count - 1);
}

static void add_one(struct buf *buf, const char *const *from, size_t count)
{
    buf_add_str(buf, from[below((unsigned)count)]);
}

static void add_blanks(struct buf *buf)
{
    static const char *const blanks[] = { "", "", "", " ", "\n", "\t \r" };
    add_one(buf, blanks, ARRAY_LEN(blanks));
}

static void add_characters(struct buf *buf)
{
    static const char *const characters[] = { "a",
                                              "Z",
                                              "7",
                                              "_",
                                              " ",
                                              "/",
                                              "\\\"",
                                              "\\\\",
                                              "\\/",
                                              "\\b",
                                              "\\f",
                                              "\\n",
                                              "\\r",
                                              "\\t",
                                              "\\u0001",
                                              "\\u00e4",
                                              "\\ud83d\\udc1d",
                                              "\xc3\xa4",
                                              "\xe2\x82\xac",
                                              "\xf0\x9f\x90\x9d",
                                              "\\u20aC",
                                              "\x7f",
                                              "metrics" };
    for (unsigned left = below(8); left > 0; left--)
        add_one(buf, characters, ARRAY_LEN(characters));
}

static void add_number(struct buf *buf)
{
    static const char *const numbers[] = { "0",
                                           "-0",
                                           "-0.0",
                                           "0.1",
                                           "1e5",
                                           "1E-7",
                                           "-2.5e+3",
                                           "9007199254740993",
                                           "123456789012345",
                                           "1234567890123456789",
                                           "0.000000000000001",
                                           "5e-324",
                                           "1.7976931348623157e308",
                                           "2.2250738585072011e-308",
                                           "1e-999" };
    if (below(3) == 0)
        add_one(buf, numbers, ARRAY_LEN(numbers));
    else if (below(2) == 0)
        buf_printf(buf, "%lld", (long long)rng_next(&rng) >> below(63));
    else
        buf_printf(buf, "%s%u.%0*u", below(2) ? "-" : "", below(100000), 1 + (int)below(12), below(1000000));
}

/* A valid value. Every key begins with a number of its own. */
static void add_value(struct buf *buf, unsigned depth)
{
    static const char *const words[] = { "true", "false", "null" };
    unsigned kind = below(depth > 1 ? 8 : 5);
    if (kind == 0) {
        add_one(buf, words, ARRAY_LEN(words));
    } else if (kind <= 2) {
        add_number(buf);
    } else if (kind <= 4) {
        buf_add_char(buf, '"');
        add_characters(buf);
        buf_add_char(buf, '"');
    } else {
        buf_add_char(buf, kind == 5 ? '[' : '{');
        add_blanks(buf);
        for (unsigned i = 0, count = below(6); i < count; i++) {
            buf_add_str(buf, i ? "," : "");
            add_blanks(buf);
            if (kind > 5) {
                buf_printf(buf, "\"%u", i);
                add_characters(buf);
                buf_add_char(buf, '"');
                add_blanks(buf);
                buf_add_char(buf, ':');
                add_blanks(buf);
            }
            add_value(buf, depth - 1);
            add_blanks(buf);
        }
        buf_add_char(buf, kind == 5 ? ']' : '}');
    }
}

static void check(struct text json, bool valid)
{
    enum err err;
    if (!json_scan_agrees(json, &err))
        fail_msg("cJSON reads it differently: %.*s", (int)json.len, json.at);
    if (valid && err != OK)
        fail_msg("refused (%s): %.*s", err_name(err), (int)json.len, json.at);
}

static void generated_documents_are_read_as_cjson_reads_them(void **state)
{
    struct buf buf = BUF_INIT;
    (void)state;
    rng.state = 20251023;
    for (int i = 0; i < DOCUMENTS; i++) {
        buf_reset(&buf);
        add_blanks(&buf);
        add_value(&buf, 1 + below(8));
        add_blanks(&buf);
        check(buf_text(&buf), true);
        for (int j = 0; j < MUTATIONS; j++) {
            static const char bytes[] = "{}[]\",:\\u0e-.1a \xc3\x80";
            char *at = buf.at + below((unsigned)buf.len), was = *at;
            *at = bytes[below(sizeof bytes)];
            check(buf_text(&buf), false);
            *at = was;
        }
    }
    buf_clear(&buf);
}

static void a_key_that_comes_again_is_seen_wherever_it_is(void **state)
{
    struct buf buf = BUF_INIT;
    enum err err;
    (void)state;
    for (unsigned count = 2; count <= JSON_MAX_MEMBERS; count += 7) {
        for (unsigned again = 0; again < count - 1; again += 1 + count / 9) {
            buf_reset(&buf);
            for (unsigned i = 0; i < count; i++)
                buf_printf(&buf, "%c\"\\u006bey%u\":[{}]", i ? ',' : '{', i == count - 1 ? again : i);
            buf_add_char(&buf, '}');
            assert_true(json_scan_agrees(buf_text(&buf), &err));
            assert_int_equal(err, ERR_DUPLICATE);
        }
    }
    buf_clear(&buf);
}

static void keys_that_look_alike_cost_little(void **state)
{
    struct buf buf = BUF_INIT;
    enum err err;
    (void)state;
    for (unsigned i = 0; i < JSON_MAX_MEMBERS; i++)
        buf_printf(&buf, "%c\"a%c%ca\":0", i ? ',' : '{', 'A' + (char)(i % 16), 'a' + (char)(i / 16));
    buf_add_char(&buf, '}');
    comparisons = 0;
    assert_true(json_scan_agrees(buf_text(&buf), &err));
    assert_int_equal(err, OK);
    assert_in_range(comparisons, JSON_MAX_MEMBERS - 1, JSON_MAX_MEMBERS * 8); /* n log n */
    buf_clear(&buf);
}

static void a_key_may_also_be_that_of_another_object(void **state)
{
    enum err err;
    (void)state; /* aAb, aBb and aCb look alike */
    assert_true(json_scan_agrees(TEXT("{\"aAb\":{\"aCb\":1},\"aBb\":[{\"aAb\":0}],\"aCb\":2}"), &err));
    assert_int_equal(err, OK);
    assert_true(json_scan_agrees(TEXT("{\"aAb\":{\"aCb\":1},\"aCb\":[0,[1]],\"aBb\":2,\"aCb\":3}"), &err));
    assert_int_equal(err, ERR_DUPLICATE);
}

/* The first and the last of each length of UTF-8, and of each half of a pair. */
static void escapes_are_read_up_to_their_edges(void **state)
{
    static const struct {
        const char *json, *want; /* NULL: it is refused */
    } rows[] = {
        { "\"\\u007f\"", "\x7f" },
        { "\"\\u0080\"", "\xc2\x80" },
        { "\"\\u07ff\"", "\xdf\xbf" },
        { "\"\\u0800\"", "\xe0\xa0\x80" },
        { "\"\\ud7ff\"", "\xed\x9f\xbf" },
        { "\"\\ue000\"", "\xee\x80\x80" },
        { "\"\\uffff\"", "\xef\xbf\xbf" },
        { "\"\\ud800\\udc00\"", "\xf0\x90\x80\x80" },
        { "\"\\ud800\\udfff\"", "\xf0\x90\x8f\xbf" },
        { "\"\\udbff\\udc00\"", "\xf4\x8f\xb0\x80" },
        { "\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf" },
        { "\"\\ud800\"", NULL },
        { "\"\\udbff\"", NULL },
        { "\"\\udc00\"", NULL },
        { "\"\\udc00\\udc00\"", NULL },
        { "\"\\udfff\"", NULL },
        { "\"\\ud800\\udbff\"", NULL },
        { "\"\\ud800\\ue000\"", NULL },
        { "\"\x80\"", NULL },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct json_value *value;
        struct arena arena = { 0 };
        enum err err = json_scan(&arena, text_of(rows[i].json), &value, NULL);
        if (err != (rows[i].want ? OK : ERR_UTF8) || (rows[i].want && !text_is(value->string, rows[i].want)))
            fail_msg("%s: %s", rows[i].json, err_name(err));
        arena_clear(&arena);
    }
}

static void values_lie_behind_one_another(void **state)
{
    const struct json_value *values;
    struct arena arena;
    (void)state;
    arena = (struct arena){ 0 };
    assert_int_equal(json_scan(&arena, TEXT(" {\"a\":[1,[2],3],\"b\\n\":\"\\u00e4\",\"c\":{}} "), &values, NULL), OK);
    assert_int_equal(values->type, JSON_OBJECT);
    assert_null(values->key.at);
    assert_int_equal(values->span, 8);
    assert_int_equal(json_value_member(values, "a")->span, 5);
    assert_true(text_equal(json_value_member(values, "b\n")->string, TEXT("\xc3\xa4")));
    assert_ptr_equal(json_value_member(values, "c"), values + 7);
    assert_null(json_value_member(values, "A"));
    assert_null(json_value_member(values + 1, "a"));
    assert_null(json_value_member(NULL, "a"));
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_documents_are_read_as_cjson_reads_them),
        cmocka_unit_test(a_key_that_comes_again_is_seen_wherever_it_is),
        cmocka_unit_test(keys_that_look_alike_cost_little),
        cmocka_unit_test(a_key_may_also_be_that_of_another_object),
        cmocka_unit_test(escapes_are_read_up_to_their_edges),
        cmocka_unit_test(values_lie_behind_one_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
