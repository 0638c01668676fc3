#include "conf_table.h"

#define WORDS_MAX 16

/* Copies of `words` that may be handed out as argv or environ; returns how many there are. */
static int copy_words(const char *const words[WORDS_MAX], char *ret[WORDS_MAX])
{
    int count = 0;
    for (; words[count]; count++)
        ret[count] = arena_copy(&arena, text_of(words[count]));
    ret[count] = NULL;
    return count;
}

static enum err read_args(const char *const words[WORDS_MAX], int *ret_next)
{
    char *argv[WORDS_MAX];
    int argc = copy_words(words, argv);
    return conf_args(&conf, argc, argv, ret_next, &e);
}

static enum err read_environment(const char *const words[WORDS_MAX])
{
    char *variables[WORDS_MAX];
    copy_words(words, variables);
    return conf_environment(&conf, variables, &e);
}

static void arguments_end_at_the_first_word_that_is_no_option(void **state)
{
    static const struct {
        const char *why;
        const char *words[WORDS_MAX];
        int next;
    } rows[] = {
        { "no words at all", { NULL }, 0 },
        { "the program alone", { "skep" }, 1 },
        { "options only", { "skep", "--any", "7", "-o", "json" }, 5 },
        { "with equals signs", { "skep", "--any=7", "--output=json" }, 3 },
        { "a word behind", { "skep", "--any", "7", "w1", "--watch" }, 3 },
        { "a dash is a word", { "skep", "--any=7", "-" }, 2 },
        { "an empty word", { "skep", "--any=7", "" }, 2 },
        { "two dashes end them", { "skep", "--any=7", "--", "--watch" }, 3 },
        { "two dashes at the end", { "skep", "--any=7", "--" }, 3 },
        { "a flag takes no word", { "skep", "--watch", "--any=7", "true" }, 3 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int next = -1;
        print_message("  %s\n", rows[i].why);
        assert_int_equal(set_up(state), 0);
        assert_int_equal(read_args(rows[i].words, &next), OK);
        assert_int_equal(next, rows[i].next);
        assert_int_equal(target.any, i < 2 ? 0 : 7);
        tear_down(state);
    }
}

static void arguments_set_values(void **state)
{
    static const char *const words[WORDS_MAX] = { "skep", "-h",          "--watch=no", "--offset",
                                                  "-3",   "--title=a=b", "-o",         "wide" };
    int next = 0;
    (void)state;
    target.watch = true;
    assert_int_equal(read_args(words, &next), OK);
    assert_true(target.help);
    assert_false(target.watch);
    assert_int_equal(target.offset, -3);
    assert_string_equal(target.title, "a=b");
    assert_string_equal(target.output, "wide");
}

static void the_last_of_two_arguments_counts(void **state)
{
    static const char *const words[WORDS_MAX] = { "skep", "--any=1", "--any", "2", "--watch", "--watch=off" };
    int next = 0;
    (void)state;
    assert_int_equal(read_args(words, &next), OK);
    assert_int_equal(target.any, 2);
    assert_false(target.watch);
}

static void bad_arguments_are_named_as_they_were_written(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        enum err err;
        const char *sentence;
    } rows[] = {
        { { "skep", "--any" }, ERR_SYNTAX, "--any: needs a value (N)" },
        { { "skep", "-o" }, ERR_SYNTAX, "-o: needs a value (FORMAT)" },
        { { "skep", "-o", "xml" }, ERR_RANGE, "-o xml: must be one of table|wide|json" },
        { { "skep", "--any=" }, ERR_SYNTAX, "--any \"\": must be a whole number" },
        { { "skep", "--any", "--watch" }, ERR_SYNTAX, "--any --watch: must be a whole number" },
        { { "skep", "--watch=maybe" }, ERR_SYNTAX, "--watch maybe: must be true, false, yes, no, on, off, 1 or 0" },
        { { "skep", "--wathc" }, ERR_UNKNOWN, "--wathc: unknown option; did you mean --watch?" },
        { { "skep", "--wat" }, ERR_UNKNOWN, "--wat: unknown option; did you mean --wait?" },
        { { "skep", "--secret=swordfish" }, ERR_UNKNOWN, "--secret: unknown option" },
        { { "skep", "---any" }, ERR_UNKNOWN, "---any: unknown option; did you mean --any?" },
        { { "skep", "--=1" }, ERR_UNKNOWN, "--: unknown option" },
        { { "skep", "-x" }, ERR_UNKNOWN, "-x: unknown option" },
        { { "skep", "-ojson" }, ERR_UNKNOWN, "-ojson: unknown option" },
        { { "skep", "-o=json" }, ERR_UNKNOWN, "-o=json: unknown option" },
        { { "skep", "-id" }, ERR_UNKNOWN, "-id: unknown option; did you mean --id?" },
        { { "skep", "--a\033[2J" }, ERR_UNKNOWN, "--a?[2J: unknown option" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int next = -1;
        assert_int_equal(read_args(rows[i].words, &next), rows[i].err);
        assert_string_equal(e.text, rows[i].sentence);
        assert_int_equal(next, -1);
    }
}

static void an_option_without_a_placeholder_still_needs_a_value(void **state)
{
    static const struct conf_option bare[] = { { "any", CONF_INT, AT(any) }, { 0 } };
    static const struct conf_option *const bare_tables[] = { bare, NULL };
    static const char *const words[WORDS_MAX] = { "skep", "--any" };
    int next = -1;
    (void)state;
    assert_int_equal(conf_init(&conf, bare_tables, &target, &arena, &e), OK);
    assert_int_equal(read_args(words, &next), ERR_SYNTAX);
    assert_string_equal(e.text, "--any: needs a value (VALUE)");
}

static void variables_that_name_an_option_are_read(void **state)
{
    static const char *const variables[WORDS_MAX] = {
        "PATH=/bin",
        "SKEP_STALE_AFTER=5s",
        "SKEP_ANY=-3",
        "SKEP_STATE_DIR=",
        "SKEP_TITLE=a=b",
        "SKEP_HELP=1",
        "SKEP_UNKNOWN=1",
        "SKEP_stale_after=6s",
        "SKEP_STALE-AFTER=7s",
        "skep_any=4",
        "SKEP_ANY",
        "SKEP_=1",
        "",
    };
    (void)state;
    assert_int_equal(read_environment(variables), OK);
    assert_int_equal(target.stale_after, 5000);
    assert_int_equal(target.any, -3);
    assert_string_equal(target.state_dir, "");
    assert_string_equal(target.title, "a=b");
    assert_false(target.help);
}

static void a_bad_variable_is_named(void **state)
{
    static const char *const variables[WORDS_MAX] = { "SKEP_STALE_AFTER=2x" };
    (void)state;
    assert_int_equal(read_environment(variables), ERR_SYNTAX);
    assert_string_equal(e.text, "SKEP_STALE_AFTER 2x: must be a duration such as 200ms, 30s, 5m, 1h between 3s and 1d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_end_at_the_first_word_that_is_no_option),
        TEST(arguments_set_values),
        TEST(the_last_of_two_arguments_counts),
        TEST(bad_arguments_are_named_as_they_were_written),
        TEST(an_option_without_a_placeholder_still_needs_a_value),
        TEST(variables_that_name_an_option_are_read),
        TEST(a_bad_variable_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
