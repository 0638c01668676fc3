#include "roll.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MANY 1000

static void numbers_are_places_that_stay(void **state)
{
    struct record *records = calloc(MANY, sizeof *records);
    struct record *late = calloc(1, sizeof *late);
    struct roll roll;
    (void)state;
    roll = (struct roll){ 0 };
    assert_int_equal(roll_after(&roll, 0), 0);
    assert_null(roll_find(&roll, 1));
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(roll_reserve(&roll), OK);
        roll_add(&roll, &records[i]);
        assert_int_equal(roll_entry_of(&roll, &records[i])->number, i + 1);
    }
    for (int i = 0; i < MANY; i++)
        if (i % 10 != 3)
            roll_remove(&roll, &records[i]);
    assert_true(roll.count < MANY / 2); /* the gaps are closed */
    for (uint32_t i = 0; i < MANY; i++) {
        size_t at = roll_after(&roll, i);
        assert_ptr_equal(roll_find(&roll, i + 1), i % 10 == 3 ? &records[i] : NULL);
        if (i % 10 == 3)
            assert_ptr_equal(roll_entry_of(&roll, &records[i])->record, &records[i]);
        while (at < roll.count && !roll.entries[at].record)
            at++;
        assert_int_equal(at < roll.count ? roll.entries[at].number : 0, i <= 993 ? (i + 6) / 10 * 10 + 4 : 0);
    }
    assert_int_equal(roll_reserve(&roll), OK);
    roll_add(&roll, late);
    assert_int_equal(roll_entry_of(&roll, late)->number, MANY + 1); /* also where the last ones are gone */
    roll_clear(&roll);
    free(records);
    free(late);
}

/* Who comes and goes for years leaves no gaps behind, the last one's number included. */
static void gaps_do_not_add_up(void **state)
{
    struct record stays = { 0 }, comes = { 0 };
    struct roll roll = { 0 };
    (void)state;
    assert_int_equal(roll_reserve(&roll), OK);
    roll_add(&roll, &stays);
    for (uint32_t i = 0; i < 10 * MANY; i++) {
        assert_int_equal(roll_reserve(&roll), OK);
        roll_add(&roll, &comes);
        assert_int_equal(roll_entry_of(&roll, &comes)->number, i + 2);
        roll_remove(&roll, &comes);
        assert_null(roll_find(&roll, i + 2));
        assert_true(roll.count < 100);
    }
    assert_ptr_equal(roll_find(&roll, 1), &stays);
    roll_clear(&roll);
}

/* ... and few gaps among many are not worth closing. */
static void few_gaps_stay(void **state)
{
    struct record *records = calloc(MANY, sizeof *records);
    struct roll roll = { 0 };
    (void)state;
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(roll_reserve(&roll), OK);
        roll_add(&roll, &records[i]);
    }
    for (int i = 0; i < MANY / 2; i++)
        roll_remove(&roll, &records[i]);
    assert_int_equal(roll.count, MANY);
    roll_remove(&roll, &records[MANY / 2]);
    assert_int_equal(roll.count, MANY / 2 - 1);
    roll_remove(&roll, &records[MANY / 2 + 1]);
    assert_int_equal(roll.count, MANY / 2 - 1); /* nor is this one, now that they are closed */
    roll_clear(&roll);
    free(records);
}

/* Each until it is given, in the order of their numbers. */
static void who_is_marked_is_found(void **state)
{
    struct record *records = calloc(2, sizeof *records);
    struct roll roll = { 0 };
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(roll_reserve(&roll), OK);
        roll_add(&roll, &records[i]);
    }
    assert_null(roll_next_marked(&roll, 0));
    roll_mark(&roll, &records[1]);
    assert_ptr_equal(roll_next_marked(&roll, 0), &records[1]);
    roll_unmark(&roll, &records[1]);
    assert_null(roll_next_marked(&roll, 0));
    roll_mark_all(&roll);
    assert_ptr_equal(roll_next_marked(&roll, 0), &records[0]);
    assert_ptr_equal(roll_next_marked(&roll, 1), &records[1]);
    roll_clear(&roll);
    free(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_places_that_stay),
        cmocka_unit_test(gaps_do_not_add_up),
        cmocka_unit_test(few_gaps_stay),
        cmocka_unit_test(who_is_marked_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
