#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "child_watch.h"

struct look {
    char state;
    uint64_t ticks;
};

static void states(void **state)
{
    static const struct {
        const char *reason;
        struct look looks[4];
        size_t count;
        enum child_stall stall;
    } rows[] = {
        { "nothing seen yet", { { 0 } }, 0, CHILD_STALL_NONE },
        { "asleep is at work", { { 'S', 1 }, { 'S', 1 }, { 'S', 1 } }, 3, CHILD_STALL_NONE },
        { "stopped by a signal", { { 'T', 1 } }, 1, CHILD_STALL_STOPPED },
        { "stopped by a debugger", { { 't', 1 } }, 1, CHILD_STALL_STOPPED },
        { "continued", { { 'T', 1 }, { 'R', 1 } }, 2, CHILD_STALL_NONE },
        { "one slow read", { { 'D', 1 } }, 1, CHILD_STALL_NONE },
        { "in D throughout", { { 'D', 1 }, { 'D', 1 }, { 'D', 1 } }, 3, CHILD_STALL_BLOCKED },
        { "in D at each look, but working in between", { { 'D', 1 }, { 'D', 5 }, { 'D', 9 } }, 3, CHILD_STALL_NONE },
        { "D with a break", { { 'D', 1 }, { 'D', 1 }, { 'S', 1 }, { 'D', 1 } }, 4, CHILD_STALL_NONE },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct child_watch watch;
        print_message("%s\n", rows[i].reason);
        child_watch_init(&watch);
        for (size_t n = 0; n < rows[i].count; n++)
            child_watch_observe(&watch, rows[i].looks[n].state, rows[i].looks[n].ticks);
        assert_int_equal(child_watch_judge(&watch, 1000000), rows[i].stall);
    }
}

static void watchdog(void **state)
{
    struct child_watch watch;
    (void)state;
    child_watch_init(&watch);
    assert_int_equal(child_watch_timeout(&watch, 0), MS_NEVER);
    child_watch_limit(&watch, 1000, 2000);
    assert_int_equal(child_watch_timeout(&watch, 1500), 1500);
    assert_int_equal(child_watch_judge(&watch, 2999), CHILD_STALL_NONE);
    assert_int_equal(child_watch_judge(&watch, 3000), CHILD_STALL_OVERDUE);
    assert_int_equal(child_watch_timeout(&watch, 3000), MS_NEVER);
    child_watch_feed(&watch, 3500);
    assert_int_equal(child_watch_judge(&watch, 3500), CHILD_STALL_NONE);
    assert_int_equal(child_watch_timeout(&watch, 3500), 2000);
    child_watch_limit(&watch, 3600, 60000);
    assert_int_equal(child_watch_timeout(&watch, 3600), 60000);
    child_watch_limit(&watch, 3600, 0);
    assert_int_equal(child_watch_judge(&watch, 1000000), CHILD_STALL_NONE);
    assert_string_equal(child_stall_sentence(CHILD_STALL_OVERDUE), "its watchdog is overdue");
}

static void trigger(void **state)
{
    struct child_watch watch;
    (void)state;
    child_watch_init(&watch);
    child_watch_trigger(&watch);
    assert_int_equal(child_watch_judge(&watch, 0), CHILD_STALL_TRIGGERED); /* whatever its limit */
    child_watch_feed(&watch, 1000);
    assert_int_equal(child_watch_judge(&watch, 1000), CHILD_STALL_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(states), cmocka_unit_test(watchdog),
                                        cmocka_unit_test(trigger) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
