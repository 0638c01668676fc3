/* Who has most of what all share. */
#include "share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct share *open_share(struct shares *shares, const char *name)
{
    struct share *share = NULL;
    assert_int_equal(share_open(shares, text_of(name), &share), OK);
    return share;
}

static void test_one_for_each_name(void **state)
{
    struct shares shares = { 0 };
    struct share *a = open_share(&shares, "a");
    (void)state;
    share_add(&shares, a, RATION_WORKERS, 1);
    assert_ptr_equal(open_share(&shares, "a"), a);
    assert_ptr_equal(share_find(&shares, TEXT("a")), a);
    assert_null(share_find(&shares, TEXT("")));
    assert_string_equal(open_share(&shares, "")->name, "");
    assert_int_equal(shares.count, 2);
    shares_clear(&shares);
}

static void test_greatest_of_each_kind(void **state)
{
    struct shares shares = { 0 };
    struct share *a = open_share(&shares, "a"), *b = open_share(&shares, "b");
    (void)state;
    assert_null(share_greatest(&shares, RATION_WORKERS));
    share_add(&shares, a, RATION_WORKERS, 2);
    share_add(&shares, b, RATION_WORKERS, 3);
    share_add(&shares, a, RATION_BYTES, 1000);
    share_add(&shares, b, RATION_BYTES, 100);
    assert_ptr_equal(share_greatest(&shares, RATION_WORKERS), b);
    assert_ptr_equal(share_greatest(&shares, RATION_BYTES), a);
    share_remove(&shares, b, RATION_WORKERS, 2);
    assert_ptr_equal(share_greatest(&shares, RATION_WORKERS), a);
    share_remove(&shares, a, RATION_WORKERS, 2);
    assert_ptr_equal(share_greatest(&shares, RATION_WORKERS), b);
    shares_clear(&shares);
}

static void test_ends_with_the_last_that_it_has(void **state)
{
    struct shares shares = { 0 };
    struct share *a = open_share(&shares, "a");
    (void)state;
    share_add(&shares, a, RATION_WORKERS, 1);
    share_add(&shares, a, RATION_TOMBSTONES, 1);
    share_remove(&shares, a, RATION_WORKERS, 1);
    assert_int_equal(shares.count, 1);
    share_remove(&shares, a, RATION_TOMBSTONES, 1);
    assert_int_equal(shares.count, 0);
    shares_clear(&shares);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_for_each_name),
        cmocka_unit_test(test_greatest_of_each_kind),
        cmocka_unit_test(test_ends_with_the_last_that_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
