#include "event_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void fill(struct event_ring *ring, const char *hive, uint64_t first, uint64_t last, uint64_t step)
{
    for (uint64_t id = first; id <= last; id += step) {
        char json[1000];
        snprintf(json, sizeof json, "{\"event_id\":%*llu}", (int)sizeof json - 15, (unsigned long long)id);
        assert_int_equal(event_ring_add(ring, &(struct event){ id, hive, text_of(json), "a line", 0 }), OK);
    }
}

/* Events of a hive with a name of so many bytes that there is room for. */
static uint64_t room_for(const char *hive)
{
    struct event_ring ring = { .limit = EVENT_RING_BYTES };
    size_t cost;
    fill(&ring, hive, 1, 1, 1);
    cost = ring.queue.cost;
    event_ring_clear(&ring);
    return EVENT_RING_BYTES / cost;
}

static uint64_t last_of(const struct event_ring *ring)
{
    uint64_t last = 0;
    for (const struct event *event = event_ring_after(ring, 0); event; event = event_ring_next(event))
        last = event->id;
    return last;
}

static void an_empty_ring_has_no_events(void **state)
{
    struct event_ring ring;
    (void)state;
    ring = (struct event_ring){ .limit = EVENT_RING_BYTES };
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
    ring = (struct event_ring){ .limit = EVENT_RING_BYTES };
    fill(&ring, "h1", 10, 50, 10);
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
    uint64_t after = 0, room = room_for("h1");
    size_t count = 0;
    (void)state;
    assert_true(room > 10000); /* as many deaths at once are told to who reads them by HTTP */
    ring = (struct event_ring){ .limit = EVENT_RING_BYTES };
    fill(&ring, "h1", 1, 2 * room + 7, 1);
    assert_int_equal(last_of(&ring), 2 * room + 7);
    assert_int_equal(event_ring_after(&ring, 0)->id, room + 8);
    for (const struct event *event; (event = event_ring_after(&ring, after)); after = event->id)
        count++;
    assert_int_equal(count, room);
    event_ring_clear(&ring);
    assert_null(event_ring_after(&ring, 0));
}

static size_t count_of(const struct event_ring *ring, const char *hive)
{
    size_t count = 0;
    for (const struct event *event = event_ring_after(ring, 0); event; event = event_ring_next(event))
        count += strcmp(event->hive, hive) == 0;
    return count;
}

static void a_hive_that_floods_loses_its_own(void **state)
{
    struct event_ring ring;
    uint64_t before = 0, room = room_for("quiet"), last = 101 + 2 * room;
    (void)state;
    ring = (struct event_ring){ .limit = EVENT_RING_BYTES };
    fill(&ring, "", 1, 1, 1);
    fill(&ring, "quiet", 2, 101, 1);
    fill(&ring, "loud!", 102, last, 1);
    assert_int_equal(count_of(&ring, "quiet"), 100);
    assert_int_equal(count_of(&ring, ""), 1);
    assert_int_equal(count_of(&ring, "loud!"), room - 101);
    assert_int_equal(event_ring_after(&ring, 101)->id, last - (room - 101) + 1);
    fill(&ring, "quiet", last + 1, last + 1 + room, 1); /* two that flood have half of it each */
    assert_in_range(count_of(&ring, "loud!"), (room - 1) / 2, room / 2);
    for (const struct event *event = event_ring_after(&ring, 0); event; event = event_ring_next(event)) {
        assert_true(event->id > before);
        before = event->id;
    }
    event_ring_clear(&ring);
}

static void documents_are_copied(void **state)
{
    struct event_ring ring;
    char json[] = "{\"a\":1}", hive[] = "h1";
    const struct event *event;
    (void)state;
    ring = (struct event_ring){ .limit = EVENT_RING_BYTES };
    assert_int_equal(event_ring_add(&ring, &(struct event){ 1, hive, text_of(json), "a line", 0 }), OK);
    memset(json, 'z', sizeof json - 1);
    memset(hive, 'z', sizeof hive - 1);
    event = event_ring_after(&ring, 0);
    assert_string_equal(event->json.at, "{\"a\":1}");
    assert_int_equal(event->json.len, 7);
    assert_string_equal(event->line, "a line");
    assert_string_equal(event->hive, "h1");
    event_ring_clear(&ring);
}

static void each_knows_the_one_before_it(void **state)
{
    struct event_ring ring;
    (void)state;
    ring = (struct event_ring){ .limit = EVENT_RING_BYTES };
    fill(&ring, "h1", 10, 30, 10);
    assert_true(event_ring_after(&ring, 0)->previous == 0 && event_ring_after(&ring, 20)->previous == 20);
    event_ring_clear(&ring);
    fill(&ring, "h1", 40, 40, 1);
    assert_true(event_ring_after(&ring, 0)->previous == 30);
    event_ring_clear(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_ring_has_no_events), cmocka_unit_test(events_are_found_by_the_id_before_them),
        cmocka_unit_test(the_oldest_make_room),        cmocka_unit_test(a_hive_that_floods_loses_its_own),
        cmocka_unit_test(documents_are_copied),        cmocka_unit_test(each_knows_the_one_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
