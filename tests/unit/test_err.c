#include "err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void every_error_has_its_own_name(void **state)
{
    (void)state;
    for (int a = 0; a < ERR_COUNT; a++) {
        const char *name = err_name((enum err)a);
        assert_string_not_equal(name, "unknown");
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_8"), strlen(name));
        for (int b = 0; b < a; b++)
            assert_string_not_equal(name, err_name((enum err)b));
    }
}

static void names_that_others_rely_on(void **state)
{
    (void)state;
    assert_string_equal(err_name(OK), "ok");
    assert_string_equal(err_name(ERR_DUPLICATE), "duplicate_key");
    assert_string_equal(err_name(ERR_STATE), "wrong_state");
    assert_string_equal(err_name(ERR_COUNT), "unknown");
    assert_string_equal(err_name((enum err) - 1), "unknown");
}

static void a_fault_returns_its_error_and_leaves_a_sentence(void **state)
{
    (void)state;
    struct errbuf e = { 0 };
    assert_int_equal(err_set(&e, ERR_RANGE, "port %d: must be 1 to %d", 0, 65535), ERR_RANGE);
    assert_string_equal(e.text, "port 0: must be 1 to 65535");
}

static void nobody_needs_to_listen(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, ERR_IO, "%s", "lost"), ERR_IO);
}

static void a_sentence_may_quote_the_one_before(void **state)
{
    (void)state;
    struct errbuf e = { 0 };
    err_set(&e, ERR_SYNTAX, "line 3: no value");
    assert_int_equal(err_set(&e, ERR_SYNTAX, "hive.ini: %s", e.text), ERR_SYNTAX);
    assert_string_equal(e.text, "hive.ini: line 3: no value");
}

static void long_sentences_are_cut_on_a_character_border(void **state)
{
    static const struct {
        const char *why;
        size_t letters; /* x, then a character of three bytes, then a tail of dots */
        size_t expected_len;
    } rows[] = {
        { "the character just fits", ERRBUF_SIZE - 4, ERRBUF_SIZE - 1 },
        { "two of its three bytes would fit", ERRBUF_SIZE - 3, ERRBUF_SIZE - 3 },
        { "one of its three bytes would fit", ERRBUF_SIZE - 2, ERRBUF_SIZE - 2 },
        { "it lies beyond", ERRBUF_SIZE, ERRBUF_SIZE - 1 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char letters[ERRBUF_SIZE + 1];
        memset(letters, 'x', sizeof letters);
        letters[rows[i].letters] = '\0';
        struct errbuf e = { 0 };
        err_set(&e, ERR_IO, "%s\xE2\x82\xAC....", letters);
        print_message("  %s\n", rows[i].why);
        assert_int_equal(strlen(e.text), rows[i].expected_len);
    }
}

static void of_bytes_that_are_no_character_as_many_are_kept_as_fit(void **state)
{
    char bytes[2 * ERRBUF_SIZE];
    struct errbuf e = { 0 };
    (void)state;
    memset(bytes, 0xA0, sizeof bytes);
    err_set(&e, ERR_SYNTAX, "%.*s", (int)sizeof bytes, bytes);
    assert_int_equal(strlen(e.text), ERRBUF_SIZE - 1);
}

static void a_sentence_of_exactly_the_size_is_whole(void **state)
{
    (void)state;
    struct errbuf e = { 0 };
    err_set(&e, ERR_IO, "%*s", ERRBUF_SIZE - 1, "end");
    assert_int_equal(strlen(e.text), ERRBUF_SIZE - 1);
    assert_string_equal(e.text + ERRBUF_SIZE - 4, "end");
}

static void a_sentence_that_cannot_be_formatted_names_the_error(void **state)
{
    (void)state;
    struct errbuf e = { 0 };
    assert_int_equal(err_set(&e, ERR_UTF8, "%ls", L"\u20AC"), ERR_UTF8); /* no such character in the C locale */
    assert_string_equal(e.text, "not_utf8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_own_name),
        cmocka_unit_test(names_that_others_rely_on),
        cmocka_unit_test(a_fault_returns_its_error_and_leaves_a_sentence),
        cmocka_unit_test(nobody_needs_to_listen),
        cmocka_unit_test(a_sentence_may_quote_the_one_before),
        cmocka_unit_test(long_sentences_are_cut_on_a_character_border),
        cmocka_unit_test(of_bytes_that_are_no_character_as_many_are_kept_as_fit),
        cmocka_unit_test(a_sentence_of_exactly_the_size_is_whole),
        cmocka_unit_test(a_sentence_that_cannot_be_formatted_names_the_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
