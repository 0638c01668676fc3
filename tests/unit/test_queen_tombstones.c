#include "tombstones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define HIVE TEXT("h1")
#define WORKER TEXT("w1")
#define BURIED 1000

static void r16_which_copies_belong_to_the_dead(void **state)
{
    static const struct {
        const char *why;
        uint64_t buried, declared;
        uint32_t epoch, read;
        bool held;
    } rows[] = {
        { "the buried session", 7, 7, 1, 1, true },
        { "... on any later link", 7, 7, 1, 99, true },
        { "another session", 7, 8, 1, 1, false },
        { "a copy without a session, where one was buried", 7, 0, 1, 1, false },
        { "none, none, same link", 0, 0, 4, 4, true },
        { "none, none, the link that follows", 0, 0, 4, 5, true },
        { "none, none, later", 0, 0, 4, 6, false },
        { "a session, where none was buried", 0, 7, 4, 4, false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct shares shares = { 0 };
        struct removals removals = { 0 };
        struct tombstones tombstones = { .shares = &shares, .removals = &removals };
        assert_int_equal(tombstones_add(&tombstones, HIVE, WORKER, rows[i].buried, BURIED, rows[i].epoch), OK);
        if ((tombstones_hold(&tombstones, HIVE, WORKER, rows[i].declared, rows[i].read) != NULL) != rows[i].held)
            print_error("%s\n", rows[i].why);
        assert_int_equal(tombstones_hold(&tombstones, HIVE, WORKER, rows[i].declared, rows[i].read) != NULL,
                         rows[i].held);
        assert_null(tombstones_hold(&tombstones, TEXT("h2"), WORKER, rows[i].declared, rows[i].read));
        assert_null(tombstones_hold(&tombstones, HIVE, TEXT("w2"), rows[i].declared, rows[i].read));
        tombstones_clear(&tombstones);
        shares_clear(&shares);
    }
}

static void a_newer_burial_replaces_an_older_one(void **state)
{
    struct shares shares = { 0 };
    struct removals removals = { 0 };
    struct tombstones tombstones = { .shares = &shares, .removals = &removals };
    (void)state;
    assert_int_equal(tombstones_add(&tombstones, HIVE, WORKER, 7, BURIED, 1), OK);
    assert_int_equal(tombstones_add(&tombstones, HIVE, WORKER, 8, BURIED + 5, 1), OK);
    assert_null(tombstones_hold(&tombstones, HIVE, WORKER, 7, 1));
    assert_non_null(tombstones_hold(&tombstones, HIVE, WORKER, 8, 1));
    assert_int_equal(tombstones_expire(&tombstones, BURIED), BURIED + 5 + TOMBSTONE_MS);
    tombstones_clear(&tombstones);
    shares_clear(&shares);
}

static void lifting_ends_it(void **state)
{
    struct shares shares = { 0 };
    struct removals removals = { 0 };
    struct tombstones tombstones = { .shares = &shares, .removals = &removals };
    (void)state;
    tombstones_remove(&tombstones, HIVE, WORKER);
    assert_int_equal(tombstones_add(&tombstones, HIVE, WORKER, 7, BURIED, 1), OK);
    tombstones_remove(&tombstones, HIVE, TEXT("w2"));
    assert_non_null(tombstones_hold(&tombstones, HIVE, WORKER, 7, 1));
    tombstones_remove(&tombstones, HIVE, WORKER);
    assert_null(tombstones_hold(&tombstones, HIVE, WORKER, 7, 1));
    assert_int_equal(shares.count, 0);
    shares_clear(&shares);
}

static void they_end_after_thirty_days(void **state)
{
    struct shares shares = { 0 };
    struct removals removals = { 0 };
    struct tombstones tombstones = { .shares = &shares, .removals = &removals };
    (void)state;
    assert_int_equal(tombstones_expire(&tombstones, 0), MS_NEVER);
    assert_int_equal(tombstones_add(&tombstones, HIVE, WORKER, 7, 1000, 1), OK);
    assert_int_equal(tombstones_add(&tombstones, HIVE, TEXT("w2"), 8, 2000, 1), OK);
    assert_int_equal(tombstones_expire(&tombstones, 1000 + TOMBSTONE_MS - 1), 1000 + TOMBSTONE_MS);
    assert_non_null(tombstones_hold(&tombstones, HIVE, WORKER, 7, 1));
    assert_int_equal(tombstones_expire(&tombstones, 1000 + TOMBSTONE_MS), 2000 + TOMBSTONE_MS);
    assert_null(tombstones_hold(&tombstones, HIVE, WORKER, 7, 1));
    assert_int_equal(tombstones_expire(&tombstones, 2000 + TOMBSTONE_MS), MS_NEVER);
    shares_clear(&shares);
}

/* Whoever makes workers and clears them brings only its own back. */
static void beyond_their_number_those_of_the_greatest_hive_end_early(void **state)
{
    struct shares shares = { 0 };
    struct removals removals = { 0 };
    struct tombstones tombstones = { .shares = &shares, .removals = &removals };
    (void)state;
    assert_int_equal(tombstones_add(&tombstones, TEXT("small"), WORKER, 7, BURIED, 1), OK);
    for (int i = 0; i < TOMBSTONES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%d", i);
        assert_int_equal(tombstones_add(&tombstones, HIVE, text_of(name), 7, BURIED, 1), OK);
    }
    assert_null(tombstones_hold(&tombstones, HIVE, TEXT("w0"), 7, 1));
    assert_non_null(tombstones_hold(&tombstones, TEXT("small"), WORKER, 7, 1));
    assert_non_null(tombstones_hold(&tombstones, HIVE, WORKER, 7, 1));
    tombstones_clear(&tombstones);
    shares_clear(&shares);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r16_which_copies_belong_to_the_dead),
        cmocka_unit_test(a_newer_burial_replaces_an_older_one),
        cmocka_unit_test(lifting_ends_it),
        cmocka_unit_test(they_end_after_thirty_days),
        cmocka_unit_test(beyond_their_number_those_of_the_greatest_hive_end_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
