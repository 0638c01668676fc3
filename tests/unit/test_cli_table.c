#include "table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <locale.h>

#include <cmocka.h>

static const struct table_column columns[] = { { "NAME", false }, { "N", true }, { "LAST", false } };

static int use_utf8(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static void put_row(struct table *table, const char *name, const char *number, const char *last)
{
    table_put(table, name, NULL);
    table_put(table, number, NULL);
    table_put(table, last, "31");
}

static void expect(const struct table *table, bool colour, const char *expected)
{
    struct buf out = BUF_INIT;

    assert_int_equal(table_print(table, colour, &out), OK);
    assert_string_equal(buf_str(&out), expected);
    buf_clear(&out);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    auto_free(table) table = table_new(columns, ARRAY_LEN(columns));

    (void)state;
    put_row(table, "a", "1", "x");
    put_row(table, "longer", "1000", "yy");
    assert_int_equal(table_row_count(table), 2);
    expect(table, false,
           "NAME       N  LAST\n"
           "a          1  x\n"
           "longer  1000  yy\n");
}

static void wide_characters_count_double(void **state)
{
    auto_free(table) table = table_new(columns, ARRAY_LEN(columns));

    (void)state;
    put_row(table, "模型模", "1", "x");
    put_row(table, "abc", "2", "x");
    expect(table, false,
           "NAME    N  LAST\n"
           "模型模  1  x\n"
           "abc     2  x\n");
}

static void absent_cells_are_a_dash(void **state)
{
    auto_free(table) table = table_new(columns, ARRAY_LEN(columns));

    (void)state;
    put_row(table, "a", NULL, "");
    expect(table, false,
           "NAME  N  LAST\n"
           "a     -  -\n");
}

static void colour_takes_no_room(void **state)
{
    auto_free(table) table = table_new(columns, ARRAY_LEN(columns));

    (void)state;
    put_row(table, "a", "1", "x");
    expect(table, true,
           "NAME  N  LAST\n"
           "a     1  \033[31mx\033[0m\n");
}

static void a_hidden_column_leaves_no_gap(void **state)
{
    auto_free(table) table = table_new(columns, ARRAY_LEN(columns));

    (void)state;
    put_row(table, "a", "1", "x");
    table_hide(table, 1);
    expect(table, false,
           "NAME  LAST\n"
           "a     x\n");
}

static void hostile_cells_stay_in_their_row(void **state)
{
    auto_free(table) table = table_new(columns, ARRAY_LEN(columns));

    (void)state;
    put_row(table, "a\nb", "\033[2J", "x\r");
    expect(table, false,
           "NAME     N  LAST\n"
           "a?b   ?[2J  x?\n");
}

static void a_row_that_is_not_whole_is_not_printed(void **state)
{
    auto_free(table) table = table_new(columns, ARRAY_LEN(columns));

    (void)state;
    put_row(table, "a", "1", "x");
    table_put(table, "much longer", NULL);
    assert_int_equal(table_row_count(table), 1);
    expect(table, false,
           "NAME  N  LAST\n"
           "a     1  x\n");
}

static void numbers_in_names_count_as_numbers(void **state)
{
    auto_free(table) table = table_new(columns, ARRAY_LEN(columns));

    (void)state;
    table_sort(table, 0);
    put_row(table, "gpu-10", "1", "x");
    put_row(table, "gpu-2", "2", "x");
    put_row(table, "cpu-3", "3", "x");
    table_put(table, "a cell of the next row stays behind", NULL);
    table_sort(table, 0);
    expect(table, false,
           "NAME    N  LAST\n"
           "cpu-3   3  x\n"
           "gpu-2   2  x\n"
           "gpu-10  1  x\n");
}

static void many_rows_are_kept(void **state)
{
    auto_free(table) table = table_new(columns, ARRAY_LEN(columns));
    struct buf out = BUF_INIT;

    (void)state;
    for (int i = 0; i < 1000; i++)
        put_row(table, "a", "1", "x");
    assert_int_equal(table_row_count(table), 1000);
    assert_int_equal(table_print(table, false, &out), OK);
    assert_int_equal(buf_text(&out).len, strlen("NAME  N  LAST\n") + 1000 * strlen("a     1  x\n"));
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(wide_characters_count_double),
        cmocka_unit_test(absent_cells_are_a_dash),
        cmocka_unit_test(colour_takes_no_room),
        cmocka_unit_test(a_hidden_column_leaves_no_gap),
        cmocka_unit_test(hostile_cells_stay_in_their_row),
        cmocka_unit_test(a_row_that_is_not_whole_is_not_printed),
        cmocka_unit_test(numbers_in_names_count_as_numbers),
        cmocka_unit_test(many_rows_are_kept),
    };
    return cmocka_run_group_tests(tests, use_utf8, NULL);
}
