#include "incarnation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text.h"

#define NO_SEQ (-1)

/* What was adopted before, in order. */
struct history {
    struct incarnation_claim adopted[8];
    size_t count;
};

static struct incarnation after(const struct history *history)
{
    struct incarnation incarnation = { 0 };
    for (size_t i = 0; i < history->count; i++)
        incarnation_adopt(&incarnation, history->adopted[i]);
    return incarnation;
}

static const struct history nobody = { .count = 0 };
static const struct history plain_device = { { { 0, 0, NO_SEQ } }, 1 };
static const struct history beating = { { { 0xA, 2, 7 } }, 1 };
static const struct history born = { { { 0xA, 2, NO_SEQ } }, 1 };
static const struct history born_after_beat = { { { 0xA, 2, 7 }, { 0xA, 3, NO_SEQ } }, 2 };
static const struct history restarted = { { { 0xA, 2, 7 }, { 0xB, 1, NO_SEQ } }, 2 };
static const struct history five_restarts = {
    { { 1, 1, 0 }, { 2, 1, 0 }, { 3, 1, 0 }, { 4, 1, 0 }, { 5, 1, 0 }, { 6, 1, 0 } }, 6
};
static const struct history back_again = { { { 0xA, 2, 7 }, { 0xB, 1, 0 }, { 0xA, 3, 9 } }, 3 };
static const struct history then_plain = { { { 0xA, 2, 7 }, { 0, 0, NO_SEQ } }, 2 };
static const struct history plain_then_session = { { { 0, 0, NO_SEQ }, { 0xA, 1, 0 } }, 2 };
static const struct history no_connection = { { { 0xA, 0, 4 } }, 1 };
static const struct history beat_without_connection = { { { 0xA, 2, 7 }, { 0xA, 0, 8 } }, 2 };

static const struct {
    const char *why;
    const struct history *before;
    struct incarnation_claim claim;
    enum incarnation_verdict want;
} live_rows[] = {
    { "the first sender at all", &nobody, { 0xA, 1, 0 }, INCARNATION_NEW_SESSION },
    { "the first sender at all, a plain device", &nobody, { 0, 0, NO_SEQ }, INCARNATION_NEW_SESSION },
    { "(none, none) matches (none, none)", &plain_device, { 0, 0, NO_SEQ }, INCARNATION_SAME },
    { "without a session a seq fences nothing", &plain_device, { 0, 0, 0 }, INCARNATION_SAME },
    { "an unseen session after a plain device", &plain_device, { 0xA, 1, 0 }, INCARNATION_NEW_SESSION },

    { "next in order", &beating, { 0xA, 2, 8 }, INCARNATION_SAME },
    { "lost ones between do not matter", &beating, { 0xA, 2, 4000000000000 }, INCARNATION_SAME },
    { "the same once more", &beating, { 0xA, 2, 7 }, INCARNATION_OLD_SEQ },
    { "overtaken", &beating, { 0xA, 2, 6 }, INCARNATION_OLD_SEQ },
    { "seq 0 again without a new session", &beating, { 0xA, 2, 0 }, INCARNATION_OLD_SEQ },
    { "a birth has no seq", &beating, { 0xA, 2, NO_SEQ }, INCARNATION_SAME },
    { "nothing to compare with: the first beat", &born, { 0xA, 2, 0 }, INCARNATION_SAME },
    { "a reconnect does not forget the seq", &born_after_beat, { 0xA, 3, 7 }, INCARNATION_OLD_SEQ },
    { "a reconnect does not forget the seq: next", &born_after_beat, { 0xA, 3, 8 }, INCARNATION_SAME },

    { "reconnected", &beating, { 0xA, 3, NO_SEQ }, INCARNATION_NEW_CONNECTION },
    { "reconnected, the beat comes before the birth", &beating, { 0xA, 3, 8 }, INCARNATION_NEW_CONNECTION },
    { "the highest connection", &beating, { 0xA, UINT32_MAX, 8 }, INCARNATION_NEW_CONNECTION },
    { "an earlier connection", &beating, { 0xA, 1, NO_SEQ }, INCARNATION_OLD_CONNECTION },
    { "an earlier connection, even with a newer seq", &beating, { 0xA, 1, 9 }, INCARNATION_OLD_CONNECTION },
    { "a beat that names no connection is not an earlier one", &beating, { 0xA, 0, 8 }, INCARNATION_SAME },
    { "but its seq counts", &beating, { 0xA, 0, 7 }, INCARNATION_OLD_SEQ },
    { "the first connection that is named", &no_connection, { 0xA, 1, 5 }, INCARNATION_NEW_CONNECTION },

    { "an unseen session", &beating, { 0xB, 1, 0 }, INCARNATION_NEW_SESSION },
    { "the session that was replaced", &restarted, { 0xA, 2, 8 }, INCARNATION_RETIRED },
    { "the replaced one on a new connection", &restarted, { 0xA, 3, 8 }, INCARNATION_RETIRED },
    { "a new session starts its seq anew", &restarted, { 0xB, 1, 0 }, INCARNATION_SAME },
    { "four retired ones are kept: the oldest of them", &five_restarts, { 2, 1, 9 }, INCARNATION_RETIRED },
    { "four retired ones are kept: the newest", &five_restarts, { 5, 1, 9 }, INCARNATION_RETIRED },
    { "a fifth is forgotten", &five_restarts, { 1, 1, 9 }, INCARNATION_NEW_SESSION },
    { "a retired one that became current again", &back_again, { 0xA, 3, 10 }, INCARNATION_SAME },
    { "retires the other", &back_again, { 0xB, 1, 1 }, INCARNATION_RETIRED },

    { "no session while one with a session is current", &beating, { 0, 0, NO_SEQ }, INCARNATION_UNFENCED },
    { "the same with a connection", &beating, { 0, 2, NO_SEQ }, INCARNATION_UNFENCED },
    { "a message without a session never retired the one before", &then_plain, { 0xA, 2, 7 }, INCARNATION_NEW_SESSION },
    { "a plain device that was replaced", &plain_then_session, { 0, 0, NO_SEQ }, INCARNATION_UNFENCED },
    { "a beat without a connection leaves the connection as it was",
      &beat_without_connection,
      { 0xA, 1, 9 },
      INCARNATION_OLD_CONNECTION },
};

