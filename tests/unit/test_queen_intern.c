#include "intern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rations.h"

#include "keyed_hash.h"

/* A hive that has a worker. */
static struct share *share_of(struct shares *shares, const char *hive)
{
    struct share *share = NULL;
    assert_int_equal(share_open(shares, text_of(hive), &share), OK);
    share_add(shares, share, RATION_WORKERS, 1);
    return share;
}

static void a_word_is_kept_once_and_while_it_is_used(void **state)
{
    struct shares shares = { 0 };
    struct intern intern = { .shares = &shares };
    struct share *share = share_of(&shares, "h1");
    const char *a = NULL, *b = NULL;
    char idle[] = "idle";
    (void)state;
    intern_set(&intern, share, &a, NULL);
    assert_null(a);
    intern_set(&intern, share, &a, idle);
    intern_set(&intern, share, &b, "idle");
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, idle);
    assert_int_equal(intern.count, 1);
    intern_set(&intern, share, &a, "idle");
    intern_set(&intern, share, &a, "busy");
    assert_string_equal(a, "busy");
    assert_string_equal(b, "idle");
    intern_set(&intern, share, &b, "busy");
    assert_ptr_equal(a, b);
    assert_int_equal(intern.count, 1);
    intern_set(&intern, share, &a, NULL);
    intern_set(&intern, share, &b, "");
    assert_string_equal(b, "");
    assert_ptr_not_equal(b, intern_full);
    assert_int_equal(intern.count, 1);
    intern_set(&intern, share, &b, NULL);
    assert_int_equal(intern.count, 0);
    assert_int_equal(share->has[RATION_WORDS], 0);
    shares_clear(&shares);
}

/* Of each hive, so that none fills the table alone, and in all. */
static void made_up_words_have_a_bound(void **state)
{
    static const char *slots[INTERN_MAX + 2];
    struct shares shares = { 0 };
    struct intern intern = { .shares = &shares };
    struct share *share = NULL;
    char word[32];
    (void)state;
    for (int i = 0; i < INTERN_MAX; i++) {
        snprintf(word, sizeof word, "h%d", i / RATION_WORDS_MAX);
        share = share_of(&shares, word);
        snprintf(word, sizeof word, "w%d", i);
        intern_set(&intern, share, &slots[i], word);
        assert_string_equal(slots[i], word);
        if (i == RATION_WORDS_MAX - 1)
            intern_set(&intern, share, &slots[INTERN_MAX], "one more");
    }
    assert_ptr_equal(slots[INTERN_MAX], intern_full);
    assert_int_equal(intern.count, INTERN_MAX);
    share = share_of(&shares, "another");
    intern_set(&intern, share, &slots[INTERN_MAX + 1], "all are taken");
    assert_ptr_equal(slots[INTERN_MAX + 1], intern_full);
    intern_set(&intern, share, &slots[7], NULL);
    intern_set(&intern, share, &slots[INTERN_MAX], "there is room again");
    assert_string_equal(slots[INTERN_MAX], "there is room again");
    intern_set(&intern, share, &slots[INTERN_MAX + 1], "w8"); /* known already */
    assert_string_equal(slots[INTERN_MAX + 1], "w8");
    intern_clear(&intern);
    shares_clear(&shares);
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
