#include "name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void only_ids_are_names(void **state)
{
    static const char long_name[] = "a23456789012345678901234567890123456789012345678901234567890abcde";
    const struct {
        const char *why;
        struct text name;
        bool want;
    } rows[] = {
        { "letters, digits and what may stand inside", TEXT("gpu-0.node_7-A"), true },
        { "one character", TEXT("w"), true },
        { "a digit first", TEXT("7"), true },
        { "64 bytes", { long_name, 64 }, true },
        { "65 bytes", { long_name, 65 }, false },
        { "nothing", TEXT(""), false },
        { "absent", { NULL, 0 }, false },
        { "a dot first", TEXT(".a"), false },
        { "a dash first", TEXT("-a"), false },
        { "an underscore first", TEXT("_a"), false },
        { "a slash", TEXT("a/b"), false },
        { "a wildcard", TEXT("a+"), false },
        { "a wildcard of many levels", TEXT("#"), false },
        { "a blank", TEXT("a b"), false },
        { "a terminator inside", TEXT("a\0b"), false },
        { "a letter beyond ASCII", TEXT("\xC3\xA4"), false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        enum err err = name_check(rows[i].name, "worker", &e);
        if (text_is_id(rows[i].name) != rows[i].want || err != (rows[i].want ? OK : ERR_ID))
            fail_msg("%s: %s", rows[i].why, err_name(err));
        if ((err != OK) != (strncmp(e.text, "worker \"", 8) == 0))
            fail_msg("%s: the sentence is: %s", rows[i].why, e.text);

        char copy[NAME_SIZE] = "untouched";
        assert_int_equal(name_copy(rows[i].name, "worker", copy, NULL), err);
        if (!text_equal(text_of(copy), err != OK ? TEXT("untouched") : rows[i].name))
            fail_msg("%s: copied as %s", rows[i].why, copy);
    }
}

static void the_sentence_names_the_rule_and_is_harmless(void **state)
{
    struct errbuf e = { 0 };
    (void)state;
    assert_int_equal(name_check(TEXT("a\x1b[2Jb"), "hive", &e), ERR_ID);
    assert_string_equal(e.text, "hive \"a?[2Jb\": must be 1 to 64 letters, digits, '.', '_' or '-', "
                                "and begin with a letter or digit");
    assert_int_equal(name_check(TEXT("a b"), "hive", NULL), ERR_ID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_ids_are_names),
        cmocka_unit_test(the_sentence_names_the_rule_and_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
