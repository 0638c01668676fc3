/* test_queen_storm_watch.c - R14: how many were online 10 s ago, and when so many losses are a storm. */
#include "storm_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MANY 400
#define HIVES 8

static struct record *records;
static struct shares shares;
static struct share *hives[HIVES];

/* The view is live, `online` workers have been for longer than 10 s, and of each hive so many are besides those of
 * whom a test speaks. All are of hive 0. */
static struct storm_watch watch_of(size_t online, uint32_t of_each)
{
    struct storm_watch watch = { 0 };
    storm_watch_begin(&watch, &shares, 1);
    for (ms_t time = 0; time <= 20000; time += 1000)
        storm_watch_online(&watch, time, online);
    memset(records, 0, MANY * sizeof *records);
    for (size_t i = 0; i < MANY; i++)
        records[i].share = hives[0];
    for (size_t i = 0; i < HIVES; i++) {
        hives[i]->states[STATE_ONLINE] = of_each;
        hives[i]->storm_on = 0;
    }
    return watch;
}

static void count_many(struct storm_watch *watch, size_t from, size_t to, ms_t time)
{
    for (size_t i = from; i < to; i++)
        storm_watch_count(watch, &shares, records[i].share, &records[i], time);
}

static bool is_on(struct storm_watch *watch, size_t hive, ms_t time)
{
    return storm_watch_is_on(watch, &shares, hives[hive], time);
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
        struct storm_watch watch = watch_of(rows[i].online, 0);
        assert_int_equal(storm_watch_limit(&watch), rows[i].limit);
        count_many(&watch, 0, rows[i].limit, 20000);
        assert_false(storm_watch_is_exceeded(&watch, &shares));
        assert_false(is_on(&watch, 0, 20000));
        count_many(&watch, rows[i].limit, rows[i].limit + 1, 20000);
        assert_true(storm_watch_is_exceeded(&watch, &shares));
        assert_true(is_on(&watch, 0, 20000));
    }
}

/* Of 1,000 workers: for whom is it one? */
static void a_hive_that_loses_many_does_it_for_itself(void **state)
{
    static const struct {
        const char *why;
        uint32_t of_each; /* that are online */
        unsigned lost[HIVES];
        const char *held; /* of which hives */
    } rows[] = {
        { "nobody else", 20, { 200 }, "0" },
        { "not those who lose one", 0, { 200, 1, 1 }, "0" },
        { "nor few of theirs", 20, { 200, 3, 3 }, "0" },
        { "but those who lose many of theirs", 20, { 200, 4, 3, 9 }, "013" },
        { "a hive of few", 1, { 200, 2, 1 }, "01" },
        { "all, if it would be one without the one that loses most", 500, { 60, 40, 40, 40, 0, 30 }, "01234567" },
        { "nobody, below the limit", 0, { 90, 30, 30 }, "" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct storm_watch watch = watch_of(1000, rows[i].of_each);
        char held[HIVES + 1] = "";
        for (size_t hive = 0, next = 0; hive < HIVES; hive++)
            for (unsigned n = 0; n < rows[i].lost[hive]; n++, next++) {
                records[next].share = hives[hive];
                storm_watch_count(&watch, &shares, hives[hive], &records[next], 20000);
            }
        for (size_t hive = 0, len = 0; hive < HIVES; hive++)
            if (is_on(&watch, hive, 20000))
                held[len++] = (char)('0' + hive);
        if (strcmp(held, rows[i].held) != 0)
            print_error("%s\n", rows[i].why);
        assert_string_equal(held, rows[i].held);
    }
}

/* In the last 10 s a hive has got many workers and lost some of them: the others are as many as they were. */
static void who_came_to_a_hive_is_not_taken_from_the_others(void **state)
{
    static const struct {
        uint32_t came, died;
        unsigned lost; /* of the others, of whom 1,000 were online */
        bool on;
    } rows[] = { { 1000, 160, 4, false }, { 160, 160, 4, false }, { 1000, 160, 150, false }, { 1000, 160, 151, true } };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct storm_watch watch = watch_of(1000, 500);
        hives[0]->states[STATE_ONLINE] = rows[i].came - rows[i].died;
        storm_watch_online(&watch, 21000, 1000 + rows[i].came - rows[i].died);
        count_many(&watch, 0, rows[i].died, 21000);
        for (size_t next = rows[i].died; next < rows[i].died + rows[i].lost; next++)
            records[next].share = hives[1];
        count_many(&watch, rows[i].died, rows[i].died + rows[i].lost, 21000);
        assert_int_equal(is_on(&watch, 7, 21000), rows[i].on);
    }
}

