/* What the broker has not acknowledged yet. */
#include "mqtt_awaited.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_token_comes_back_once(void **state)
{
    struct mqtt_awaited awaited = { 0 };
    (void)state;
    assert_int_equal(mqtt_awaited_take(&awaited, 1), 0);
    mqtt_awaited_add(&awaited, 1, 71, 100);
    mqtt_awaited_add(&awaited, 2, 72, 1000);
    mqtt_awaited_add(&awaited, 3, 73, 10000);
    assert_int_equal(awaited.bytes, 11100);
    assert_int_equal(mqtt_awaited_take(&awaited, 4), 0);
    assert_int_equal(mqtt_awaited_take(&awaited, 1), 71);
    assert_int_equal(awaited.bytes, 11000);
    assert_int_equal(mqtt_awaited_take(&awaited, 1), 0);
    assert_int_equal(mqtt_awaited_take(&awaited, 3), 73);
    assert_int_equal(mqtt_awaited_take(&awaited, 2), 72);
    assert_int_equal(awaited.bytes, 0);
    assert_int_equal(awaited.count, 0);
}

static void it_has_room_for_so_many(void **state)
{
    struct mqtt_awaited awaited = { 0 };
    (void)state;
    for (int i = 0; i < MQTT_AWAITED_MAX; i++) {
        assert_false(mqtt_awaited_is_full(&awaited));
        mqtt_awaited_add(&awaited, i, 100 + (uint64_t)i, 1);
    }
    assert_true(mqtt_awaited_is_full(&awaited));
    assert_int_equal(mqtt_awaited_take(&awaited, 7), 107);
    assert_false(mqtt_awaited_is_full(&awaited));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_token_comes_back_once),
        cmocka_unit_test(it_has_room_for_so_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
