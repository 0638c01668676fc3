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
#define X(name, style, meaning) strcat(strcat(choices, choices[0] ? "|" : ""), name);
    WORKER_STATES(X)
#undef X
    assert_string_equal(choices, WORKER_STATE_CHOICES);
}

static void words_are_found_by_their_whole_name(void **state)
{
    (void)state;
    assert_string_equal(state_style("online"), "32");
    assert_string_equal(state_meaning("stale"), "judged lost");
    assert_string_equal(state_style("down"), state_style("stale"));
    assert_string_equal(cause_meaning("goodbye"), "it said goodbye");
    assert_null(state_style("on"));
    assert_null(state_meaning("last_will"));
    assert_null(cause_meaning("stale"));
    assert_null(cause_meaning(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_may_be_chosen),
        cmocka_unit_test(words_are_found_by_their_whole_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
