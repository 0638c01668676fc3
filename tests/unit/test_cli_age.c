#include "age.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void an_age_has_its_two_largest_units(void **state)
{
    static const struct {
        const char *why;
        ms_t age;
        const char *text, *difference;
    } rows[] = {
        { "nothing", 0, "0ms", "0ms" },
        { "below a second", 999, "999ms", "+999ms" },
        { "seconds stand alone: their milliseconds say nothing", 1999, "1s", "+1s" },
        { "the last second of a minute", 59999, "59s", "+59s" },
        { "a second unit of zero is left out", 60000, "1m", "+1m" },
        { "minutes and seconds", 192000, "3m 12s", "+3m 12s" },
        { "hours and minutes, no seconds", 2 * 3600000 + 5 * 60000 + 59000, "2h 5m", "+2h 5m" },
        { "days and hours", 4 * 86400000LL + 3 * 3600000, "4d 3h", "+4d 3h" },
        { "days are the largest unit", 400 * 86400000LL, "400d", "+400d" },
        { "a clock that is behind", -182000, "-3m 2s", "-3m 2s" },
        { "the end of the range", INT64_MIN, "-106751991167d 7h", "-106751991167d 7h" },
    };
    struct buf text = BUF_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        age_add(&text, rows[i].age, "");
        assert_string_equal(buf_str(&text), rows[i].text);
        buf_reset(&text);
        age_add(&text, rows[i].age, "+");
        assert_string_equal(buf_str(&text), rows[i].difference);
        buf_reset(&text);
    }
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_age_has_its_two_largest_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
