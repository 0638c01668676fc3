#include "removals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void note(struct removals *removals, const char *hive, unsigned number)
{
    char worker[16];
    snprintf(worker, sizeof worker, "w%u", number);
    removals_note(removals, STORE_RECORD, text_of(hive), text_of(worker));
}

static void expect(struct removals *removals, const char *hive, const char *worker)
{
    struct removal *removal = removals_take(removals);
    assert_non_null(removal);
    assert_true(text_is(removal->hive, hive));
    assert_true(text_is(removal->worker, worker));
    free(removal);
}

static void the_oldest_comes_first(void **state)
{
    struct removals removals = { 0 };
    (void)state;
    note(&removals, "a", 0); /* there is no store yet */
    removals.wanted = true;
    note(&removals, "a", 1);
    note(&removals, "b", 2);
    removals_note(&removals, STORE_TOMBSTONE, TEXT("a"), (struct text){ 0 });
    expect(&removals, "a", "w1");
    expect(&removals, "b", "w2");
    expect(&removals, "a", "");
    assert_null(removals_take(&removals));
    removals_clear(&removals);
}

/* A hive whose workers come and go without end costs another none of its removals. */
static void the_hive_that_has_most_makes_room(void **state)
{
    struct removals removals = { .wanted = true };
    (void)state;
    note(&removals, "evil", 0);
    note(&removals, "a", 1);
    for (unsigned i = 2; i < REMOVALS_MAX + 2; i++)
        note(&removals, "evil", i);
    assert_int_equal(removals.names.count, REMOVALS_MAX);
    expect(&removals, "a", "w1");
    expect(&removals, "evil", "w3");
    removals_clear(&removals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_comes_first),
        cmocka_unit_test(the_hive_that_has_most_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
