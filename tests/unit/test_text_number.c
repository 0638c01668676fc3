#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define UNTOUCHED 4711

struct number_row {
    const char *why;
    const char *text;
    enum err err;
    int64_t value;
};

static void check_numbers(const struct number_row *rows, size_t count, enum err (*parse)(struct text, int64_t *))
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = UNTOUCHED;
        print_message("  %s\n", rows[i].why);
        assert_int_equal(parse(text_of(rows[i].text), &value), rows[i].err);
        assert_true(value == (rows[i].err ? UNTOUCHED : rows[i].value));
    }
}

static void integers_are_read_whole_or_not_at_all(void **state)
{
    static const struct number_row rows[] = {
        { "zero", "0", OK, 0 },
        { "a plus sign", "+7", OK, 7 },
        { "a minus sign", "-7", OK, -7 },
        { "minus zero", "-0", OK, 0 },
        { "leading zeros", "000000000000000000000000012", OK, 12 },
        { "the largest", "9223372036854775807", OK, INT64_MAX },
        { "the smallest", "-9223372036854775808", OK, INT64_MIN },
        { "one beyond the largest", "9223372036854775808", ERR_RANGE, 0 },
        { "one beyond the smallest", "-9223372036854775809", ERR_RANGE, 0 },
        { "beyond 64 bits", "18446744073709551616", ERR_RANGE, 0 },
        { "far beyond", "99999999999999999999", ERR_RANGE, 0 },
        { "too large, but no number anyway", "99999999999999999999x", ERR_SYNTAX, 0 },
        { "absent", NULL, ERR_SYNTAX, 0 },
        { "nothing", "", ERR_SYNTAX, 0 },
        { "a sign alone", "-", ERR_SYNTAX, 0 },
        { "two signs", "--1", ERR_SYNTAX, 0 },
        { "a space before", " 1", ERR_SYNTAX, 0 },
        { "a space behind", "1 ", ERR_SYNTAX, 0 },
        { "a fraction", "1.5", ERR_SYNTAX, 0 },
        { "an exponent", "1e3", ERR_SYNTAX, 0 },
        { "hexadecimal", "0x10", ERR_SYNTAX, 0 },
    };
    (void)state;
    check_numbers(rows, ARRAY_LEN(rows), text_to_int);
}

static void durations_need_a_unit(void **state)
{
    static const struct number_row rows[] = {
        { "milliseconds", "250ms", OK, 250 },
        { "seconds", "30s", OK, 30000 },
        { "minutes", "5m", OK, 300000 },
        { "hours", "1h", OK, 3600000 },
        { "days", "1d", OK, 86400000 },
        { "nothing at all needs no unit", "0", OK, 0 },
        { "but may have one", "0s", OK, 0 },
        { "the largest", "9223372036854775807ms", OK, INT64_MAX },
        { "the most days", "106751991167d", OK, INT64_C(106751991167) * 86400000 },
        { "one day beyond", "106751991168d", ERR_RANGE, 0 },
        { "beyond 63 bits", "9223372036854775808ms", ERR_RANGE, 0 },
        { "beyond 64 bits", "99999999999999999999s", ERR_RANGE, 0 },
        { "beyond 64 bits without a unit", "99999999999999999999", ERR_SYNTAX, 0 },
        { "no unit", "30", ERR_SYNTAX, 0 },
        { "an unknown unit", "2x", ERR_SYNTAX, 0 },
        { "units are lower case", "2S", ERR_SYNTAX, 0 },
        { "one unit only", "1h30m", ERR_SYNTAX, 0 },
        { "a unit alone", "s", ERR_SYNTAX, 0 },
        { "no fractions", "1.5s", ERR_SYNTAX, 0 },
        { "no sign", "-1s", ERR_SYNTAX, 0 },
        { "no plus either", "+1s", ERR_SYNTAX, 0 },
        { "no space", "1 s", ERR_SYNTAX, 0 },
        { "absent", NULL, ERR_SYNTAX, 0 },
        { "nothing", "", ERR_SYNTAX, 0 },
    };
    (void)state;
    check_numbers(rows, ARRAY_LEN(rows), text_to_duration);
}

