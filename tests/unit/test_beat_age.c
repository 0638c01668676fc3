#include "beat_age.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "msg.h"

#define DAY_S 86400

static struct message message_with(int64_t left)
{
    return (struct message){ .has_expiry = left >= 0, .expiry_s = left >= 0 ? (uint32_t)left : 0 };
}

static void it_is_what_was_set_minus_what_is_left(void **state)
{
    static const struct {
        const char *why;
        int64_t retain_s, left;
        ms_t age;
    } rows[] = {
        { "just sent", DAY_S, DAY_S, 0 },
        { "a second was over meanwhile", DAY_S, DAY_S - 1, 1000 },
        { "ten minutes old", DAY_S, DAY_S - 600, 600000 },
        { "nearly over", DAY_S, 1, (DAY_S - 1) * 1000LL },
        { "no expiry", DAY_S, -1, 0 },
        { "it does not say what was set", INT_ABSENT, 10, 0 },
        { "neither", INT_ABSENT, -1, 0 },
        { "more left than was set", 60, DAY_S, 0 },
        { "the longest", 4294967295, 0, 4294967295000 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct message message = message_with(rows[i].left);
        if (beat_age(NULL, &message, rows[i].retain_s) != rows[i].age)
            fail_msg("%s: not %lld ms", rows[i].why, (long long)rows[i].age);
    }
}

/* Heartbeats of a day's retention, by what is left, and how old the last one is. */
static void a_cap_of_the_broker_is_no_age(void **state)
{
    static const struct {
        const char *why;
        struct {
            uint64_t session;
            int64_t seq, left;
            ms_t at;
        } beats[4];
        ms_t age_s;
    } rows[] = {
        { "one shows nothing", { { 1, 0, 3600, 0 } }, DAY_S - 3600 },
        { "two do", { { 1, 0, 3600, 0 }, { 1, 1, 3600, 5000 } }, 0 },
        { "... of which one lacks a second more", { { 1, 0, 3599, 0 }, { 1, 1, 3600, 5000 } }, 0 },
        { "... or less: it is a second old", { { 1, 0, 3600, 0 }, { 1, 1, 3599, 5000 } }, 1 },
        { "... not too soon after one another", { { 1, 0, 3600, 0 }, { 1, 1, 3600, 4999 } }, DAY_S - 3600 },
        { "... then a third one", { { 1, 0, 3600, 0 }, { 1, 1, 3600, 4999 }, { 1, 2, 3600, 5000 } }, 0 },
        { "the same copy again", { { 1, 7, 3600, 0 }, { 1, 7, 3600, 5000 } }, DAY_S - 3600 },
        { "an earlier one", { { 1, 7, 3600, 0 }, { 1, 6, 3600, 5000 } }, DAY_S - 3600 },
        { "ages that differ", { { 1, 0, 3600, 0 }, { 1, 1, 3598, 5000 } }, DAY_S - 3598 },
        { "another session's", { { 1, 0, 3600, 0 }, { 2, 1, 3600, 5000 } }, DAY_S - 3600 },
        { "... does not keep the first one from showing it",
          { { 1, 0, 3600, 0 }, { 2, 1, 3600, 1000 }, { 1, 1, 3600, 5000 } },
          0 },
        { "... until it is gone for long", { { 1, 0, 3600, 0 }, { 2, 1, 3600, 300000 }, { 2, 2, 3600, 305000 } }, 0 },
        { "no session", { { 0, 0, 3600, 0 }, { 0, 1, 3600, 5000 } }, DAY_S - 3600 },
        { "no seq", { { 1, -1, 3600, 0 }, { 1, -1, 3600, 5000 } }, DAY_S - 3600 },
        { "known, it serves for all: this copy is ten minutes old",
          { { 1, 0, 3600, 0 }, { 1, 1, 3600, 5000 }, { 2, 5, 3000, 6000 } },
          600 },
        { "more is left than it allows: it is none any more",
          { { 1, 0, 3600, 0 }, { 1, 1, 3600, 5000 }, { 2, 5, 7200, 6000 } },
          DAY_S - 7200 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct beat_age hive = { 0 };
        struct message message = { 0 };
        for (size_t j = 0; j < ARRAY_LEN(rows[i].beats) && rows[i].beats[j].left > 0; j++) {
            message = message_with(rows[i].beats[j].left);
            beat_age_note(&hive, &message, DAY_S, rows[i].beats[j].session, rows[i].beats[j].seq,
                          1000000 + rows[i].beats[j].at);
        }
        if (beat_age(&hive, &message, DAY_S) != rows[i].age_s * 1000)
            fail_msg("%s: %lld ms", rows[i].why, (long long)beat_age(&hive, &message, DAY_S));
    }
}

static void a_retention_below_the_cap_has_its_own_age(void **state)
{
    struct beat_age hive = { .cap = 3600 };
    struct message message = message_with(50);
    (void)state;
    assert_int_equal(beat_age(&hive, &message, 60), 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_was_set_minus_what_is_left),
        cmocka_unit_test(a_cap_of_the_broker_is_no_age),
        cmocka_unit_test(a_retention_below_the_cap_has_its_own_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
