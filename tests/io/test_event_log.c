/* Which events become lines of the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_hive_fills_no_log) };
    return cmocka_run_group_tests_name("event_log", tests, NULL, NULL);
}
