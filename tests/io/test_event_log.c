/* Which events become lines of the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "event_log.h"

static unsigned admit(struct event_log *log, const char *hive, unsigned events, ms_t now)
{
    unsigned lines = 0;
    for (unsigned i = 0; i < events; i++)
        lines += event_log_admit(log, hive, now);
    return lines;
}

static void a_hive_fills_no_log(void **state)
{
    struct event_log log;
    const char *hive;
    uint64_t count;
    ms_t now = 1000000;
    (void)state;
    log = (struct event_log){ 0 };
    assert_int_equal(admit(&log, "loud", 5000, now), EVENT_LOG_LINES);
    assert_int_equal(admit(&log, "quiet", 1, now), 1);
    assert_int_equal(admit(&log, "", 1, now), 1);
    assert_int_equal(admit(&log, "loud", 5000, now + 1000), EVENT_LOG_LINES_PER_S);
    assert_false(event_log_left_out(&log, now + 9999, &hive, &count));
    now += 12000;
    assert_true(event_log_left_out(&log, now, &hive, &count));
    assert_string_equal(hive, "loud");
    assert_int_equal(count, 10000 - EVENT_LOG_LINES - EVENT_LOG_LINES_PER_S);
    assert_false(event_log_left_out(&log, now, &hive, &count));
    now += 12000;
    assert_false(event_log_left_out(&log, now, &hive, &count));
    assert_null(log.hives); /* all were quiet */
    event_log_clear(&log);
}

/* All of them are said, each once, and none is looked at again for the next one: 10,000 took 200 ms. */
static void many_hives_are_said_of_in_one_go(void **state)
{
    enum { HIVES = 10000 };
    struct event_log log;
    const char *hive;
    uint64_t count;
    unsigned said = 0, admitted = 0;
    ms_t now = 1000000;
    char name[32];
    (void)state;
    log = (struct event_log){ 0 };
    for (unsigned i = 0; i < HIVES; i++) {
        snprintf(name, sizeof name, "h%u", i);
        admitted += admit(&log, name, EVENT_LOG_LINES + 1, now);
        admitted += admit(&log, name, 5, now + 9000); /* so that none is quiet */
    }
    now += 12000;
    while (event_log_left_out(&log, now, &hive, &count)) {
        snprintf(name, sizeof name, "h%u", said++);
        assert_string_equal(hive, name);
        assert_int_equal(count, 1);
    }
    assert_int_equal(said, HIVES);
    assert_int_equal(admitted, HIVES * (EVENT_LOG_LINES + 5));
    assert_false(event_log_left_out(&log, now + 999, &hive, &count));
    assert_non_null(log.hives);
    assert_false(event_log_left_out(&log, now + 12000, &hive, &count));
    assert_null(log.hives);
    event_log_clear(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_hive_fills_no_log),
                                        cmocka_unit_test(many_hives_are_said_of_in_one_go) };
    return cmocka_run_group_tests_name("event_log", tests, NULL, NULL);
}
