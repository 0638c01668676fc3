#include "comma_locale.h"
#include "json_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdlib.h>

static struct buf buf;
static struct json_write w;

static int set_up(void **state)
{
    (void)state;
    buf = BUF_INIT;
    w = json_write_to(&buf);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_clear(&buf);
    return 0;
}

static void commas_stand_between_and_nowhere_else(void **state)
{
    (void)state;
    json_open(&w, '{');
    json_key(&w, "empty");
    json_open(&w, '{');
    json_close(&w, '}');
    json_key(&w, "list");
    json_open(&w, '[');
    json_put_int(&w, 1);
    json_open(&w, '[');
    json_close(&w, ']');
    json_put_null(&w);
    json_put_bool(&w, true);
    json_put_bool(&w, false);
    json_close(&w, ']');
    json_key(&w, "raw");
    json_put_raw(&w, TEXT("{\"a\":[1,2]}"));
    json_key(&w, "no raw");
    json_put_raw(&w, (struct text){ NULL, 0 });
    json_key(&w, "last");
    json_put_str(&w, "x");
    json_close(&w, '}');
    assert_string_equal(buf_str(&buf), "{\"empty\":{},\"list\":[1,[],null,true,false],\"raw\":{\"a\":[1,2]},"
                                       "\"no raw\":null,\"last\":\"x\"}");
}

