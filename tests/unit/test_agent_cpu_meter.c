#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "cpu_meter.h"

static void readings(void **state)
{
    struct cpu_meter meter = { 0 };
    (void)state;
    assert_true(isnan(cpu_meter_read(&meter, 1000, 500, 100)));
    assert_float_equal(cpu_meter_read(&meter, 3000, 800, 100), 1.5, 1e-9);
    assert_true(isnan(cpu_meter_read(&meter, 3000, 900, 100))); /* no time has passed */
    assert_float_equal(cpu_meter_read(&meter, 4000, 800, 100), 0, 1e-9);
    assert_float_equal(cpu_meter_read(&meter, 5000, 300, 100), 0, 1e-9); /* a descendant left */
    assert_float_equal(cpu_meter_read(&meter, 6000, 400, 100), 1, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(readings) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