static void sizes_may_have_a_unit(void **state)
{
    static const struct number_row rows[] = {
        { "bytes", "4096", OK, 4096 },
        { "nothing", "0", OK, 0 },
        { "KiB", "64KiB", OK, 65536 },
        { "MiB", "512MiB", OK, INT64_C(512) << 20 },
        { "GiB", "3GiB", OK, INT64_C(3) << 30 },
        { "the most", "8589934591GiB", OK, INT64_C(8589934591) << 30 },
        { "one GiB beyond", "8589934592GiB", ERR_RANGE, 0 },
        { "beyond 64 bits", "99999999999999999999", ERR_RANGE, 0 },
        { "powers of ten are not what we count in", "1MB", ERR_SYNTAX, 0 },
        { "a unit is written as it is", "1kib", ERR_SYNTAX, 0 },
        { "no sign", "-1", ERR_SYNTAX, 0 },
        { "an empty text", "", ERR_SYNTAX, 0 },
    };
    (void)state;
    check_numbers(rows, ARRAY_LEN(rows), text_to_size);
}

static void durations_are_shown_in_their_largest_whole_unit(void **state)
{
    static const struct {
        ms_t duration;
        const char *text;
    } rows[] = {
        { 0, "0" },
        { 1, "1ms" },
        { 999, "999ms" },
        { 1000, "1s" },
        { 90000, "90s" },
        { 120000, "2m" },
        { 5400000, "90m" },
        { 3600000, "1h" },
        { 90000000, "25h" },
        { 86400000, "1d" },
        { -90000, "-90s" },
        { INT64_MAX, "9223372036854775807ms" },
        { INT64_MIN, "-9223372036854775808ms" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[DURATION_SIZE];
        ms_t back = 0;
        duration_to_text(rows[i].duration, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(text_to_duration(text_of(text), &back), rows[i].duration < 0 ? ERR_SYNTAX : OK);
        assert_true(back == (rows[i].duration < 0 ? 0 : rows[i].duration));
    }
}

static void sizes_are_shown_in_their_largest_whole_unit(void **state)
{
    static const struct {
        int64_t bytes;
        const char *text;
    } rows[] = {
        { 0, "0" },          { 1, "1" },
        { 1023, "1023" },    { 1024, "1KiB" },
        { 1536, "1536" },    { INT64_C(512) << 20, "512MiB" },
        { 1 << 30, "1GiB" }, { INT64_MAX, "9223372036854775807" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[SIZE_TEXT_SIZE];
        int64_t back = 0;
        size_to_text(rows[i].bytes, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(text_to_size(text_of(text), &back), OK);
        assert_true(back == rows[i].bytes);
    }
}

static void hex64_is_sixteen_digits_and_not_zero(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        enum err err;
        uint64_t value;
    } rows[] = {
        { "lower case", "0123456789abcdef", OK, 0x0123456789ABCDEF },
        { "upper case", "FEDCBA9876543210", OK, 0xFEDCBA9876543210 },
        { "the largest", "ffffffffffffffff", OK, UINT64_MAX },
        { "the smallest", "0000000000000001", OK, 1 },
        { "zero means absent", "0000000000000000", ERR_SYNTAX, 0 },
        { "too short", "123456789abcdef", ERR_SYNTAX, 0 },
        { "too long", "0123456789abcdef0", ERR_SYNTAX, 0 },
        { "a prefix", "0x23456789abcdef", ERR_SYNTAX, 0 },
        { "a letter beyond f", "g123456789abcdef", ERR_SYNTAX, 0 },
        { "a sign", "-123456789abcdef", ERR_SYNTAX, 0 },
        { "beside the letters", "0123456789abcde@", ERR_SYNTAX, 0 },
        { "nothing", "", ERR_SYNTAX, 0 },
        { "absent", NULL, ERR_SYNTAX, 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t value = UNTOUCHED;
        print_message("  %s\n", rows[i].why);
        assert_int_equal(text_to_hex64(text_of(rows[i].text), &value), rows[i].err);
        assert_true(value == (rows[i].err ? UNTOUCHED : rows[i].value));
    }
}

static void hex64_is_written_in_full(void **state)
{
    char text[HEX64_SIZE];
    (void)state;
    hex64_to_text(0x00C0FFEE00000001, text);
    assert_string_equal(text, "00c0ffee00000001");
    hex64_to_text(UINT64_MAX, text);
    assert_string_equal(text, "ffffffffffffffff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_whole_or_not_at_all),
        cmocka_unit_test(durations_need_a_unit),
        cmocka_unit_test(sizes_may_have_a_unit),
        cmocka_unit_test(durations_are_shown_in_their_largest_whole_unit),
        cmocka_unit_test(sizes_are_shown_in_their_largest_whole_unit),
        cmocka_unit_test(hex64_is_sixteen_digits_and_not_zero),
        cmocka_unit_test(hex64_is_written_in_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
