#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "output_lines.h"

static void bytes_become_lines(void **state)
{
    static const struct {
        const char *why, *pieces[4], *lines, *at_end;
    } rows[] = {
        { "a line", { "one\n" }, "one\n", "one\n" },
        { "two at once", { "one\ntwo\n" }, "one\ntwo\n", "one\ntwo\n" },
        { "in pieces", { "o", "n", "e\ntw", "o\n" }, "one\ntwo\n", "one\ntwo\n" },
        { "an empty one", { "\n\n" }, "\n\n", "\n\n" },
        { "without its end", { "one\ntw" }, "one\n", "one\ntw\n" },
        { "nothing", { "" }, "", "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct output_lines lines;
        print_message("%s\n", rows[i].why);
        output_lines_init(&lines);
        for (size_t n = 0; n < ARRAY_LEN(rows[i].pieces) && rows[i].pieces[n]; n++)
            output_lines_take(&lines, text_of(rows[i].pieces[n]), 0);
        assert_true(text_is(line_ring_all(&lines.waiting), rows[i].lines));
        output_lines_end(&lines, 0);
        assert_true(text_is(line_ring_all(&lines.waiting), rows[i].at_end));
        assert_true(text_is(line_ring_all(&lines.last), rows[i].at_end));
        output_lines_clear(&lines);
    }
}

static void a_long_line_is_cut(void **state)
{
    static char bytes[2 * OUTPUT_LINE_MAX + 3];
    struct output_lines lines;
    (void)state;
    memset(bytes, 'x', sizeof bytes);
    bytes[sizeof bytes - 1] = '\n';
    output_lines_init(&lines);
    output_lines_take(&lines, (struct text){ bytes, sizeof bytes }, 0);
    assert_int_equal(lines.waiting.lines, 3);
    assert_int_equal(line_ring_oldest(&lines.waiting).len, OUTPUT_LINE_MAX + 1);
    assert_int_equal(line_ring_all(&lines.waiting).len, sizeof bytes + 2); /* nothing is lost */
    output_lines_take(&lines, (struct text){ bytes, OUTPUT_LINE_MAX }, 0);
    output_lines_take(&lines, TEXT("\n"), 0); /* just as long as it may be */
    assert_int_equal(lines.waiting.lines, 4);
    output_lines_clear(&lines);
}

static void the_last_lines_are_kept(void **state)
{
    struct output_lines lines;
    (void)state;
    output_lines_init(&lines);
    for (int i = 0; i < 1000; i++) {
        char line[16];
        output_lines_take(&lines, (struct text){ line, (size_t)snprintf(line, sizeof line, "line %d\n", i) }, 0);
        output_lines_passed(&lines, line_ring_all(&lines.waiting).len);
    }
    assert_int_equal(lines.last.lines, 200);
    assert_true(text_is(line_ring_oldest(&lines.last), "line 800\n"));
    assert_int_equal(lines.waiting.lost, 0);
    output_lines_clear(&lines);
}

static void patience(void **state)
{
    struct output_lines lines;
    (void)state;
    output_lines_init(&lines);
    assert_int_equal(output_lines_pause(&lines, 0), 0);
    output_lines_take(&lines, TEXT("one\ntwo\n"), 5000);
    assert_int_equal(output_lines_pause(&lines, 5000), OUTPUT_DELAY_MAX_MS);
    output_lines_passed(&lines, 4);
    assert_int_equal(output_lines_pause(&lines, 5400), OUTPUT_DELAY_MAX_MS - 400); /* it is slow */
    assert_int_equal(output_lines_pause(&lines, 9000), 0);
    output_lines_take(&lines, TEXT("three\n"), 9000);
    assert_int_equal(output_lines_pause(&lines, 9000), 0); /* until all is passed on */
    output_lines_passed(&lines, line_ring_all(&lines.waiting).len);
    output_lines_take(&lines, TEXT("four\n"), 9500);
    assert_int_equal(output_lines_pause(&lines, 9500), OUTPUT_DELAY_MAX_MS);
    output_lines_clear(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_become_lines),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(the_last_lines_are_kept),
        cmocka_unit_test(patience),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
