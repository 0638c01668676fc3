#include "argv_split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena arena;

static int tear_down(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static void lines_become_words(void **state)
{
    static const struct {
        const char *why, *line, *words[6];
    } rows[] = {
        { "one word", "sleep", { "sleep" } },
        { "blanks of any kind and number", "  a \t b\n c ", { "a", "b", "c" } },
        { "nothing", "", { NULL } },
        { "blanks only", " \t ", { NULL } },
        { "single quotes keep everything", "'a b' '\\' '\"'", { "a b", "\\", "\"" } },
        { "double quotes keep blanks", "\"a b\"", { "a b" } },
        { "a backslash within double quotes quotes four characters", "\"\\\" \\\\ \\$ \\` \\n\"", { "\" \\ $ ` \\n" } },
        { "a backslash outside quotes anything", "a\\ b \\\\ \\' \\n", { "a b", "\\", "'", "n" } },
        { "parts of one word", "a'b'\"c\"\\d", { "abcd" } },
        { "an empty word needs quotes", "a '' \"\"", { "a", "", "" } },
        { "no expansion of any kind", "$HOME *.c `x` a|b >c ~", { "$HOME", "*.c", "`x`", "a|b", ">c", "~" } },
        { "UTF-8", "grüße 'zwei wörter'", { "grüße", "zwei wörter" } },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        char **words;
        size_t count, want = 0;
        while (want < ARRAY_LEN(rows[i].words) && rows[i].words[want])
            want++;
        print_message("%s\n", rows[i].why);
        assert_int_equal(argv_split(&arena, text_of(rows[i].line), &words, &count, &e), OK);
        assert_int_equal(count, want);
        assert_null(words[count]);
        for (size_t n = 0; n < count; n++)
            assert_string_equal(words[n], rows[i].words[n]);
    }
}

static void what_is_left_open_is_refused(void **state)
{
    static const char *const lines[] = { "'", "\"", "a 'b", "a \"b'", "a\\", "\"a\\", "'a\\'b'" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct errbuf e = { 0 };
        char **words = NULL;
        size_t count = 77;
        if (argv_split(&arena, text_of(lines[i]), &words, &count, &e) != ERR_SYNTAX || words || count != 77 ||
            !e.text[0])
            fail_msg("%s", lines[i]);
    }
}

static void memory_may_run_out(void **state)
{
    struct arena small;
    struct errbuf e = { 0 };
    char **words;
    size_t count;
    (void)state;
    small = (struct arena){ .limit = 8 };
    assert_int_equal(argv_split(&small, TEXT("a b c d e f"), &words, &count, &e), ERR_NOMEM);
    arena_clear(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_words),
        cmocka_unit_test(what_is_left_open_is_refused),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
