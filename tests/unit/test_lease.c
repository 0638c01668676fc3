#include "lease.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void limits_move_in_proportion(void **state)
{
    static const struct {
        const char *why;
        int64_t interval, lease;
        ms_t stale_after, want_suspect, want_stale;
    } rows[] = {
        { "the default interval: 2.2 and 3 of 30 s", 30000, -1, 90000, 66000, 90000 },
        { "another interval, whatever is configured", 10000, -1, 90000, 22000, 30000 },
        { "a sender that declares nothing", -1, -1, 90000, 66000, 90000 },
        { "a sender that declares nothing, other configuration", -1, -1, 45000, 33000, 45000 },
        { "a declared lease goes before the interval", 10000, 60000, 90000, 44000, 60000 },
        { "a declared lease without an interval", -1, 15000, 90000, 11000, 15000 },
        { "an interval of exactly one second", 1000, -1, 90000, 2200, 3000 },
        { "an interval below it counts as one second", 999, -1, 90000, 2200, 3000 },
        { "the shortest interval there is", 50, -1, 90000, 2200, 3000 },
        { "just above it", 1001, -1, 90000, 2202, 3003 },
        { "a lease of 3 seconds", 50, 3000, 90000, 2200, 3000 },
        { "a shorter lease counts as 3 seconds", 50, 2999, 90000, 2200, 3000 },
        { "the longest interval", 86400000, -1, 90000, 190080000, 259200000 },
        { "the longest lease that ends", -1, 2147483646, 90000, 1574821340, 2147483646 },
        { "a longer one does not", -1, 2147483647, 90000, 825659931684590, 1125899906842624 },
        { "the longest that may be declared", -1, 1000000000000, 90000, 825659931684590, 1125899906842624 },
        { "fractions are cut, never rounded up", -1, 3001, 90000, 2200, 3001 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lease lease = lease_of(rows[i].interval, rows[i].lease, rows[i].stale_after);
        if (lease.suspect_after != rows[i].want_suspect || lease.stale_after != rows[i].want_stale)
            fail_msg("%s: %lld, %lld", rows[i].why, (long long)lease.suspect_after, (long long)lease.stale_after);
    }
}

static void grace_is_the_longer_of_interval_and_return(void **state)
{
    static const struct {
        const char *why;
        int64_t interval;
        ms_t return_grace, want;
    } rows[] = {
        { "the default: reconnecting takes longer than an interval", 30000, 35000, 35000 },
        { "a longer interval", 50000, 35000, 50000 },
        { "an interval of 60 s counts in full", 60000, 35000, 60000 },
        { "beyond 60 s it does not", 60001, 35000, 60000 },
        { "the longest interval", 86400000, 35000, 60000 },
        { "a longer configured grace", 86400000, 70000, 70000 },
        { "no interval declared", -1, 35000, 35000 },
        { "an interval counts as a second at least", 50, 0, 1000 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ms_t grace = lease_grace(rows[i].interval, rows[i].return_grace);
        if (grace != rows[i].want)
            fail_msg("%s: %lld", rows[i].why, (long long)grace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_move_in_proportion),
        cmocka_unit_test(grace_is_the_longer_of_interval_and_return),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
