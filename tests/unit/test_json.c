#include "json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>

#include <cjson/cJSON.h>

#include "buf.h"
#include "comma_locale.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena = (struct arena){ 0 };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static const struct {
    const char *why, *json;
    enum err want;
} rows[] = {
    { "an object", "{\"a\":1}", OK },
    { "an empty object", "{}", OK },
    { "an empty array", "[]", OK },
    { "blanks of all four kinds everywhere", " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n", OK },
    { "a lonely number", "-0.5e+10", OK },
    { "a lonely string", "\"x\"", OK },
    { "words", "[true,false,null]", OK },
    { "every escape", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uABCD\"", OK },
    { "a surrogate pair", "\"\\ud83d\\udc1d\"", OK },
    { "UTF-8 of two, three and four bytes", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9d\"", OK },
    { "DEL is no control character to JSON", "\"\x7f\"", OK },
    { "numbers", "[0,-0,1,10,1.5,1e5,1E5,1e-5,1e+5,0.1e1]", OK },
    { "keys that differ in case only", "{\"a\":1,\"A\":2}", OK },
    { "equal keys in different objects", "{\"a\":{\"a\":1},\"b\":{\"a\":1}}", OK },

    { "nothing", "", ERR_SYNTAX },
    { "blanks only", " \n", ERR_SYNTAX },
    { "a byte order mark", "\xef\xbb\xbf{}", ERR_SYNTAX },
    { "a form feed is no blank", "\f{}", ERR_SYNTAX },
    { "something behind the value", "{} x", ERR_SYNTAX },
    { "two values", "{}{}", ERR_SYNTAX },
    { "an object that does not end", "{\"a\":1", ERR_SYNTAX },
    { "an array that does not end", "[1,2", ERR_SYNTAX },
    { "the wrong bracket", "[1}", ERR_SYNTAX },
    { "the other wrong bracket", "{\"a\":1]", ERR_SYNTAX },
    { "a comma at the end of an object", "{\"a\":1,}", ERR_SYNTAX },
    { "a comma at the end of an array", "[1,]", ERR_SYNTAX },
    { "a comma first", "[,1]", ERR_SYNTAX },
    { "two commas", "[1,,2]", ERR_SYNTAX },
    { "no comma", "[1 2]", ERR_SYNTAX },
    { "a key without quotes", "{a:1}", ERR_SYNTAX },
    { "a number as a key", "{1:1}", ERR_SYNTAX },
    { "no colon", "{\"a\" 1}", ERR_SYNTAX },
    { "no value", "{\"a\":}", ERR_SYNTAX },
    { "single quotes", "{'a':1}", ERR_SYNTAX },
    { "a comment", "[1/* */]", ERR_SYNTAX },
    { "a word in capitals", "[True]", ERR_SYNTAX },
    { "a word cut short", "[tru]", ERR_SYNTAX },
    { "a word cut by the end", "nul", ERR_SYNTAX },
    { "a word with more behind it", "[nullx]", ERR_SYNTAX },
    { "Python's way to say no number", "[NaN]", ERR_SYNTAX },
    { "Python's way to say infinite", "[Infinity]", ERR_SYNTAX },
    { "an undefined value", "[undefined]", ERR_SYNTAX },
    { "a sign alone", "[-]", ERR_SYNTAX },
    { "a plus sign", "[+1]", ERR_SYNTAX },
    { "a zero in front", "[01]", ERR_SYNTAX },
    { "hexadecimal", "[0x1]", ERR_SYNTAX },
    { "nothing before the point", "[.5]", ERR_SYNTAX },
    { "nothing behind the point", "[1.]", ERR_SYNTAX },
    { "nothing in the exponent", "[1e]", ERR_SYNTAX },
    { "a sign alone in the exponent", "[1e-]", ERR_SYNTAX },
    { "two signs in the exponent", "[1e+-1]", ERR_SYNTAX },
    { "a string that does not end", "\"abc", ERR_SYNTAX },
    { "a string that ends within an escape", "\"abc\\", ERR_SYNTAX },
    { "an escape that does not exist", "\"\\x41\"", ERR_SYNTAX },
    { "too few hexadecimal digits", "\"\\u12\"", ERR_SYNTAX },
    { "no hexadecimal digits", "\"\\u12g4\"", ERR_SYNTAX },
    { "an escaped terminator", "\"\\u0000\"", ERR_SYNTAX },
    { "a raw line break in a string", "\"a\nb\"", ERR_SYNTAX },
    { "a raw tab in a key", "{\"a\tb\":1}", ERR_SYNTAX },
    { "the last control character", "\"\x1f\"", ERR_SYNTAX },

    { "UTF-8: what no UTF-8 holds", "\"\xff\"", ERR_UTF8 },
    { "UTF-8: a lonely continuation", "\"a\x80\"", ERR_UTF8 },
    { "UTF-8: cut short", "\"\xe2\x82\"", ERR_UTF8 },
    { "UTF-8: overlong", "\"\xc0\xaf\"", ERR_UTF8 },
    { "UTF-8: a surrogate", "\"\xed\xa0\x80\"", ERR_UTF8 },
    { "UTF-8: beyond U+10FFFF", "\"\xf4\x90\x80\x80\"", ERR_UTF8 },
    { "UTF-8: in a key", "{\"\xff\":1}", ERR_UTF8 },
    { "Latin-1", "\"\xe4\"", ERR_UTF8 },
    { "outside of strings it is the grammar that breaks", "\xc3\xa4", ERR_SYNTAX },
    { "the first half of a pair alone", "\"\\ud83d\"", ERR_UTF8 },
    { "the first half of a pair and a letter", "\"\\ud83dx\"", ERR_UTF8 },
    { "the first half of a pair and another escape", "\"\\ud83d\\n\"", ERR_UTF8 },
    { "the first half twice", "\"\\ud83d\\ud83d\"", ERR_UTF8 },
    { "the first half and what is none", "\"\\ud83d\\ue000\"", ERR_UTF8 },
    { "the second half alone", "\"\\udc1d\"", ERR_UTF8 },
    { "the second half cut short", "\"\\ud83d\\udc\"", ERR_UTF8 },

    { "8 levels", "[[[[[[[[1]]]]]]]]", OK },
    { "9 levels", "[[[[[[[[[1]]]]]]]]]", ERR_DEPTH },
    { "9 levels of objects", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}", ERR_DEPTH },
    { "8 levels twice side by side", "[[[[[[[[]]]]]]],[[[[[[[]]]]]]]]", OK },

    { "a key given twice", "{\"a\":1,\"a\":1}", ERR_DUPLICATE },
    { "a key given twice, others between", "{\"a\":1,\"b\":2,\"c\":3,\"a\":4}", ERR_DUPLICATE },
    { "a key given twice, once escaped", "{\"a\":1,\"\\u0061\":1}", ERR_DUPLICATE },
    { "a key given twice, deep inside", "[{\"x\":{\"a\":null,\"a\":null}}]", ERR_DUPLICATE },
    { "the empty key twice", "{\"\":1,\"\":2}", ERR_DUPLICATE },
    { "keys of the same length, beginning and end", "{\"abc\":1,\"axc\":2}", OK },

    { "the largest number there is", "[1.7976931348623157e308]", OK },
    { "too large for a double", "[1e999]", ERR_RANGE },
    { "too large the other way", "{\"a\":-1e999}", ERR_RANGE },
    { "too large and alone", "1e999", ERR_RANGE },
    { "too small becomes 0", "1e-999", OK },
    { "a number of 63 characters", "0.1234567890123456789012345678901234567890123456789012345678901", OK },
    { "a number of 64 characters", "0.12345678901234567890123456789012345678901234567890123456789012", ERR_TOO_LARGE },
};

