#include "record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MINUTE 60000
#define START (1000 * MINUTE)

static void flapping_is_five_changes_in_ten_minutes(void **state)
{
    static const struct {
        const char *why;
        unsigned changes;
        ms_t apart, later;
        bool flapping;
    } rows[] = {
        { "none", 0, 0, 0, false },
        { "four", 4, MINUTE, 0, false },
        { "five at once", 5, 0, 0, true },
        { "five within ten minutes", 5, 2 * MINUTE, 0, true },
        { "five over more than ten minutes", 5, 3 * MINUTE, 0, false },
        { "many, far apart", 20, 4 * MINUTE, 0, false },
        { "two of them are still young", 5, MINUTE, 8 * MINUTE, true },
        { "one of them is still young", 5, MINUTE, 9 * MINUTE + 1000, false },
        { "all are old", 5, 0, 10 * MINUTE, false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct record record = { 0 };
        ms_t now = START;
        for (unsigned change = 0; change < rows[i].changes; change++)
            record_count_change(&record, now = START + change * rows[i].apart);
        if (record_is_flapping(&record, now + rows[i].later) != rows[i].flapping)
            print_error("%s\n", rows[i].why);
        assert_int_equal(record_is_flapping(&record, now + rows[i].later), rows[i].flapping);
    }
}

/* It clears below two, not below five. */
static void flapping_lasts_while_changes_go_on(void **state)
{
    struct record record = { 0 };
    (void)state;
    for (int change = 0; change < 5; change++)
        record_count_change(&record, START);
    record_count_change(&record, START + 8 * MINUTE);
    record_count_change(&record, START + 9 * MINUTE);
    record_count_change(&record, START + 15 * MINUTE);
    assert_true(record_is_flapping(&record, START + 18 * MINUTE));
    record_count_change(&record, START + 40 * MINUTE);
    assert_false(record_is_flapping(&record, START + 40 * MINUTE));
}

static void conflict_clears_ten_minutes_after_the_last_message(void **state)
{
    struct record record = { 0 };
    (void)state;
    assert_false(record_in_conflict(&record, START));
    record_note_conflict(&record, START);
    assert_true(record_in_conflict(&record, START));
    assert_true(record_in_conflict(&record, START + RECORD_CONFLICT_MS - 1));
    assert_false(record_in_conflict(&record, START + RECORD_CONFLICT_MS));
}

/* When the verdict is to be written without them. */
static void flags_end_when_they_are_due(void **state)
{
    static const struct {
        const char *why;
        unsigned changes;
        ms_t conflict, want; /* 0 = none; MS_NEVER */
    } rows[] = {
        { "no flag", 4, 0, MS_NEVER },
        { "conflict", 0, START, START + 10 * MINUTE },
        { "flapping: the last but one of five, a minute apart, is then old", 5, 0, START + 13 * MINUTE },
        { "the first of both", 5, START, START + 10 * MINUTE },
        { "... or the other", 5, START + 5 * MINUTE, START + 13 * MINUTE },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct record record = { 0 };
        ms_t now = START;
        for (unsigned change = 0; change < rows[i].changes; change++)
            record_count_change(&record, now = START + change * MINUTE);
        if (rows[i].conflict)
            record_note_conflict(&record, now = rows[i].conflict);
        if (record_flags_end(&record) != rows[i].want)
            fail_msg("%s: %lld", rows[i].why, (long long)(record_flags_end(&record) - START));
        if (rows[i].want == MS_NEVER)
            continue;
        assert_false(record_end_flags(&record, rows[i].want - 1000));
        assert_true(record_has_flags(&record, rows[i].want - 1000));
        assert_true(record_end_flags(&record, rows[i].want));
        assert_false(record_end_flags(&record, rows[i].want)); /* once */
        (void)record_end_flags(&record, START + 60 * MINUTE);
        assert_int_equal(record_flags_end(&record), MS_NEVER);
        assert_false(record_has_flags(&record, START + 60 * MINUTE));
    }
}

static void none_is_freed_as_well(void **state)
{
    (void)state;
    record_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flapping_is_five_changes_in_ten_minutes),
        cmocka_unit_test(flapping_lasts_while_changes_go_on),
        cmocka_unit_test(conflict_clears_ten_minutes_after_the_last_message),
        cmocka_unit_test(flags_end_when_they_are_due),
        cmocka_unit_test(none_is_freed_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
