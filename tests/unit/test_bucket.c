#include "bucket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t take_all(struct bucket *bucket, struct bucket_size size, ms_t now)
{
    int64_t count = 0;
    while (bucket_take(bucket, size, now))
        count++;
    return count;
}

static void it_is_full_at_first_and_fills_again(void **state)
{
    static const struct {
        const char *why;
        ms_t after;
        int64_t want;
    } rows[] = {
        { "full", 0, 5 },
        { "nothing came", 0, 0 },
        { "not a whole one", 99, 0 },
        { "and the rest of it", 1, 1 },
        { "ten a second", 250, 2 },
        { "half of one was left", 50, 1 },
        { "no more than it holds", 1000000, 5 },
        { "time that stands still, or steps back, gives none", -50, 0 },
    };
    struct bucket_size size = { .capacity = 5, .per_second = 10 };
    struct bucket bucket;
    ms_t now = 77;
    (void)state;
    bucket = (struct bucket){ 0 };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        now += rows[i].after;
        if (take_all(&bucket, size, now) != rows[i].want)
            fail_msg("%s", rows[i].why);
    }
}

static void its_size_may_change(void **state)
{
    struct bucket bucket;
    (void)state;
    bucket = (struct bucket){ 0 };
    assert_int_equal(take_all(&bucket, (struct bucket_size){ 10, 1 }, 0), 10);
    assert_int_equal(take_all(&bucket, (struct bucket_size){ 12, 1 }, 0), 2);
    assert_int_equal(take_all(&bucket, (struct bucket_size){ 3, 1 }, 2000), 0); /* 10 of 12 are missing */
    assert_false(bucket_is_full(&bucket, (struct bucket_size){ 3, 1 }, 11999));
    assert_true(bucket_is_full(&bucket, (struct bucket_size){ 3, 1 }, 12000));
    assert_true(bucket_is_full(&bucket, (struct bucket_size){ 3, 1 }, INT64_MAX));
}

static void many_are_taken_or_none(void **state)
{
    struct bucket_size size = { .capacity = 10, .per_second = 1000 };
    struct bucket bucket;
    (void)state;
    bucket = (struct bucket){ 0 };
    assert_false(bucket_take_many(&bucket, 11, size, 0));
    assert_true(bucket_take_many(&bucket, 7, size, 0));
    assert_false(bucket_take_many(&bucket, 4, size, 0));
    assert_true(bucket_take_many(&bucket, 3, size, 0));
    assert_false(bucket_take_many(&bucket, 3, size, 2));
    assert_true(bucket_take_many(&bucket, 3, size, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_are_taken_or_none),
        cmocka_unit_test(it_is_full_at_first_and_fills_again),
        cmocka_unit_test(its_size_may_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
