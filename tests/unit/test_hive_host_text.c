#include "host_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "msg.h"

static void memory(void **state)
{
    static const char meminfo[] =
        "MemTotal:       16303140 kB\nMemFree:         1000 kB\nMemAvailable:         0 kB\n"
        "HugePages_Total:       4\nBad:   x kB\nNegative: -1 kB\nHuge: 9223372036854775807 kB\n";
    static const struct {
        const char *why, *row;
        int64_t want;
    } rows[] = {
        { "the first row", "MemTotal", 16303140LL * 1024 },
        { "none left", "MemAvailable", 0 },
        { "a row that is not there", "Mem", INT_ABSENT },
        { "a count, not an amount", "HugePages_Total", INT_ABSENT },
        { "no number", "Bad", INT_ABSENT },
        { "negative", "Negative", INT_ABSENT },
        { "more bytes than fit", "Huge", INT_ABSENT },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (host_memory(TEXT(meminfo), rows[i].row) != rows[i].want)
            fail_msg("%s", rows[i].why);
    assert_int_equal(host_memory((struct text){ "", 0 }, "MemTotal"), INT_ABSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(memory) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
