#include "document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

static void a_document_is_written_as_it_was_read(void **state)
{
    static const struct {
        const char *why, *json, *text; /* text NULL: the same as json */
    } rows[] = {
        { "members keep their order", "{\"b\":1,\"a\":[true,false,null]}", NULL },
        { "an event id has no exponent", "{\"event_id\":1763930000123000}", NULL },
        { "fractions", "[0.45,-1.5]", NULL },
        { "empty containers", "{\"a\":{},\"b\":[]}", NULL },
        { "a number beyond 2^53 stays a number", "[1e300]", "[1e+300]" },
        { "one line, whatever the sender's layout", "{\n  \"a\" : \"x\\ny\"\n}", "{\"a\":\"x\\ny\"}" },
        { "hostile keys and values", "{\"a\\u001b\":\"\\u202e\"}", "{\"a\\u001b\":\"\\u202e\"}" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out = BUF_INIT;
        cJSON *document = cJSON_Parse(rows[i].json);
        print_message("  %s\n", rows[i].why);
        assert_non_null(document);
        document_add_json(&out, document);
        assert_string_equal(buf_str(&out), rows[i].text ? rows[i].text : rows[i].json);
        cJSON_Delete(document);
        buf_clear(&out);
    }
}

static void values_are_shown_to_people(void **state)
{
    static const struct {
        const char *why, *json, *text;
    } rows[] = {
        { "a string without quotes", "{\"a\":\"x y\"}", "x y" },
        { "a hostile string", "{\"a\":\"x\\u001b\"}", "x?" },
        { "a number", "{\"a\":0.5}", "0.5" },
        { "an object", "{\"a\":{\"b\":1}}", "{\"b\":1}" },
        { "null", "{\"a\":null}", "-" },
        { "absent", "{}", "-" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out = BUF_INIT;
        cJSON *document = cJSON_Parse(rows[i].json);
        print_message("  %s\n", rows[i].why);
        document_add_text(&out, cJSON_GetObjectItemCaseSensitive(document, "a"));
        assert_string_equal(buf_str(&out), rows[i].text);
        cJSON_Delete(document);
        buf_clear(&out);
    }
}

static void integers_are_cut_to_what_is_exact(void **state)
{
    static const struct {
        const char *why, *json;
        bool found;
        int64_t value;
    } rows[] = {
        { "an integer", "{\"a\":42}", true, 42 },
        { "a fraction", "{\"a\":42.9}", true, 42 },
        { "an event id", "{\"a\":1763930000123000}", true, 1763930000123000 },
        { "too large for any integer", "{\"a\":1e300}", true, 9007199254740992 },
        { "and below", "{\"a\":-1e300}", true, -9007199254740992 },
        { "a string", "{\"a\":\"42\"}", false, -1 },
        { "null", "{\"a\":null}", false, -1 },
        { "the name counts with its case", "{\"A\":42}", false, -1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t value = -1;
        cJSON *document = cJSON_Parse(rows[i].json);
        print_message("  %s\n", rows[i].why);
        assert_int_equal(document_int(document, "a", &value), rows[i].found);
        assert_true(value == rows[i].value);
        cJSON_Delete(document);
    }
}

static void strings_are_strings(void **state)
{
    cJSON *document = cJSON_Parse("{\"a\":\"x\",\"b\":1}");
    (void)state;
    assert_string_equal(document_str(document, "a"), "x");
    assert_null(document_str(document, "b"));
    assert_null(document_str(document, "c"));
    assert_null(document_str(NULL, "a"));
    cJSON_Delete(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_written_as_it_was_read),
        cmocka_unit_test(values_are_shown_to_people),
        cmocka_unit_test(integers_are_cut_to_what_is_exact),
        cmocka_unit_test(strings_are_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