static void each_is_counted_once(void **state)
{
    struct storm_watch watch = watch_of(0, 0);
    (void)state;
    for (int i = 0; i < 9; i++)
        storm_watch_count(&watch, &shares, records[0].share, &records[0], 20000);
    assert_int_equal(shares.total[RATION_LOSSES], 1);
    storm_watch_uncount(&watch, &shares, records[0].share, &records[0], 20000);
    storm_watch_uncount(&watch, &shares, records[0].share, &records[0], 20000);
    assert_int_equal(shares.total[RATION_LOSSES], 0);
}

static void it_is_on_for_10_s_more(void **state)
{
    struct storm_watch watch = watch_of(0, 0);
    (void)state;
    count_many(&watch, 0, 4, 20000);
    storm_watch_uncount(&watch, &shares, records[0].share, &records[0], 30000);
    assert_false(storm_watch_is_exceeded(&watch, &shares));
    assert_true(is_on(&watch, 0, 40000));
    assert_false(is_on(&watch, 0, 40001));
}

static void for_all_it_is_on_for_10_s_more(void **state)
{
    struct storm_watch watch = watch_of(0, 0);
    (void)state;
    for (size_t i = 0; i < 5; i++)
        records[i].share = hives[i];
    count_many(&watch, 0, 5, 20000);
    assert_true(is_on(&watch, 7, 20000));
    storm_watch_turn(&watch, &shares, 30000);
    storm_watch_uncount(&watch, &shares, records[0].share, &records[0], 30000);
    assert_true(is_on(&watch, 7, 40000));
    assert_false(is_on(&watch, 7, 40001));
}

static void a_link_that_is_lost_ends_it(void **state)
{
    struct storm_watch watch = watch_of(0, 0);
    (void)state;
    count_many(&watch, 0, 10, 20000);
    storm_watch_begin(&watch, &shares, 0);
    assert_int_equal(shares.total[RATION_LOSSES], 0);
    assert_null(share_greatest(&shares, RATION_LOSSES));
    count_many(&watch, 10, 20, 20000); /* who is lost without a link is none */
    storm_watch_begin(&watch, &shares, 2);
    assert_int_equal(shares.total[RATION_LOSSES], 0);
    assert_false(is_on(&watch, 0, 20000));
    for (size_t i = 0; i < 20; i++)
        storm_watch_uncount(&watch, &shares, records[i].share, &records[i], 20000);
    assert_int_equal(shares.total[RATION_LOSSES], 0);
    count_many(&watch, 0, 3, 30000);
    assert_int_equal(shares.total[RATION_LOSSES], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_of_10_s_ago_are_counted),
        cmocka_unit_test(time_that_was_not_watched_has_what_is_so_now),
        cmocka_unit_test(the_limit_is_3_or_15_percent),
        cmocka_unit_test(a_hive_that_loses_many_does_it_for_itself),
        cmocka_unit_test(who_came_to_a_hive_is_not_taken_from_the_others),
        cmocka_unit_test(each_is_counted_once),
        cmocka_unit_test(it_is_on_for_10_s_more),
        cmocka_unit_test(for_all_it_is_on_for_10_s_more),
        cmocka_unit_test(a_link_that_is_lost_ends_it),
    };
    int failed = 1;
    records = calloc(MANY, sizeof *records);
    for (size_t i = 0; i < HIVES; i++) {
        char name[] = { 'h', (char)('0' + i), '\0' };
        assert_int_equal(share_open(&shares, text_of(name), &hives[i]), OK);
        share_add(&shares, hives[i], RATION_WORKERS, 1); /* so that it does not end */
    }
    if (records)
        failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(records);
    shares_clear(&shares);
    return failed;
}
