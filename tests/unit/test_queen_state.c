#include "state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_hive_is_never_zombie_or_unreachable(void **state)
{
    (void)state;
    for (int i = 0; i < STATE_COUNT; i++) {
        bool is_one = i != STATE_ZOMBIE && i != STATE_UNREACHABLE;
        assert_int_equal(state_name_of_hive(i) != NULL, is_one);
        for (int to = 0; to < STATE_COUNT; to++)
            if (state_may_follow(true, i, to) || state_may_follow(true, to, i))
                assert_true(is_one);
    }
    assert_null(state_name_of_hive(STATE_COUNT));
    assert_string_equal(state_name_of_hive(STATE_UNVERIFIED), "starting");
    assert_false(state_may_follow(true, STATE_STALE, STATE_ONLINE)); /* it is asked first */
}

/* One letter per follower: u o s t(stale) z f(offline) r(unreachable). */
static void transitions_are_those_of_the_table(void **state)
{
    static const char letters[] = " uostzfr";
    static const char *const want[STATE_COUNT] = {
        [STATE_NONE] = "uostf",  [STATE_UNVERIFIED] = "ostzfr", [STATE_ONLINE] = "stzfr", [STATE_SUSPECT] = "uotzfr",
        [STATE_STALE] = "uozfr", [STATE_ZOMBIE] = "uostfr",     [STATE_OFFLINE] = "uot",  [STATE_UNREACHABLE] = "uotzf",
    };
    (void)state;
    for (int from = 0; from < STATE_COUNT; from++)
        for (int to = 0; to < STATE_COUNT; to++)
            assert_int_equal(state_may_follow(false, from, to), strchr(want[from], letters[to]) != NULL);
    assert_false(state_may_follow(false, STATE_COUNT, STATE_ONLINE));
    assert_false(state_may_follow(true, STATE_COUNT, STATE_ONLINE));
    assert_false(state_may_follow(false, STATE_ONLINE, STATE_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transitions_are_those_of_the_table),
        cmocka_unit_test(a_hive_is_never_zombie_or_unreachable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
