/* test_queen_storm_watch.c - R14: how many were online 10 s ago, and when so many losses are a storm. */
#include "storm_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MANY 400

static struct record *records;

/* The view is live, and `online` have been for longer than 10 s. */
static struct storm_watch watch_of(size_t online)
{
    struct storm_watch watch = { 0 };
    storm_watch_begin(&watch, 1);
    for (ms_t time = 0; time <= 20000; time += 1000)
        storm_watch_online(&watch, time, online);
    memset(records, 0, MANY * sizeof *records);
    return watch;
}

static void count_many(struct storm_watch *watch, size_t from, size_t to, ms_t time)
{
    for (size_t i = from; i < to; i++)
        storm_watch_count(watch, &records[i], time);
}

/* So many are online as seconds have passed; it is looked at every `every` ms. */
static void those_of_10_s_ago_are_counted(void **state)
{
    static const struct {
        const char *why;
        ms_t every, at;
        size_t want;
    } rows[] = {
        { "nobody was, before it began", 100, 9900, 0 },
        { "... nor in its first second", 100, 10900, 0 },
        { "then those of 10 s ago", 100, 11000, 1 },
        { "... all through a second", 100, 11900, 1 },
        { "after a minute", 100, 60000, 50 },
        { "a turn of the loop may be as long as a sleep and a pause", 1200, 60000, 50 },
        { "the time that an earlier process has left was not watched", 1000, 10000, 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct storm_watch watch = { 0 };
        for (ms_t time = 0; time <= rows[i].at; time += rows[i].every)
            storm_watch_online(&watch, time, (size_t)(time / 1000));
        if (storm_watch_online_before(&watch) != rows[i].want)
            print_error("%s\n", rows[i].why);
        assert_int_equal(storm_watch_online_before(&watch), rows[i].want);
    }
}

static void time_that_was_not_watched_has_what_is_so_now(void **state)
{
    struct storm_watch watch = { 0 };
    (void)state;
    storm_watch_online(&watch, 86400000, 7); /* goes on where an earlier process was */
    assert_int_equal(storm_watch_online_before(&watch), 7);
    storm_watch_online(&watch, 86399000, 9); /* the link was lost: back to the last packet */
    assert_int_equal(storm_watch_online_before(&watch), 7);
}

static void the_limit_is_3_or_15_percent(void **state)
{
    static const struct {
        size_t online, limit;
    } rows[] = {
        { 0, 3 }, { 1, 3 }, { 20, 3 }, { 26, 3 }, { 27, 4 }, { 33, 4 }, { 34, 5 }, { 1000, 150 }, { 1006, 150 }
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct storm_watch watch = watch_of(rows[i].online);
        assert_int_equal(storm_watch_limit(&watch), rows[i].limit);
        count_many(&watch, 0, rows[i].limit, 20000);
        assert_false(storm_watch_is_exceeded(&watch));
        assert_false(storm_watch_is_on(&watch, 20000));
        count_many(&watch, rows[i].limit, rows[i].limit + 1, 20000);
        assert_true(storm_watch_is_exceeded(&watch));
    }
}

static void each_is_counted_once(void **state)
{
    struct storm_watch watch = watch_of(0);
    (void)state;
    for (int i = 0; i < 9; i++)
        storm_watch_count(&watch, &records[0], 20000);
    assert_int_equal(watch.lost, 1);
    storm_watch_uncount(&watch, &records[0]);
    storm_watch_uncount(&watch, &records[0]);
    assert_int_equal(watch.lost, 0);
}

static void it_is_on_for_10_s_more(void **state)
{
    struct storm_watch watch = watch_of(0);
    (void)state;
    count_many(&watch, 0, 4, 20000);
    storm_watch_turn(&watch, 25000);
    storm_watch_uncount(&watch, &records[0]);
    assert_false(storm_watch_is_exceeded(&watch));
    storm_watch_turn(&watch, 30000);
    assert_true(storm_watch_is_on(&watch, 35000));
    assert_false(storm_watch_is_on(&watch, 35001));
}

static void a_link_that_is_lost_ends_it(void **state)
{
    struct storm_watch watch = watch_of(0);
    (void)state;
    count_many(&watch, 0, 10, 20000);
    storm_watch_begin(&watch, 0);
    assert_false(storm_watch_is_on(&watch, 20000));
    count_many(&watch, 10, 20, 20000); /* who is lost without a link is none */
    storm_watch_begin(&watch, 2);
    assert_int_equal(watch.lost, 0);
    for (size_t i = 0; i < 20; i++)
        storm_watch_uncount(&watch, &records[i]);
    assert_int_equal(watch.lost, 0);
    count_many(&watch, 0, 3, 30000);
    assert_int_equal(watch.lost, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_of_10_s_ago_are_counted), cmocka_unit_test(time_that_was_not_watched_has_what_is_so_now),
        cmocka_unit_test(the_limit_is_3_or_15_percent),  cmocka_unit_test(each_is_counted_once),
        cmocka_unit_test(it_is_on_for_10_s_more),        cmocka_unit_test(a_link_that_is_lost_ends_it),
    };
    int failed;
    records = calloc(MANY, sizeof *records);
    failed = records ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
    free(records);
    return failed;
}