static void text_is_quoted(void **state)
{
    const struct {
        const char *why;
        struct text value;
        const char *want;
    } rows[] = {
        { "plain", TEXT("idle"), "\"idle\"" },
        { "empty", TEXT(""), "\"\"" },
        { "absent", { NULL, 0 }, "null" },
        { "what JSON itself uses", TEXT("a\"b\\c"), "\"a\\\"b\\\\c\"" },
        { "a slash needs nothing", TEXT("a/b"), "\"a/b\"" },
        { "short escapes", TEXT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
        { "other control characters", TEXT("\0\x01\x1f"), "\"\\u0000\\u0001\\u001f\"" },
        { "the last of ASCII", TEXT(" ~\x7f"), "\" ~\x7f\"" },
        { "two, three and four bytes", TEXT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9d"),
          "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9d\"" },
        { "a lonely continuation", TEXT("a\x80z"), "\"a\xef\xbf\xbdz\"" },
        { "a sequence cut by the end", TEXT("a\xe2\x82"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "a sequence cut by a letter", TEXT("\xf0\x9f\x90z"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"" },
        { "an overlong form", TEXT("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "half a surrogate pair", TEXT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "what no UTF-8 holds", TEXT("\xff"), "\"\xef\xbf\xbd\"" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_reset(&buf);
        w = json_write_to(&buf);
        json_put_text(&w, rows[i].value);
        if (strcmp(buf_str(&buf), rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, buf_str(&buf));
    }
    buf_reset(&buf);
    w = json_write_to(&buf);
    json_put_str(&w, NULL);
    assert_string_equal(buf_str(&buf), "null");
}

static void keys_are_quoted_too(void **state)
{
    (void)state;
    json_open(&w, '{');
    json_key(&w, "a\"\n");
    json_put_int(&w, 1);
    json_close(&w, '}');
    assert_string_equal(buf_str(&buf), "{\"a\\\"\\n\":1}");
}

static void numbers_are_short_and_read_back(void **state)
{
    static const struct {
        const char *why;
        double value;
        const char *want;
    } rows[] = {
        { "nothing", 0, "0" },
        { "negative nothing", -0.0, "0" },
        { "a whole number", 1234, "1234" },
        { "a negative one", -5, "-5" },
        { "16 digits are no exponent", 1761249600123456, "1761249600123456" },
        { "the largest that is exact", 9007199254740992, "9007199254740992" },
        { "beyond it", 9007199254740994, "9007199254740994" },
        { "much beyond it", 1e22, "1e+22" },
        { "a short fraction", 0.45, "0.45" },
        { "a fraction that needs 16 digits", 0.1 + 0.2, "0.30000000000000004" },
        { "a third", 1.0 / 3, "0.3333333333333333" },
        { "small", 1.5e-9, "1.5e-09" },
        { "the smallest", 5e-324, "4.94065645841247e-324" },
        { "the largest", 1.7976931348623157e308, "1.7976931348623157e+308" },
        { "no number", NAN, "null" },
        { "infinite", INFINITY, "null" },
        { "infinite the other way", -INFINITY, "null" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_reset(&buf);
        w = json_write_to(&buf);
        json_put_number(&w, rows[i].value);
        if (strcmp(buf_str(&buf), rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, buf_str(&buf));
        if (isfinite(rows[i].value) && strtod(buf_str(&buf), NULL) != rows[i].value)
            fail_msg("%s: does not read back", rows[i].why);
    }
}

static void integers_are_whole(void **state)
{
    (void)state;
    json_open(&w, '[');
    json_put_int(&w, INT64_MAX);
    json_put_int(&w, INT64_MIN);
    json_put_int(&w, 0);
    json_close(&w, ']');
    assert_string_equal(buf_str(&buf), "[9223372036854775807,-9223372036854775808,0]");
}

static void sessions_and_times_have_their_own_form(void **state)
{
    (void)state;
    json_open(&w, '[');
    json_put_hex64(&w, 0xAB);
    json_put_hex64(&w, 0);
    json_put_time(&w, 1761249600123);
    json_put_time(&w, INT64_MIN);
    json_put_time(&w, 0);
    json_close(&w, ']');
    assert_string_equal(buf_str(&buf), "[\"00000000000000ab\",null,\"2025-10-23T20:00:00.123Z\",null,"
                                       "\"1970-01-01T00:00:00.000Z\"]");
}

static void members_are_written_with_their_keys(void **state)
{
    (void)state;
    json_open(&w, '{');
    json_add_str(&w, "a", "x");
    json_add_str(&w, "b", NULL);
    json_add_int(&w, "c", -1);
    json_add_int_if(&w, "d", true, 2);
    json_add_int_if(&w, "e", false, 2);
    json_add_number(&w, "f", 0.5);
    json_add_bool(&w, "g", true);
    json_add_hex64(&w, "h", 171);
    json_add_time(&w, "i", INT64_MIN);
    json_add_raw(&w, "j", TEXT("[]"));
    json_open_member(&w, "k", '{');
    json_add_null(&w, "l");
    json_close(&w, '}');
    json_close(&w, '}');
    assert_string_equal(buf_str(&buf), "{\"a\":\"x\",\"b\":null,\"c\":-1,\"d\":2,\"e\":null,\"f\":0.5,\"g\":true,"
                                       "\"h\":\"00000000000000ab\",\"i\":null,\"j\":[],\"k\":{\"l\":null}}");
}

static void a_buffer_that_is_full_fails_once_and_quietly(void **state)
{
    (void)state;
    buf.limit = 8;
    json_open(&w, '[');
    for (int i = 0; i < 100; i++)
        json_put_str(&w, "abc");
    json_close(&w, ']');
    assert_false(buf_ok(&buf));
    assert_int_equal(buf_text(&buf).len, 0);
}

static void the_locale_of_the_program_does_not_matter(void **state)
{
    (void)state;
    comma_locale_begin();
    json_put_number(&w, 0.45);
    assert_string_equal(buf_str(&buf), "0.45");
    assert_string_not_equal(localeconv()->decimal_point, ".");
    comma_locale_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commas_stand_between_and_nowhere_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_is_quoted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_are_quoted_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_are_short_and_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(integers_are_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sessions_and_times_have_their_own_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(members_are_written_with_their_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_buffer_that_is_full_fails_once_and_quietly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_locale_of_the_program_does_not_matter, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
