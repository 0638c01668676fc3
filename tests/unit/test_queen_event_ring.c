#include "event_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void fill(struct event_ring *ring, uint64_t first, uint64_t last, uint64_t step)
{
    for (uint64_t id = first; id <= last; id += step) {
        char json[32];
        snprintf(json, sizeof json, "{\"event_id\":%llu}", (unsigned long long)id);
        assert_int_equal(event_ring_add(ring, id, text_of(json), "a line"), OK);
    }
}

static uint64_t last_of(const struct event_ring *ring)
{
    return ring->count == 0 ? 0 : ring->events[(ring->first + ring->count - 1) % EVENT_RING_SIZE].id;
}

static void an_empty_ring_has_no_events(void **state)
{
    struct event_ring ring;
    (void)state;
    ring = (struct event_ring){ 0 };
    assert_null(event_ring_after(&ring, 0));
    assert_int_equal(last_of(&ring), 0);
    event_ring_clear(&ring);
}

static void events_are_found_by_the_id_before_them(void **state)
{
    static const struct {
        uint64_t after, want; /* 0 = none */
    } rows[] = { { 0, 10 }, { 9, 10 }, { 10, 20 }, { 15, 20 }, { 49, 50 }, { 50, 0 }, { UINT64_MAX, 0 } };
    struct event_ring ring;
    (void)state;
    ring = (struct event_ring){ 0 };
    fill(&ring, 10, 50, 10);
    assert_int_equal(last_of(&ring), 50);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct event *event = event_ring_after(&ring, rows[i].after);
        assert_int_equal(event ? event->id : 0, rows[i].want);
    }
    event_ring_clear(&ring);
}

static void the_oldest_make_room(void **state)
{
    struct event_ring ring;
    uint64_t after = 0;
    size_t count = 0;
    (void)state;
    ring = (struct event_ring){ 0 };
    fill(&ring, 1, 2 * EVENT_RING_SIZE + 7, 1);
    assert_int_equal(last_of(&ring), 2 * EVENT_RING_SIZE + 7);
    assert_int_equal(event_ring_after(&ring, 0)->id, EVENT_RING_SIZE + 8);
    for (const struct event *event; (event = event_ring_after(&ring, after)); after = event->id)
        count++;
    assert_int_equal(count, EVENT_RING_SIZE);
    event_ring_clear(&ring);
    assert_null(event_ring_after(&ring, 0));
}

static void documents_are_copied(void **state)
{
    struct event_ring ring;
    char json[] = "{\"a\":1}";
    const struct event *event;
    (void)state;
    ring = (struct event_ring){ 0 };
    assert_int_equal(event_ring_add(&ring, 1, text_of(json), "a line"), OK);
    memset(json, 'z', sizeof json - 1);
    event = event_ring_after(&ring, 0);
    assert_string_equal(event->json.at, "{\"a\":1}");
    assert_int_equal(event->json.len, 7);
    assert_string_equal(event->line, "a line");
    event_ring_clear(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_ring_has_no_events),
        cmocka_unit_test(events_are_found_by_the_id_before_them),
        cmocka_unit_test(the_oldest_make_room),
        cmocka_unit_test(documents_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
