/* How much a turn reads: a libmosquitto that is not there brings packets, on clocks of this test's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mqtt_reading.h"
#include "wire.h"

#define MOST 10000 /* calls */

/* What is brought, and how long each packet, or call that brings none, takes. */
static struct feed {
    struct mqtt_reading *reading;
    unsigned packets;   /* at first some each call, and then none */
    unsigned each;      /* a call, as long as libmosquitto goes on; 0 = one */
    size_t weight;      /* of each */
    unsigned pause_at;  /* call that brings nothing in between; 0 = none */
    unsigned ends_at;   /* call in which the session ends; 0 = none */
    unsigned faults_at; /* call that fails; 0 = none */
    int64_t cpu_us, us;
    unsigned calls, steps;
    bool ended;
} feed;

/* Named by the linker's --wrap. */
int __wrap_mosquitto_loop_read(struct mosquitto *mosquitto, int count);
ms_t __wrap_clock_mono(void);
int64_t __wrap_clock_thread_us(void);

int __wrap_mosquitto_loop_read(struct mosquitto *mosquitto, int count)
{
    int fault;
    (void)mosquitto, (void)count;
    assert_true(++feed.calls < MOST);
    feed.ended = feed.calls == feed.ends_at;
    errno = feed.calls == feed.faults_at ? ECONNRESET : 0;
    feed.steps += feed.packets == 0 || feed.calls == feed.pause_at;
    fault = errno;
    for (unsigned i = 0; feed.packets > 0 && feed.calls != feed.pause_at && (i == 0 || i < feed.each); i++) {
        feed.packets--;
        feed.steps++;
        feed.reading->handed++;
        mqtt_reading_weigh(feed.reading, feed.weight);
        if (errno == EAGAIN)
            break;
    }
    return fault;
}

ms_t __wrap_clock_mono(void)
{
    return 1000 + feed.steps * feed.us / 1000;
}

int64_t __wrap_clock_thread_us(void)
{
    return feed.steps * feed.cpu_us;
}

static void bursts_have_limits(void **state)
{
    static const struct {
        const char *why;
        struct feed feed;
        bool tls;
        unsigned calls; /* that are made */
        bool cut;
    } rows[] = {
        { "nothing more comes", { .packets = 10 }, .calls = 11 },
        { "nothing at all", .calls = 1 },
        { "so many are enough", { .packets = 5000 }, .calls = 2000, .cut = true },
        { "5 ms of CPU time, looked at now and then", { .packets = 5000, .cpu_us = 100 }, .calls = 56, .cut = true },
        { "many a call", { .packets = 5000, .each = 20, .weight = 100, .cpu_us = 10 }, .calls = 32, .cut = true },
        { "dear ones, of which only one is read in a call",
          { .packets = 5000, .each = 20, .weight = MESSAGE_COST_CROWDED, .cpu_us = 600 },
          .calls = 9,
          .cut = true },
        { "some that are dear together",
          { .packets = 5000, .each = 20, .weight = 6000, .cpu_us = 300 },
          .calls = 6,
          .cut = true },
        { "50 ms by the clock", { .packets = 5000, .us = 5000 }, .calls = 16, .cut = true },
        { "what is only just within both", { .packets = 40, .cpu_us = 124, .us = 1249 }, .calls = 41 },
        { "a pause ends it", { .packets = 10, .pause_at = 5 }, .calls = 5 },
        { "TLS may have more behind one", { .packets = 10, .pause_at = 5 }, .tls = true, .calls = 13 },
        { "the session ends", { .packets = 10, .ends_at = 4 }, .calls = 4 },
        { "a fault", { .packets = 10, .faults_at = 4 }, .calls = 4 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mqtt_reading reading = { .tls = rows[i].tls };
        int number = -1, fault;
        feed = rows[i].feed;
        feed.reading = &reading;
        fault = mqtt_reading_burst(&reading, &feed.ended, &number);
        if (feed.calls != rows[i].calls || reading.cut != rows[i].cut)
            fail_msg("%s: %u calls, %s", rows[i].why, feed.calls, reading.cut ? "cut" : "whole");
        assert_int_equal(fault, rows[i].feed.faults_at ? ECONNRESET : 0);
        if (fault)
            assert_int_equal(number, fault);
        assert_int_equal(reading.received_at, reading.handed > 0 ? __wrap_clock_mono() : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(bursts_have_limits) };
    return cmocka_run_group_tests_name("mqtt_reading", tests, NULL, NULL);
}
