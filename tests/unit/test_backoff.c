#include "backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SEEDS 200

/* The delays of a row, in order; every seed must stay within them. */
struct row {
    const char *why;
    ms_t max, lived; /* lived: -1 = backoff_lost is not called */
    struct {
        ms_t low, high;
    } delays[9];
};

static const struct row rows[] = {
    { "a link that had lived: four quick tries, then full jitter that doubles",
      30000,
      60000,
      { { 0, 0 },
        { 48, 72 },
        { 48, 72 },
        { 48, 72 },
        { 0, 500 },
        { 0, 1000 },
        { 0, 2000 },
        { 0, 4000 },
        { 0, 8000 } } },
    { "just long enough to count as having lived",
      30000,
      100,
      { { 0, 0 }, { 48, 72 }, { 48, 72 }, { 48, 72 }, { 0, 500 } } },
    { "one millisecond too short: no quick tries", 30000, 99, { { 0, 500 }, { 0, 1000 }, { 0, 2000 } } },
    { "at the start there was no link", 30000, -1, { { 0, 500 }, { 0, 1000 } } },
    { "the cap ends at the maximum", 900, 0, { { 0, 500 }, { 0, 900 }, { 0, 900 }, { 0, 900 } } },
    { "a maximum below the first cap", 200, 0, { { 0, 200 }, { 0, 200 }, { 0, 200 } } },
    { "a maximum of nothing: at once, always", 0, 0, { { 0, 0 }, { 0, 0 }, { 0, 0 } } },
    { "a negative maximum counts as nothing", -5, 0, { { 0, 0 }, { 0, 0 } } },
};

static void row_run(const struct row *row, uint64_t seed, ms_t *seen_high)
{
    struct rng rng = { seed };
    struct backoff backoff;
    backoff_init(&backoff, row->max);
    if (row->lived >= 0)
        backoff_lost(&backoff, row->lived);
    for (size_t i = 0; i < ARRAY_LEN(row->delays); i++) {
        ms_t delay = backoff_next(&backoff, &rng);
        if (i > 0 && row->delays[i].high == 0 && row->max > 0)
            break; /* the row says nothing about it */
        if (delay < row->delays[i].low || delay > row->delays[i].high)
            fail_msg("%s: delay %zu is %lld, seed %llu", row->why, i, (long long)delay, (unsigned long long)seed);
        seen_high[i] = ms_max(seen_high[i], delay);
    }
}

static void delays_stay_within_and_fill_their_range(void **state)
{
    (void)state;
    for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
        ms_t seen_high[ARRAY_LEN(rows[r].delays)] = { 0 };
        for (uint64_t seed = 0; seed < SEEDS; seed++)
            row_run(&rows[r], seed, seen_high);
        for (size_t i = 0; i < ARRAY_LEN(seen_high); i++)
            if (seen_high[i] < rows[r].delays[i].high * 9 / 10)
                fail_msg("%s: delay %zu never came near %lld", rows[r].why, i, (long long)rows[r].delays[i].high);
    }
}

static void a_link_that_lived_starts_the_schedule_anew(void **state)
{
    struct rng rng = { 1 };
    struct backoff backoff;
    (void)state;
    backoff_init(&backoff, 30000);
    for (int i = 0; i < 20; i++)
        backoff_next(&backoff, &rng);
    assert_int_equal(backoff.cap, 30000);
    backoff_lost(&backoff, 100);
    assert_int_equal(backoff.quick, 4);
    assert_int_equal(backoff.cap, 500);
}

static void a_link_that_never_lived_changes_nothing(void **state)
{
    struct rng rng = { 1 };
    struct backoff backoff;
    (void)state;
    backoff_init(&backoff, 30000);
    backoff_lost(&backoff, 5000);
    backoff_next(&backoff, &rng);
    backoff_lost(&backoff, 0);
    assert_int_equal(backoff.quick, 3);
    while (backoff.cap < 4000)
        backoff_next(&backoff, &rng);
    backoff_lost(&backoff, 99);
    assert_int_equal(backoff.cap, 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_stay_within_and_fill_their_range),
        cmocka_unit_test(a_link_that_lived_starts_the_schedule_anew),
        cmocka_unit_test(a_link_that_never_lived_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
