/* When a link is read. */
#include "mqtt_pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BEGAN 1000000

/* A burst: so long after the one before, so many packets; what comes of it. */
struct burst {
    ms_t after;
    unsigned packets;
    bool cut;
    bool busy;
    ms_t wait; /* 0 = none */
};

static void when_a_link_is_busy(void **state)
{
    static const struct {
        const char *why;
        ms_t sent_ago; /* when the first burst comes */
        struct burst bursts[6];
    } rows[] = {
        { "one packet", 1000, { { 100, 1, false, false, 0 } } },
        { "a few at once", 1000, { { 100, MQTT_PACE_BUSY_BURST, false, true, MQTT_PACE_COALESCE_MS } } },
        { "nearly", 1000, { { 100, MQTT_PACE_BUSY_BURST - 1, false, false, 0 } } },
        { "once it waits, one is enough to go on waiting, and longer",
          1000,
          { { 100, 4, false, true, MQTT_PACE_COALESCE_MS },
            { 1, 1, false, true, MQTT_PACE_KEEP_MS },
            { 2, 1, false, true, MQTT_PACE_KEEP_MS },
            { 2, 0, false, false, 0 },
            { 2, 1, false, false, 0 } } },
        { "what was cut off is read on at once", 1000, { { 100, 2000, true, true, 0 }, { 0, 1, false, true, 1 } } },
        { "just after something of ours", MQTT_PACE_PAUSE_MS, { { 0, 100, false, false, 0 } } },
        { "a little later", MQTT_PACE_PAUSE_MS + 1, { { 0, 100, false, true, MQTT_PACE_COALESCE_MS } } },
        { "nothing", 1000, { { 100, 0, false, false, 0 } } },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mqtt_pace pace = { .until = MQTT_PACE_AT_ONCE };
        ms_t now = BEGAN;
        for (const struct burst *burst = rows[i].bursts; burst->after || burst->packets; burst++) {
            bool busy;
            now += burst->after;
            busy = mqtt_pace_note(&pace, burst->packets, burst->cut, BEGAN - rows[i].sent_ago, now);
            if (busy != burst->busy || mqtt_pace_waits(&pace) != (burst->wait > 0) ||
                (burst->wait > 0 && pace.until != now + burst->wait))
                fail_msg("%s, burst %d", rows[i].why, (int)(burst - rows[i].bursts));
        }
    }
}

/* How many single packets, so far apart, make a link busy; 0 = 1,000 do not. */
static unsigned streak(ms_t apart)
{
    struct mqtt_pace pace = { .until = MQTT_PACE_AT_ONCE };
    for (unsigned packets = 1; packets <= 1000; packets++)
        if (mqtt_pace_note(&pace, 1, false, 0, BEGAN + packets * apart))
            return packets;
    return 0;
}

static void many_without_a_pause_make_it_busy(void **state)
{
    (void)state;
    assert_int_equal(streak(0), MQTT_PACE_BUSY_STREAK);
    assert_int_equal(streak(MQTT_PACE_PAUSE_MS), MQTT_PACE_BUSY_STREAK);
    assert_int_equal(streak(MQTT_PACE_PAUSE_MS + 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_a_link_is_busy),
        cmocka_unit_test(many_without_a_pause_make_it_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
