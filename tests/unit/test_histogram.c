#include "histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_value_is_in_one_bucket(void **state)
{
    static const struct {
        int64_t us;
        unsigned bucket;
    } rows[] = { { 0, 0 },    { 50, 0 },    { 51, 1 },    { 100, 1 },     { 999, 4 },     { 1000, 4 },
                 { 1001, 5 }, { 20000, 8 }, { 20001, 9 }, { 100000, 10 }, { 100001, 11 }, { 5000000, 11 } };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct histogram histogram = { 0 };
        histogram_add(&histogram, rows[i].us);
        for (unsigned bucket = 0; bucket <= HISTOGRAM_BOUNDS; bucket++)
            assert_int_equal(histogram.buckets[bucket], bucket == rows[i].bucket);
        assert_int_equal(histogram.sum, rows[i].us);
    }
}

static void bounds_ascend_and_values_add_up(void **state)
{
    struct histogram histogram = { 0 };
    uint64_t count = 0;
    (void)state;
    for (unsigned i = 1; i < HISTOGRAM_BOUNDS; i++)
        assert_true(histogram_bounds[i - 1] < histogram_bounds[i]);
    for (int64_t us = 0; us < 1000; us++)
        histogram_add(&histogram, us);
    for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
        count += histogram.buckets[i];
    assert_int_equal(count, 1000);
    assert_int_equal(histogram.sum, 499500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_is_in_one_bucket),
        cmocka_unit_test(bounds_ascend_and_values_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
