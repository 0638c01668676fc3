#include "intern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "keyed_hash.h"

static void a_word_is_kept_once_and_while_it_is_used(void **state)
{
    struct intern intern = { 0 };
    const char *a = NULL, *b = NULL;
    char idle[] = "idle";
    (void)state;
    intern_set(&intern, &a, NULL);
    assert_null(a);
    intern_set(&intern, &a, idle);
    intern_set(&intern, &b, "idle");
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, idle);
    assert_int_equal(intern.count, 1);
    intern_set(&intern, &a, "idle");
    intern_set(&intern, &a, "busy");
    assert_string_equal(a, "busy");
    assert_string_equal(b, "idle");
    intern_set(&intern, &b, "busy");
    assert_ptr_equal(a, b);
    assert_int_equal(intern.count, 1);
    intern_set(&intern, &a, NULL);
    intern_set(&intern, &b, "");
    assert_string_equal(b, "");
    assert_ptr_not_equal(b, intern_full);
    assert_int_equal(intern.count, 1);
    intern_set(&intern, &b, NULL);
    assert_int_equal(intern.count, 0);
}

static void made_up_words_have_a_bound(void **state)
{
    static const char *slots[INTERN_MAX + 2];
    struct intern intern = { 0 };
    char word[32];
    (void)state;
    for (int i = 0; i < INTERN_MAX + 2; i++) {
        snprintf(word, sizeof word, "w%d", i);
        intern_set(&intern, &slots[i], word);
        assert_int_equal(slots[i] == intern_full, i >= INTERN_MAX);
    }
    assert_int_equal(intern.count, INTERN_MAX);
    intern_set(&intern, &slots[7], NULL);
    intern_set(&intern, &slots[INTERN_MAX], "there is room again");
    assert_string_equal(slots[INTERN_MAX], "there is room again");
    intern_set(&intern, &slots[INTERN_MAX + 1], "w8"); /* known already */
    assert_string_equal(slots[INTERN_MAX + 1], "w8");
    intern_clear(&intern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_kept_once_and_while_it_is_used),
        cmocka_unit_test(made_up_words_have_a_bound),
    };
    keyed_hash_seed((struct siphash_key){ 5, 6 });
    return cmocka_run_group_tests(tests, NULL, NULL);
}
