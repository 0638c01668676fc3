#include "timetext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "rng.h"

#define YEAR_0000 INT64_C(-62167219200000)
#define YEAR_9999_END INT64_C(253402300799999)

static void times_are_written_in_utc_with_milliseconds(void **state)
{
    static const struct {
        const char *why;
        ms_t wall;
        const char *text;
    } rows[] = {
        { "the epoch", 0, "1970-01-01T00:00:00.000Z" },
        { "one millisecond before", -1, "1969-12-31T23:59:59.999Z" },
        { "an afternoon", 1761249600000, "2025-10-23T20:00:00.000Z" },
        { "the leap day of a century", 951827696789, "2000-02-29T12:34:56.789Z" },
        { "the last day of a leap year", 978307199999, "2000-12-31T23:59:59.999Z" },
        { "1900 was no leap year", -2203891200000, "1900-03-01T00:00:00.000Z" },
        { "the day before", -2203891200001, "1900-02-28T23:59:59.999Z" },
        { "the first moment", YEAR_0000, "0000-01-01T00:00:00.000Z" },
        { "before the first moment", YEAR_0000 - 1, "0000-01-01T00:00:00.000Z" },
        { "the smallest value", INT64_MIN, "0000-01-01T00:00:00.000Z" },
        { "the last moment", YEAR_9999_END, "9999-12-31T23:59:59.999Z" },
        { "behind the last moment", YEAR_9999_END + 1, "9999-12-31T23:59:59.999Z" },
        { "never", MS_NEVER, "9999-12-31T23:59:59.999Z" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[TIMETEXT_SIZE];
        print_message("  %s\n", rows[i].why);
        time_to_text(rows[i].wall, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void times_are_read_as_rfc_3339_says(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        ms_t wall;
    } rows[] = {
        { "the epoch", "1970-01-01T00:00:00Z", 0 },
        { "milliseconds", "2025-10-23T20:00:00.123Z", 1761249600123 },
        { "lower case", "1970-01-01t00:00:01z", 1000 },
        { "one digit of a fraction", "1970-01-01T00:00:00.5Z", 500 },
        { "two digits", "1970-01-01T00:00:00.05Z", 50 },
        { "what is finer than milliseconds is cut", "1970-01-01T00:00:00.0019Z", 1 },
        { "nanoseconds", "1970-01-01T00:00:00.123456789Z", 123 },
        { "more digits than any number holds", "1970-01-01T00:00:00.1234567890123456789012345678901234567890Z", 123 },
        { "a fraction before the epoch", "1969-12-31T23:59:59.25Z", -750 },
        { "east of Greenwich", "1970-01-01T02:00:00+02:00", 0 },
        { "west of Greenwich", "1969-12-31T16:00:00-08:00", 0 },
        { "a quarter of an hour", "1970-01-01T05:45:00+05:45", 0 },
        { "the largest offset", "1970-01-01T23:59:00+23:59", 0 },
        { "an unknown offset", "1970-01-01T00:00:00-00:00", 0 },
        { "an example of the RFC", "1996-12-19T16:39:57-08:00", 851042397000 },
        { "another, with a fraction", "1937-01-01T12:00:27.87+00:20", -1041337172130 },
        { "a leap second", "1990-12-31T23:59:60Z", 662688000000 },
        { "the same one in California", "1990-12-31T15:59:60-08:00", 662688000000 },
        { "within a leap second", "2016-12-31T23:59:60.5Z", 1483228800500 },
        { "the leap day of a leap year", "2024-02-29T00:00:00Z", 1709164800000 },
        { "2000 was a leap year", "2000-02-29T00:00:00Z", 951782400000 },
        { "the first moment", "0000-01-01T00:00:00Z", YEAR_0000 },
        { "an offset leads before it", "0000-01-01T00:00:00+00:01", YEAR_0000 - 60000 },
        { "year 0 was a leap year", "0000-02-29T00:00:00Z", YEAR_0000 + INT64_C(59) * 86400000 },
        { "the last moment", "9999-12-31T23:59:59.999Z", YEAR_9999_END },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ms_t wall = 4711;
        print_message("  %s\n", rows[i].why);
        assert_int_equal(text_to_time(text_of(rows[i].text), &wall), OK);
        assert_true(wall == rows[i].wall);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const struct {
        const char *why;
        const char *text;
    } rows[] = {
        { "absent", NULL },
        { "nothing", "" },
        { "a date alone", "2025-10-23" },
        { "no zone", "2025-10-23T20:00:00" },
        { "no seconds", "2025-10-23T20:00Z" },
        { "a space for the T", "2025-10-23 20:00:00Z" },
        { "something behind", "2025-10-23T20:00:00Zx" },
        { "something before", " 2025-10-23T20:00:00Z" },
        { "a year of two digits", "25-10-23T20:00:00Z" },
        { "a year of five digits", "12025-10-23T20:00:00Z" },
        { "a sign", "-025-10-23T20:00:00Z" },
        { "month 0", "2025-00-23T20:00:00Z" },
        { "month 13", "2025-13-23T20:00:00Z" },
        { "day 0", "2025-10-00T20:00:00Z" },
        { "31 April", "2025-04-31T20:00:00Z" },
        { "29 February of a common year", "2025-02-29T20:00:00Z" },
        { "1900 was no leap year", "1900-02-29T20:00:00Z" },
        { "30 February", "2024-02-30T20:00:00Z" },
        { "24 hours", "2025-10-23T24:00:00Z" },
        { "60 minutes", "2025-10-23T20:60:00Z" },
        { "61 seconds", "2016-12-31T23:59:61Z" },
        { "60 seconds within a day", "2016-12-31T12:00:60Z" },
        { "60 seconds at midnight elsewhere", "2016-12-31T23:59:60+01:00" },
        { "an empty fraction", "2025-10-23T20:00:00.Z" },
        { "a comma", "2025-10-23T20:00:00,5Z" },
        { "an offset without a colon", "2025-10-23T20:00:00+0200" },
        { "an offset of hours alone", "2025-10-23T20:00:00+02" },
        { "an offset of 24 hours", "2025-10-23T20:00:00+24:00" },
        { "an offset of 60 minutes", "2025-10-23T20:00:00+02:60" },
        { "letters for digits", "2025-1O-23T20:00:00Z" },
        { "the basic format", "20251023T200000Z" },
        { "another separator", "2025/10/23T20:00:00Z" },
        { "another zone letter", "2025-10-23T20:00:00A" },
        { "a number", "1761249600000" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ms_t wall = 4711;
        print_message("  %s\n", rows[i].why);
        assert_int_equal(text_to_time(text_of(rows[i].text), &wall), ERR_SYNTAX);
        assert_int_equal(wall, 4711);
    }
}

static void no_prefix_of_a_time_is_a_time(void **state)
{
    static const char text[] = "2025-10-23T20:00:00.123+02:00";
    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        ms_t wall = 4711;
        assert_int_equal(text_to_time((struct text){ text, len }, &wall), ERR_SYNTAX);
    }
}

static void check_against_libc(ms_t wall)
{
    char text[TIMETEXT_SIZE], expected[64];
    ms_t ms = (wall % 1000 + 1000) % 1000, back = 0;
    time_t seconds = (time_t)((wall - ms) / 1000);
    struct tm tm;
    assert_non_null(gmtime_r(&seconds, &tm));
    snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
    time_to_text(wall, text);
    assert_string_equal(text, expected);
    assert_int_equal(text_to_time(text_of(text), &back), OK);
    assert_true(back == wall);
}

static void ten_thousand_years_agree_with_libc(void **state)
{
    (void)state;
    struct rng rng = { 1582 };
    for (ms_t day = YEAR_0000; day < YEAR_9999_END; day += 7 * 86400000)
        check_against_libc(ms_min(day + rng_between(&rng, 0, INT64_C(7) * 86400000 - 1), YEAR_9999_END));
    for (ms_t day = -86400000 * INT64_C(800); day < 86400000 * INT64_C(800); day += 86400000) {
        check_against_libc(day);
        check_against_libc(day - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_in_utc_with_milliseconds),
        cmocka_unit_test(times_are_read_as_rfc_3339_says),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(no_prefix_of_a_time_is_a_time),
        cmocka_unit_test(ten_thousand_years_agree_with_libc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
