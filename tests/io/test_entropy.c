#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "entropy.h"

static void all_bytes_are_filled(void **state)
{
    uint8_t bytes[600] = { 0 }; /* more than the 256 that getrandom gives in one piece whatever happens */
    uint8_t other[600] = { 0 };
    size_t zeros = 0;
    (void)state;
    assert_int_equal(entropy_read(bytes, sizeof bytes), OK);
    entropy_need(other, sizeof other);
    assert_memory_not_equal(bytes, other, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        zeros += bytes[i] == 0;
    assert_true(zeros < 60); /* about 2 are to be expected */
    entropy_need(bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_bytes_are_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
