#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"

static void monotonic_never_goes_back(void **state)
{
    ms_t last = clock_mono();

    (void)state;
    for (int i = 0; i < 100000; i++) {
        ms_t now = clock_mono();

        assert_true(now >= last);
        last = now;
    }
}

static void wall_is_unix_time_in_milliseconds(void **state)
{
    (void)state;
    assert_true(clock_wall() > 1600000000000); /* 2020 */
    assert_true(clock_wall() < 7258118400000); /* 2200 */
}

static void entropy_fills_all_bytes(void **state)
{
    uint8_t bytes[600] = { 0 }; /* more than the 256 that getrandom gives in one piece whatever happens */
    uint8_t other[600] = { 0 };
    size_t zeros = 0;

    (void)state;
    clock_entropy(bytes, sizeof bytes);
    clock_entropy(other, sizeof other);
    assert_memory_not_equal(bytes, other, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        zeros += bytes[i] == 0;
    assert_true(zeros < 60); /* about 2 are to be expected */
    clock_entropy(bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_never_goes_back),
        cmocka_unit_test(wall_is_unix_time_in_milliseconds),
        cmocka_unit_test(entropy_fills_all_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
