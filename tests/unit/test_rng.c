#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_seed_gives_the_published_sequence(void **state)
{
    /* splitmix64 from seed 1234567, as in the reference implementation by Sebastiano Vigna. */
    static const uint64_t expected[] = { 6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                         4593380528125082431u, 16408922859458223821u };
    (void)state;
    struct rng rng = { 1234567 };
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        assert_true(rng_next(&rng) == expected[i]);
}

static void numbers_stay_between_their_bounds(void **state)
{
    static const struct {
        const char *why;
        int64_t low, high;
    } rows[] = {
        { "one number only", 7, 7 },
        { "around zero", -3, 3 },
        { "a range of which 2^64 is no multiple", 0, 6 },
        { "more than half of all numbers: every other draw is thrown away", INT64_MIN, 1 },
        { "the lowest number", INT64_MIN, INT64_MIN },
        { "the highest numbers", INT64_MAX - 1, INT64_MAX },
        { "all numbers", INT64_MIN, INT64_MAX },
    };
    (void)state;
    struct rng rng = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        for (int draw = 0; draw < 1000; draw++) {
            int64_t n = rng_between(&rng, rows[i].low, rows[i].high);
            assert_true(n >= rows[i].low && n <= rows[i].high);
        }
    }
}

static void every_number_is_equally_likely(void **state)
{
    (void)state;
    struct rng rng = { 42 };
    int counts[10] = { 0 };
    for (int draw = 0; draw < 100000; draw++)
        counts[rng_between(&rng, -4, 5) + 4]++;
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        assert_in_range(counts[i], 9700, 10300); /* three standard deviations are 285 */
}

static void all_numbers_really_include_both_signs(void **state)
{
    (void)state;
    struct rng rng = { 1 };
    int negative = 0;
    for (int draw = 0; draw < 1000; draw++)
        negative += rng_between(&rng, INT64_MIN, INT64_MAX) < 0;
    assert_in_range(negative, 400, 600);
}

static void jitter_moves_by_its_share_at_most(void **state)
{
    static const struct {
        const char *why;
        ms_t value;
        unsigned percent;
        ms_t low, high;
    } rows[] = {
        { "ten per cent", 1000, 10, 900, 1100 },
        { "no jitter", 1000, 0, 1000, 1000 },
        { "less than one millisecond is none", 9, 10, 9, 9 },
        { "a share of the last two digits, too", 250, 30, 175, 325 },
        { "all of it", 1000, 100, 0, 2000 },
        { "more than all of it counts as all", 1000, 250, 0, 2000 },
        { "nothing to move", 0, 50, 0, 0 },
        { "no duration", -5, 50, -5, -5 },
        { "never is not passed", MS_NEVER, 10, MS_NEVER / 10 * 9, MS_NEVER },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        struct rng rng = { i };
        ms_t least = INT64_MAX, most = INT64_MIN;
        for (int draw = 0; draw < 20000; draw++) {
            ms_t moved = rng_jitter(&rng, rows[i].value, rows[i].percent);
            assert_true(moved >= rows[i].low && moved <= rows[i].high);
            least = ms_min(least, moved);
            most = ms_max(most, moved);
        }
        ms_t slack = (rows[i].high - rows[i].low) / 100;
        assert_true(least - rows[i].low <= slack && rows[i].high - most <= slack);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_the_published_sequence), cmocka_unit_test(numbers_stay_between_their_bounds),
        cmocka_unit_test(every_number_is_equally_likely),      cmocka_unit_test(all_numbers_really_include_both_signs),
        cmocka_unit_test(jitter_moves_by_its_share_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
