#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

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

static void time_of_a_thread_stands_still_while_it_sleeps(void **state)
{
    int64_t began = clock_thread_us();
    (void)state;
    while (clock_thread_us() == began)
        ;
    began = clock_thread_us();
    nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    assert_in_range(clock_thread_us() - began, 0, 25000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_never_goes_back),
        cmocka_unit_test(time_of_a_thread_stands_still_while_it_sleeps),
        cmocka_unit_test(wall_is_unix_time_in_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
