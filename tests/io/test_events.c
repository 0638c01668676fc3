/* Who gets the queen's events, and what becomes of those that are not taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <utlist.h>

#include "events.h"

/* Stands for the core: events `first` to `last` are kept. */
static struct {
    uint64_t first, last;
} stream;

const struct event *queen_event_after(const struct queen *queen, uint64_t after)
{
    static struct event event;
    (void)queen;
    event = (struct event){ .id = after + 1 < stream.first ? stream.first : after + 1, .line = "a line" };
    event.previous = event.id - 1;
    return event.id <= stream.last ? &event : NULL;
}

struct reader {
    struct subscriber subscriber;
    unsigned takes; /* so many more */
    char got[64];
};

static bool take(void *user, const struct event *event)
{
    struct reader *reader = user;
    size_t len = strlen(reader->got);
    if (reader->takes == 0)
        return false;
    reader->takes--;
    snprintf(reader->got + len, sizeof reader->got - len, "%llu ", (unsigned long long)event->id);
    return true;
}

static void reader_init(struct reader *reader, struct subscriber **list, unsigned takes)
{
    *reader = (struct reader){ .subscriber = { .name = "reader", .take = take, .user = reader }, .takes = takes };
    struct subscriber *subscriber = &reader->subscriber;
    LL_APPEND(*list, subscriber);
}

static void each_gets_each_event_once(void **state)
{
    struct subscriber *list = NULL;
    struct reader early, late;
    (void)state;
    stream.first = 1;
    stream.last = 0;
    reader_init(&early, &list, 100);
    events_hand_out(NULL, list);
    assert_string_equal(early.got, "");
    stream.last = 2;
    events_hand_out(NULL, list);
    reader_init(&late, &list, 100);
    late.subscriber.cursor = 1;
    stream.last = 3;
    events_hand_out(NULL, list);
    events_hand_out(NULL, list);
    assert_string_equal(early.got, "1 2 3 ");
    assert_string_equal(late.got, "2 3 ");
}

static void a_slow_one_holds_up_nobody(void **state)
{
    struct subscriber *list = NULL;
    struct reader slow, fast;
    (void)state;
    stream.first = 1;
    stream.last = 0;
    reader_init(&slow, &list, 1);
    reader_init(&fast, &list, 100);
    stream.last = 3;
    events_hand_out(NULL, list);
    assert_string_equal(slow.got, "1 ");
    assert_string_equal(fast.got, "1 2 3 ");
    slow.takes = 100;
    events_hand_out(NULL, list);
    assert_string_equal(slow.got, "1 2 3 ");
}

static void what_the_stream_drops_is_missed(void **state)
{
    struct subscriber *list = NULL;
    struct reader slow;
    (void)state;
    stream.first = 2;
    stream.last = 3;
    reader_init(&slow, &list, 1);
    events_hand_out(NULL, list);
    stream.first = 8;
    stream.last = 9;
    slow.takes = 100;
    events_hand_out(NULL, list);
    assert_string_equal(slow.got, "2 8 9 ");
}

/* By the event before, for the ids of two processes do not follow each other. */
static void what_was_missed_is_a_range(void **state)
{
    static const struct {
        uint64_t cursor, previous, first, last;
    } rows[] = { { 7, 7, 0, 0 }, { 7, 9, 8, 9 }, { 0, 9, 0, 0 }, { 7, 0, 0, 0 } };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event event = { .id = 1000, .previous = rows[i].previous };
        struct id_range missed = event_missed(&event, rows[i].cursor);
        assert_true(missed.first == rows[i].first && missed.last == rows[i].last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_gets_each_event_once),
        cmocka_unit_test(a_slow_one_holds_up_nobody),
        cmocka_unit_test(what_the_stream_drops_is_missed),
        cmocka_unit_test(what_was_missed_is_a_range),
    };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
