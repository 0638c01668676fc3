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

static void expect(const struct intern *intern, unsigned number, const char *text)
{
    assert_non_null(intern_text(intern, number));
    assert_string_equal(intern_text(intern, number), text);
}

static void a_word_is_kept_once_and_while_it_is_used(void **state)
{
    static struct intern intern;
    struct shares shares = { 0 };
    struct share *share = share_of(&shares, "h1");
    unsigned a, b;
    char idle[] = "idle";
    (void)state;
    intern.shares = &shares;
    assert_int_equal(a = intern_swap(&intern, share, 0, NULL), 0);
    assert_null(intern_text(&intern, a));
    a = intern_swap(&intern, share, a, idle);
    b = intern_swap(&intern, share, 0, "idle");
    assert_int_equal(a, b);
    assert_ptr_not_equal(intern_text(&intern, a), idle);
    assert_int_equal(intern.count, 1);
    a = intern_swap(&intern, share, a, "idle");
    a = intern_swap(&intern, share, a, "busy");
    expect(&intern, a, "busy");
    expect(&intern, b, "idle");
    b = intern_swap(&intern, share, b, "busy");
    assert_int_equal(a, b);
    assert_int_equal(intern.count, 1);
    assert_int_equal(intern_swap(&intern, share, a, NULL), 0);
    b = intern_swap(&intern, share, b, "");
    expect(&intern, b, "");
    assert_int_equal(intern.count, 1);
    assert_int_equal(intern_swap(&intern, share, b, NULL), 0);
    assert_int_equal(intern.count, 0);
    assert_int_equal(share->has[RATION_WORDS], 0);
    intern_clear(&intern);
    shares_clear(&shares);
}

/* Of each hive, so that none fills the table alone, and in all. */
static void made_up_words_have_a_bound(void **state)
{
    static unsigned words[INTERN_MAX];
    static struct intern intern;
    struct shares shares = { 0 };
    struct share *share = NULL;
    unsigned more = 0, other;
    char word[32];
    (void)state;
    intern.shares = &shares;
    for (int i = 0; i < INTERN_MAX; i++) {
        snprintf(word, sizeof word, "h%d", i / RATION_WORDS_MAX);
        share = share_of(&shares, word);
        snprintf(word, sizeof word, "w%d", i);
        expect(&intern, words[i] = intern_swap(&intern, share, 0, word), word);
        if (i == RATION_WORDS_MAX - 1)
            more = intern_swap(&intern, share, more, "one more");
    }
    assert_int_equal(more, INTERN_FULL);
    assert_null(intern_text(&intern, more));
    assert_int_equal(intern.count, INTERN_MAX);
    share = share_of(&shares, "another");
    assert_int_equal(other = intern_swap(&intern, share, 0, "all are taken"), INTERN_FULL);
    (void)intern_swap(&intern, share, words[7], NULL);
    more = intern_swap(&intern, share, more, "there is room again");
    expect(&intern, more, "there is room again");
    expect(&intern, intern_swap(&intern, share, other, "w8"), "w8"); /* known already */
    for (int i = 0; i < INTERN_MAX; i++)
        assert_true(i == 7 || words[i] != more);
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
