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
        { "the longest lease: no overflow", -1, 1000000000000, 90000, 733333333333, 1000000000000 },
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

static void state_follows_from_silence(void **state)
{
    static const struct lease lease = { .suspect_after = 66000, .stale_after = 90000 };
    static const struct {
        const char *why;
        ms_t heard, grace, now;
        enum lease_state want;
        ms_t want_next;
    } rows[] = {
        { "just heard", 1000, 0, 1000, LEASE_FRESH, 67000 },
        { "last moment before the suspect limit", 0, 0, 65999, LEASE_FRESH, 66000 },
        { "at the suspect limit", 0, 0, 66000, LEASE_OVERDUE, 90000 },
        { "last moment before the stale limit", 0, 0, 89999, LEASE_OVERDUE, 90000 },
        { "at the stale limit", 0, 0, 90000, LEASE_OVER, MS_NEVER },
        { "long over", 0, 0, 9000000, LEASE_OVER, MS_NEVER },
        { "the grace moves both limits: first", 0, 35000, 100999, LEASE_FRESH, 101000 },
        { "the grace moves both limits: first reached", 0, 35000, 101000, LEASE_OVERDUE, 125000 },
        { "the grace moves both limits: second", 0, 35000, 124999, LEASE_OVERDUE, 125000 },
        { "the grace moves both limits: second reached", 0, 35000, 125000, LEASE_OVER, MS_NEVER },
        { "an age from before this queen's watch", -80000, 0, 0, LEASE_OVERDUE, 10000 },
        { "heard later than now, after watch time fell back", 5000, 0, 4000, LEASE_FRESH, 71000 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum lease_state got = lease_state_at(&lease, rows[i].heard, rows[i].grace, rows[i].now);
        ms_t next = lease_next_change(&lease, rows[i].heard, rows[i].grace, rows[i].now);
        if (got != rows[i].want || next != rows[i].want_next)
            fail_msg("%s: state %d, next %lld", rows[i].why, got, (long long)next);
    }
}

/* A queen that always sleeps until lease_next_change sees every state exactly once. */
static void next_change_is_when_the_state_changes(void **state)
{
    struct lease lease = lease_of(1000, -1, 90000);
    ms_t now = 500;

    (void)state;
    for (int want = LEASE_FRESH; want <= LEASE_OVER; want++) {
        assert_int_equal(lease_state_at(&lease, 500, 250, now), want);
        now = lease_next_change(&lease, 500, 250, now);
    }
    assert_true(now == MS_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_move_in_proportion),
        cmocka_unit_test(grace_is_the_longer_of_interval_and_return),
        cmocka_unit_test(state_follows_from_silence),
        cmocka_unit_test(next_change_is_when_the_state_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
