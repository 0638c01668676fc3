#include "state_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

static void every_state_may_be_chosen(void **state)
{
    char choices[256] = "";
    (void)state;
    for (int i = STATE_NONE + 1; i < STATE_COUNT; i++)
        strcat(strcat(choices, choices[0] ? "|" : ""), state_name(i));
    assert_string_equal(choices, STATE_CHOICES);
}

static void words_are_found_by_their_whole_name(void **state)
{
    (void)state;
    assert_string_equal(state_word_style("online"), "32");
    assert_string_equal(state_word_meaning("stale"), "judged lost");
    assert_string_equal(state_word_style("down"), state_word_style("stale"));
    assert_string_equal(cause_meaning(cause_of_name("goodbye")), "it published its goodbye");
    for (int i = STATE_NONE + 1; i < STATE_COUNT; i++)
        assert_true(state_word_style(state_name(i)) && state_word_meaning(state_name(i)));
    assert_string_equal(state_word_meaning("starting"), "announced or known; not contacted yet");
    assert_null(state_word_style("on"));
    assert_null(state_word_style(NULL));
    assert_null(state_word_meaning("last_will"));
    assert_null(cause_meaning(cause_of_name("stale")));
    assert_null(cause_meaning(cause_of_name(NULL)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_may_be_chosen),
        cmocka_unit_test(words_are_found_by_their_whole_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
