#include "startup_poll.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define START 1000000

static bool is_over(const struct startup_poll *poll)
{
    return poll->next_at == MS_NEVER && poll->until == MS_NEVER;
}

static struct startup_poll_options without_jitter(void)
{
    struct startup_poll_options options = STARTUP_POLL_DEFAULT;
    options.jitter = 0;
    return options;
}

/* Every attempt takes its whole time. */
static void the_default_schedule_to_the_millisecond(void **state)
{
    static const ms_t begins[] = { 0, 1200, 2500, 3950, 5625, 7637, 10156, 13434, 17851, 23977 };
    struct startup_poll_options options = without_jitter();
    struct startup_poll poll;
    ms_t now = START;
    (void)state;
    startup_poll_init(&poll, &options, 1, now);
    for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
        now = START + begins[i];
        if (i > 0)
            assert_false(startup_poll_begin(&poll, now - 1));
        assert_true(startup_poll_begin(&poll, now));
        assert_int_equal(poll.attempt, i + 1);
        assert_int_equal(poll.until, now + 1000);
        assert_int_equal(poll.next_at, MS_NEVER);
        assert_false(startup_poll_begin(&poll, now + 999)); /* one at a time */
        assert_false(is_over(&poll));
        now += 1000;
        startup_poll_failed(&poll, now);
    }
    assert_true(is_over(&poll));
    assert_false(startup_poll_begin(&poll, now + 100000));
    assert_int_equal(begins[9] - 9 * 1000, 14977);
}

/* Adds up the delays of a poll whose attempts fail at once. */
static ms_t sum_of_delays(const struct startup_poll_options *options, uint64_t seed, int *ret_count)
{
    struct startup_poll poll;
    ms_t now = START, delay;
    startup_poll_init(&poll, options, seed, now);
    *ret_count = 0;
    while (startup_poll_begin(&poll, now) && (delay = startup_poll_failed(&poll, now)) != MS_NEVER) {
        now += delay;
        (*ret_count)++;
    }
    assert_true(is_over(&poll));
    return now - START;
}

static void delays_add_up(void **state)
{
    static const struct {
        const char *why;
        struct startup_poll_options options;
        int count;
        ms_t sum;
    } rows[] = {
        { "the default", { 10, 200, 1.5, 10000, 1000, 0 }, 9, 14977 },
        { "one attempt has no delay", { 1, 200, 1.5, 10000, 1000, 0 }, 0, 0 },
        { "a multiplier of 1", { 5, 200, 1, 10000, 1000, 0 }, 4, 800 },
        { "delays stop growing", { 6, 1000, 3, 5000, 1000, 0 }, 5, 1000 + 3000 + 3 * 5000 },
        { "the first is cut, too", { 3, 700, 2, 500, 1000, 0 }, 2, 1000 },
        { "no delay at all", { 4, 0, 2, 500, 1000, 0 }, 3, 0 },
        { "fractions are not lost", { 5, 1, 1.25, 500, 1000, 0 }, 4, 5 },
        { "many attempts do not overflow", { 2000, 200, 10, 10000, 1000, 0 }, 1999, 200 + 2000 + 1997 * 10000 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int count;
        ms_t sum = sum_of_delays(&rows[i].options, 1, &count);
        if (sum != rows[i].sum || count != rows[i].count)
            fail_msg("%s: %d delays, %lld ms", rows[i].why, count, (long long)sum);
    }
}

static void jitter_moves_each_delay_a_little(void **state)
{
    struct startup_poll_options options = STARTUP_POLL_DEFAULT;
    ms_t low = MS_NEVER, high = 0;
    int count;
    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        ms_t sum = sum_of_delays(&options, seed, &count);
        low = ms_min(low, sum);
        high = ms_max(high, sum);
        assert_int_equal(count, 9);
    }
    assert_true(low >= 13479 && low < 14500);
    assert_true(high <= 16475 && high > 15500);
}

static void the_first_attempt_is_due_at_once(void **state)
{
    struct startup_poll_options options = without_jitter();
    struct startup_poll poll;
    (void)state;
    startup_poll_init(&poll, &options, 1, START);
    assert_false(is_over(&poll));
    assert_int_equal(poll.next_at, START);
    assert_int_equal(poll.attempt, 0);
    assert_false(startup_poll_begin(&poll, START - 1));
    assert_true(startup_poll_begin(&poll, START + 5));
    assert_int_equal(poll.until, START + 1005);
    assert_int_equal(startup_poll_failed(&poll, START + 10), 200); /* an attempt that ends early waits as long */
    assert_int_equal(poll.next_at, START + 210);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_schedule_to_the_millisecond),
        cmocka_unit_test(delays_add_up),
        cmocka_unit_test(jitter_moves_each_delay_a_little),
        cmocka_unit_test(the_first_attempt_is_due_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
