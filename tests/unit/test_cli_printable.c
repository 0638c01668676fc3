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
    printable_add(&buf, TEXT("a\033[31m\nb\xff\u202e模\xf3\xad\xad\xad"));
    buf_add_str(&buf, ">");
    assert_string_equal(buf_str(&buf), "<a?[31m?b??模?>"); /* the last one is of no script: no width is known */
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

static void lines_fold_at_the_width(void **state)
{
    static const struct {
        const char *why, *lines;
        size_t width, indent;
        const char *folded;
    } rows[] = {
        { "nothing", "", 10, 2, "" },
        { "no width, no end", "a line of a pipe\n", 0, 2, "a line of a pipe\n" },
        { "just as wide", "0123456789\n", 10, 2, "0123456789\n" },
        { "cut where nothing else is possible", "0123456789abcdefghijkl\n", 10, 2, "0123456789\n  abcdefgh\n  ijkl\n" },
        { "cut behind a blank", "one two three\n", 10, 2, "one two \n  three\n" },
        { "each line for itself", "one two three\nfour\n", 10, 2, "one two \n  three\nfour\n" },
        { "two columns, three bytes", "模型模型模型\n", 5, 1, "模型\n 模型\n 模型\n" },
        { "a combining accent takes none", "e\u0301e\u0301e\u0301\n", 3, 1, "e\u0301e\u0301e\u0301\n" },
        { "a style takes none", "a \033[31mstale\033[0m b\n", 9, 1, "a \033[31mstale\033[0m b\n" },
        { "a cut character is no reason to read on", "\xe6\xa8", 10, 2, "\xe6\xa8\n" },
        { "an indent that leaves nothing is halved", "0123456789\n", 4, 20, "0123\n  45\n  67\n  89\n" },
        { "wider than the display", "模型\n", 1, 4, "模\n型\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf buf = BUF_INIT;
        print_message("  %s\n", rows[i].why);
        printable_fold(&buf, text_of(rows[i].lines), rows[i].width, rows[i].indent);
        assert_string_equal(buf_str(&buf), rows[i].folded);
        buf_clear(&buf);
    }
}

/* However received text is written, it begins no line. */
static void received_text_begins_no_line(void **state)
{
    (void)state;
    for (size_t width = 2; width < 90; width++) {
        struct buf plain = BUF_INIT, folded = BUF_INIT;
        size_t lines = 0;
        for (size_t i = 0; i < 40; i++)
            buf_printf(&plain, "%*sgpu-7", (int)i, "");
        printable_fold(&folded, buf_text(&plain), width, 4);
        for (struct text rest = buf_text(&folded); rest.len > 0; lines++) {
            struct text line = text_split(&rest, '\n');
            assert_in_range(line.len, 1, width);
            assert_true(lines == 0 || line.at[0] == ' ');
        }
        assert_true(lines > 1);
        buf_clear(&plain);
        buf_clear(&folded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_text_loses_its_teeth), cmocka_unit_test(text_of_any_length_is_kept),
        cmocka_unit_test(a_style_ends_behind_its_text), cmocka_unit_test(json_is_escaped_and_loses_nothing),
        cmocka_unit_test(lines_fold_at_the_width),      cmocka_unit_test(received_text_begins_no_line),
    };
    return cmocka_run_group_tests(tests, use_utf8, NULL);
}
