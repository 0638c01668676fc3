#include "vocabulary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_state_is_found_by_its_name(void **state)
{
    (void)state;
    for (int i = STATE_NONE + 1; i < STATE_COUNT; i++)
        assert_int_equal(state_of_name(state_name(i)), i);
    assert_int_equal(state_of_name("unknown"), STATE_NONE); /* of nobody */
    assert_int_equal(state_of_name("Online"), STATE_NONE);
    assert_int_equal(state_of_name(""), STATE_NONE);
    assert_int_equal(state_of_name(NULL), STATE_NONE);
    assert_int_equal(state_of_hive_name("down"), STATE_STALE);
    assert_int_equal(state_of_hive_name("zombie"), STATE_NONE);
}

static void names_are_those_of_the_protocol(void **state)
{
    (void)state;
    assert_string_equal(state_name(STATE_UNVERIFIED), "unverified");
    assert_string_equal(cause_name(CAUSE_LAST_WILL), "last_will");
    assert_string_equal(evidence_path_name(PATH_SILENCE), "silence");
    assert_string_equal(evidence_result_name(RESULT_NO_SUBSCRIBER), "no_subscriber");
    assert_string_equal(evidence_sentence(RESULT_LEFT), "it published its goodbye");
    for (int i = 0; i < CAUSE_COUNT; i++)
        assert_int_equal(cause_of_name(cause_name(i)), i);
    assert_int_equal(cause_of_name("lost"), CAUSE_COUNT);
    for (int i = 0; i < VERIFY_RESULT_COUNT; i++)
        assert_int_equal(verify_result_of_name(verify_result_name(i)), i);
    assert_int_equal(verify_result_of_name(NULL), VERIFY_RESULT_COUNT);
    for (int i = 0; i < EVIDENCE_RESULT_COUNT; i++)
        assert_true(strlen(evidence_sentence(i)) > 10);
}

static void a_value_that_is_none_has_a_name_too(void **state)
{
    (void)state;
    assert_string_equal(state_name(STATE_COUNT), "unknown");
    assert_string_equal(cause_name(CAUSE_COUNT), "none");
    assert_string_equal(evidence_path_name(EVIDENCE_PATH_COUNT), "none");
    assert_string_equal(evidence_result_name(EVIDENCE_RESULT_COUNT), "none");
    assert_string_equal(evidence_sentence(EVIDENCE_RESULT_COUNT), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_is_found_by_its_name),
        cmocka_unit_test(names_are_those_of_the_protocol),
        cmocka_unit_test(a_value_that_is_none_has_a_name_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