static void only_json_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cJSON *tree = NULL;
        struct errbuf e = { 0 };
        enum err err = json_parse(&arena, text_of(rows[i].json), &tree, &e);
        if (err != rows[i].want)
            fail_msg("%s: %s (%s)", rows[i].why, err_name(err), e.text);
        if ((err == OK) != (tree != NULL) || (err == OK) == (e.text[0] != '\0'))
            fail_msg("%s: output or sentence do not fit the result", rows[i].why);
        arena_reset(&arena);
    }
}

/* Every document without its last byte, in memory of exactly its size, so that a byte read beyond is seen. */
static void nothing_behind_the_text_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t len = 0; len < strlen(rows[i].json); len++) {
            struct cJSON *tree;
            char *exact = test_malloc(len ? len : 1);
            memcpy(exact, rows[i].json, len);
            json_parse(&arena, (struct text){ exact, len }, &tree, NULL);
            test_free(exact);
            arena_reset(&arena);
        }
    }
}

static void an_absent_text_is_no_json(void **state)
{
    struct cJSON *tree;
    (void)state;
    assert_int_equal(json_parse(&arena, (struct text){ NULL, 0 }, &tree, NULL), ERR_SYNTAX);
}

static void a_terminator_is_no_end(void **state)
{
    struct cJSON *tree;
    (void)state;
    assert_int_equal(json_parse(&arena, TEXT("{}\0"), &tree, NULL), ERR_SYNTAX);
    assert_int_equal(json_parse(&arena, TEXT("\"a\0b\""), &tree, NULL), ERR_SYNTAX);
}

