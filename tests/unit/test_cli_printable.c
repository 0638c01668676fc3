#include "printable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <locale.h>
#include <stdlib.h>

#include <cmocka.h>

static int use_utf8(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static void hostile_text_loses_its_teeth(void **state)
{
    struct buf buf = BUF_INIT;

    (void)state;
    buf_add_str(&buf, "<");
    printable_add(&buf, TEXT("a\033[31m\nb\xff\u202e模"));
    buf_add_str(&buf, ">");
    assert_string_equal(buf_str(&buf), "<a?[31m?b??模>");
    buf_clear(&buf);
}

static void text_of_any_length_is_kept(void **state)
{
    struct buf buf = BUF_INIT;
    char *text = malloc(100000);

    (void)state;
    assert_non_null(text);
    memset(text, 'x', 100000);
    printable_add(&buf, (struct text){ text, 100000 });
    assert_int_equal(buf_text(&buf).len, 100000);
    free(text);
    buf_clear(&buf);
}

static void a_style_ends_behind_its_text(void **state)
{
    struct buf buf = BUF_INIT;

    (void)state;
    styled_add(&buf, TEXT("on\033line"), "32");
    styled_add(&buf, TEXT(" plain"), NULL);
    assert_string_equal(buf_str(&buf), "\033[32mon?line\033[0m plain");
    buf_clear(&buf);
}

static void json_is_escaped_and_loses_nothing(void **state)
{
    static const struct {
        const char *why, *json, *shown;
    } rows[] = {
        { "plain text stays", "{\"a\":\"b?\"}", "{\"a\":\"b?\"}" },
        { "other scripts stay", "\"模型 é\"", "\"模型 é\"" },
        { "a direction override", "\"a\u202eb\"", "\"a\\u202eb\"" },
        { "DEL", "\"a\x7f\"", "\"a\\u007f\"" },
        { "an 8-bit CSI",
          "\"\xc2\x9b"
          "31m\"",
          "\"\\u009b31m\"" },
        { "two in a row", "\"\u202e\u202d\"", "\"\\u202e\\u202d\"" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf buf = BUF_INIT;
        print_message("  %s\n", rows[i].why);
        printable_add_json(&buf, text_of(rows[i].json));
        assert_string_equal(buf_str(&buf), rows[i].shown);
        buf_clear(&buf);
    }
}

static void width_counts_columns(void **state)
{
    static const struct {
        const char *why, *text;
        size_t width;
    } rows[] = {
        { "nothing", "", 0 },
        { "ASCII", "worker-1", 8 },
        { "one column, two bytes", "é", 1 },
        { "two columns, three bytes", "模型", 4 },
        { "a combining accent takes none", "e\u0301", 1 },
        { "a cut character is no reason to read on", "\xe6\xa8", 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        assert_int_equal(printable_width(rows[i].text), rows[i].width);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_text_loses_its_teeth), cmocka_unit_test(text_of_any_length_is_kept),
        cmocka_unit_test(a_style_ends_behind_its_text), cmocka_unit_test(json_is_escaped_and_loses_nothing),
        cmocka_unit_test(width_counts_columns),
    };
    return cmocka_run_group_tests(tests, use_utf8, NULL);
}