static void R2_live_messages_are_fenced(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(live_rows); i++) {
        struct incarnation current = after(live_rows[i].before);
        enum incarnation_verdict got = incarnation_judge(&current, live_rows[i].claim);
        free(current.retired);
        if (got != live_rows[i].want)
            fail_msg("%s: %s", live_rows[i].why, incarnation_verdict_name(got));
    }
}

static void R2_adopting_keeps_four_retired_sessions_newest_first(void **state)
{
    struct incarnation current = after(&five_restarts);
    (void)state;
    assert_int_equal(current.session, 6);
    for (size_t i = 0; i < INCARNATION_REMEMBERED; i++)
        assert_int_equal(current.retired[i], 5 - i);

    incarnation_adopt(&current, (struct incarnation_claim){ 3, 2, NO_SEQ });
    assert_int_equal(current.session, 3);
    assert_int_equal(current.connection, 2);
    assert_false(current.has_seq);
    static const uint64_t want[] = { 6, 5, 4, 2 };
    assert_memory_equal(current.retired, want, sizeof want);
    free(current.retired);
}

static void R2_a_session_is_never_retired_by_a_message_without_one(void **state)
{
    struct incarnation current = after(&then_plain);
    (void)state;
    assert_true(current.known);
    assert_int_equal(current.session, 0);
    assert_int_equal(current.connection, 0);
    assert_false(current.has_seq);
    assert_null(current.retired);
}

static void R3_wills_and_goodbyes_count_only_for_the_current_incarnation(void **state)
{
    static const struct {
        const char *why;
        const struct history *before;
        struct incarnation_claim claim;
        bool want;
    } rows[] = {
        { "the current one", &beating, { 0xA, 2, NO_SEQ }, true },
        { "the connection before: a late will", &beating, { 0xA, 1, NO_SEQ }, false },
        { "a connection to come", &beating, { 0xA, 3, NO_SEQ }, false },
        { "another session with the same connection", &beating, { 0xB, 2, NO_SEQ }, false },
        { "the retired session", &restarted, { 0xA, 2, NO_SEQ }, false },
        { "the session that replaced it", &restarted, { 0xB, 1, NO_SEQ }, true },
        { "a will without a session against a session", &beating, { 0, 0, NO_SEQ }, false },
        { "a will without a connection against one", &beating, { 0xA, 0, NO_SEQ }, false },
        { "a plain device with a plain will", &plain_device, { 0, 0, NO_SEQ }, true },
        { "a session's will against a plain device", &plain_device, { 0xA, 1, NO_SEQ }, false },
        { "nobody was seen: nobody dies", &nobody, { 0, 0, NO_SEQ }, false },
        { "nobody was seen: nobody dies, with a session", &nobody, { 0xA, 1, NO_SEQ }, false },
        { "a beat without a connection did not unsay it", &beat_without_connection, { 0xA, 2, NO_SEQ }, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct incarnation current = after(rows[i].before);
        bool got = incarnation_is_current(&current, rows[i].claim);
        free(current.retired);
        if (got != rows[i].want)
            fail_msg("%s", rows[i].why);
    }
}

static void judging_changes_nothing(void **state)
{
    struct incarnation before = after(&restarted), current;
    (void)state;
    memcpy(&current, &before, sizeof before); /* an assignment need not copy the padding */
    for (uint64_t session = 0; session < 16; session++)
        incarnation_judge(&current, (struct incarnation_claim){ session, 3, 9 });
    assert_memory_equal(&current, &before, sizeof before);
    free(before.retired);
}

static void verdicts_have_names(void **state)
{
    (void)state;
    assert_string_equal(incarnation_verdict_name(INCARNATION_SAME), "same");
    assert_string_equal(incarnation_verdict_name(INCARNATION_UNFENCED), "no_session");
    assert_string_equal(incarnation_verdict_name(INCARNATION_VERDICT_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R2_live_messages_are_fenced),
        cmocka_unit_test(R2_adopting_keeps_four_retired_sessions_newest_first),
        cmocka_unit_test(R2_a_session_is_never_retired_by_a_message_without_one),
        cmocka_unit_test(R3_wills_and_goodbyes_count_only_for_the_current_incarnation),
        cmocka_unit_test(judging_changes_nothing),
        cmocka_unit_test(verdicts_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
