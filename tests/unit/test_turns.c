#include "turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Items are named by a letter of their party and a number. */
struct named {
    const char *name;
    struct turns_item item;
};

static struct named a1 = { "a1" }, a2 = { "a2" }, a3 = { "a3" }, b1 = { "b1" }, b2 = { "b2" }, c1 = { "c1" };
static struct turns_party a, b, c;
static struct turns turns;

static int set_up(void **state)
{
    struct named *const all[] = { &a1, &a2, &a3, &b1, &b2, &c1 };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        all[i]->item = (struct turns_item){ 0 };
    a = b = c = (struct turns_party){ 0 };
    turns = (struct turns){ 0 };
    return 0;
}

static const char *take(void)
{
    struct turns_item *next = turns_next(&turns);
    if (!next)
        return "";
    assert_ptr_equal(turns_take(&turns, next->party), next);
    assert_null(next->party);
    return CONTAINER_OF(next, struct named, item)->name;
}

static void add_all_of_a(void)
{
    turns_add(&turns, &a, &a1.item);
    turns_add(&turns, &a, &a2.item);
    turns_add(&turns, &a, &a3.item);
}

static void who_has_much_waits_behind_who_has_little(void **state)
{
    static const char *const want[] = { "a1", "b1", "c1", "a2", "b2", "a3", "" };
    (void)state;
    add_all_of_a();
    turns_add(&turns, &b, &b1.item);
    turns_add(&turns, &b, &b2.item);
    turns_add(&turns, &c, &c1.item);
    assert_int_equal(turns.count, 6);
    assert_int_equal(a.count, 3);
    for (size_t i = 0; i < ARRAY_LEN(want); i++)
        assert_string_equal(take(), want[i]);
    assert_int_equal(turns.count, 0);
}

static void who_comes_later_waits_for_one_of_each(void **state)
{
    (void)state;
    add_all_of_a();
    assert_string_equal(take(), "a1");
    turns_add(&turns, &b, &b1.item);
    assert_string_equal(take(), "a2");
    assert_string_equal(take(), "b1");
    assert_string_equal(take(), "a3");
}

static void what_is_removed_leaves_the_rest_as_it_was(void **state)
{
    (void)state;
    add_all_of_a();
    turns_add(&turns, &b, &b1.item);
    turns_add(&turns, &c, &c1.item);
    turns_remove(&turns, &a1.item);
    turns_remove(&turns, &b1.item);
    turns_remove(&turns, &b1.item); /* it does not wait any more */
    assert_int_equal(b.count, 0);
    assert_string_equal(take(), "a2");
    assert_string_equal(take(), "c1");
    assert_string_equal(take(), "a3");
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_has_much_waits_behind_who_has_little),
        TEST(who_comes_later_waits_for_one_of_each),
        TEST(what_is_removed_leaves_the_rest_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