static void sentences_say_where(void **state)
{
    struct cJSON *tree;
    struct errbuf e = { 0 };
    (void)state;
    json_parse(&arena, TEXT("{\"a\":tru}"), &tree, &e);
    assert_string_equal(e.text, "JSON, byte 5: expected a value");
    json_parse(&arena, TEXT("{\"\\u001b[2J\":1,\"\\u001b[2J\":1}"), &tree, &e);
    assert_string_equal(e.text, "JSON: the key \"?[2J\" is given twice");
}

/* `count` members of an object with different keys, or of an array. */
static enum err members_parse(int count, bool keyed)
{
    struct buf buf = BUF_INIT;
    struct cJSON *tree;
    buf_add_char(&buf, keyed ? '{' : '[');
    for (int i = 0; i < count; i++)
        keyed ? buf_printf(&buf, "%s\"k%d\":0", i ? "," : "", i) : buf_printf(&buf, "%s0", i ? "," : "");
    buf_add_char(&buf, keyed ? '}' : ']');
    enum err err = json_parse(&arena, buf_text(&buf), &tree, NULL);
    buf_clear(&buf);
    arena_reset(&arena);
    return err;
}

static void members_are_limited(void **state)
{
    (void)state;
    assert_int_equal(members_parse(JSON_MAX_MEMBERS, true), OK);
    assert_int_equal(members_parse(JSON_MAX_MEMBERS + 1, true), ERR_TOO_LARGE);
    assert_int_equal(members_parse(JSON_MAX_MEMBERS, false), OK);
    assert_int_equal(members_parse(JSON_MAX_MEMBERS + 1, false), ERR_TOO_LARGE);
}

static void values_come_out_as_they_are(void **state)
{
    struct cJSON *tree;
    double number = 7;
    bool truth = false;
    (void)state;
    assert_int_equal(
        json_parse(&arena,
                   TEXT("{\"s\":\"\\u00e4\\ud83d\\udc1d\\n\",\"n\":-0.25,\"t\":true,\"f\":false,\"z\":null,"
                        "\"S\":\"other\"}"),
                   &tree, NULL),
        OK);
    assert_string_equal(json_string(json_member(tree, "s")), "\xc3\xa4\xf0\x9f\x90\x9d\n");
    assert_string_equal(json_string(json_member(tree, "S")), "other");
    assert_true(json_number(json_member(tree, "n"), &number));
    assert_true(number == -0.25);
    assert_true(json_bool(json_member(tree, "t"), &truth));
    assert_true(truth);
    assert_true(json_bool(json_member(tree, "f"), &truth));
    assert_false(truth);
}

static void what_is_absent_or_of_another_type_is_not_there(void **state)
{
    struct cJSON *tree;
    double number = 7;
    bool truth = true;
    (void)state;
    assert_int_equal(json_parse(&arena, TEXT("{\"s\":\"1\",\"n\":1,\"z\":null,\"l\":[1]}"), &tree, NULL), OK);
    assert_null(json_member(tree, "z"));
    assert_null(json_member(tree, "N"));
    assert_null(json_member(json_member(tree, "l"), "n"));
    assert_null(json_member(NULL, "n"));
    assert_null(json_string(json_member(tree, "n")));
    assert_null(json_string(NULL));
    assert_false(json_number(json_member(tree, "s"), &number));
    assert_false(json_number(NULL, &number));
    assert_true(number == 7);
    assert_false(json_bool(json_member(tree, "n"), &truth));
    assert_false(json_bool(NULL, &truth));
    assert_true(truth);
}

/* Wherever memory ends: either the tree or the error, never a leak. */
static void running_out_of_memory_is_an_error(void **state)
{
    enum err err = ERR_NOMEM;
    struct cJSON *tree;
    (void)state;
    for (size_t limit = 1; err != OK; limit += 16) {
        arena.limit = limit;
        struct errbuf e = { 0 };
        err = json_parse(&arena, TEXT("{\"a\":[1,\"two\",{\"b\":null}]}"), &tree, &e);
        assert_true(err == OK || err == ERR_NOMEM);
        assert_true((err == OK) == (e.text[0] == '\0'));
        arena_reset(&arena);
        assert_true(limit < 4096);
    }
}

static void the_locale_of_the_program_does_not_matter(void **state)
{
    struct cJSON *tree;
    double number = 0;
    (void)state;
    comma_locale_begin();
    assert_int_equal(json_parse(&arena, TEXT("0.45"), &tree, NULL), OK);
    assert_true(json_number(tree, &number) && number == 0.45);
    assert_string_not_equal(localeconv()->decimal_point, ".");
    comma_locale_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_json_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_behind_the_text_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_absent_text_is_no_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_terminator_is_no_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sentences_say_where, set_up, tear_down),
        cmocka_unit_test_setup_teardown(members_are_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_come_out_as_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_absent_or_of_another_type_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(running_out_of_memory_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_locale_of_the_program_does_not_matter, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
