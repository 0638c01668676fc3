#include "conf_table.h"

static void every_member_gets_its_default(void **state)
{
    (void)state;
    assert_string_equal(target.id, "queen");
    assert_string_equal(target.state_dir, "");
    assert_null(target.title);
    assert_string_equal(target.output, "table");
    assert_false(target.watch);
    assert_false(target.help);
    assert_int_equal(target.workers, 100);
    assert_int_equal(target.offset, 0);
    assert_int_equal(target.any, 0);
    assert_int_equal(target.max_state, INT64_C(512) << 20);
    assert_int_equal(target.stale_after, 90000);
    assert_int_equal(target.wait, 0);
    assert_int_equal(target.session, 0);
}

static void values_of_every_type_are_read(void **state)
{
    (void)state;
    static const char *const values[][2] = {
        { "id", "q-2" },         { "state-dir", "/var/lib/skep \xC3\xA9\t" },
        { "title", "abcde" },    { "output", "json" },
        { "watch", "yes" },      { "max-workers", "200" },
        { "offset", "-5" },      { "any", "-9223372036854775808" },
        { "max-state", "1GiB" }, { "stale-after", "3s" },
        { "wait", "1ms" },       { "session", "00c0ffee00000001" },
    };
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        assert_int_equal(set(values[i][0], values[i][1], CONF_FROM_FILE), OK);
    assert_string_equal(target.id, "q-2");
    assert_string_equal(target.state_dir, "/var/lib/skep \xC3\xA9\t");
    assert_string_equal(target.title, "abcde");
    assert_string_equal(target.output, "json");
    assert_true(target.watch);
    assert_int_equal(target.workers, 200);
    assert_int_equal(target.offset, -5);
    assert_true(target.any == INT64_MIN);
    assert_int_equal(target.max_state, 1 << 30);
    assert_int_equal(target.stale_after, 3000);
    assert_int_equal(target.wait, 1);
    assert_true(target.session == 0x00C0FFEE00000001);
    assert_string_equal(e.text, "");
}

static void the_first_difference_is_found(void **state)
{
    static const char *const values[][2] = {
        { "id", "q-2" },          { "title", "abcde" },    { "output", "json" },    { "watch", "yes" },
        { "max-workers", "200" }, { "max-state", "1GiB" }, { "stale-after", "3s" }, { "session", "00c0ffee00000001" },
    };
    struct target before = target;
    struct conf_row row;
    (void)state;
    before.help = !target.help; /* the command line's own */
    before.output = arena_copy(&arena, text_of(target.output));
    assert_false(conf_differs(&conf, &before, &row));
    for (size_t i = ARRAY_LEN(values); i-- > 0;) {
        assert_int_equal(set(values[i][0], values[i][1], CONF_FROM_FILE), OK);
        assert_true(conf_differs(&conf, &before, &row));
        assert_string_equal(row.option->name, values[i][0]);
    }
}

static void flags_know_eight_words(void **state)
{
    static const struct {
        const char *word;
        bool flag;
    } rows[] = { { "true", true },   { "yes", true }, { "on", true },   { "1", true },
                 { "false", false }, { "no", false }, { "off", false }, { "0", false } };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        target.watch = !rows[i].flag;
        assert_int_equal(set("watch", rows[i].word, CONF_FROM_FILE), OK);
        assert_int_equal(target.watch, rows[i].flag);
    }
}

static void a_bad_value_is_named_with_what_is_allowed(void **state)
{
    static const struct {
        const char *name, *value;
        enum err err;
        const char *sentence;
    } rows[] = {
        { "stale-after", "2x", ERR_SYNTAX,
          "stale-after 2x: must be a duration such as 200ms, 30s, 5m, 1h between 3s and 1d" },
        { "stale-after", "2999ms", ERR_RANGE,
          "stale-after 2999ms: must be a duration such as 200ms, 30s, 5m, 1h between 3s and 1d" },
        { "stale-after", "99999999999999999999d", ERR_RANGE,
          "stale-after 99999999999999999999d: must be a duration such as 200ms, 30s, 5m, 1h between 3s and 1d" },
        { "wait", "1", ERR_SYNTAX, "wait 1: must be a duration such as 200ms, 30s, 5m, 1h" },
        { "max-workers", "0", ERR_RANGE, "max-workers 0: must be a whole number between 1 and 200" },
        { "max-workers", "201", ERR_RANGE, "max-workers 201: must be a whole number between 1 and 200" },
        { "max-workers", "many", ERR_SYNTAX, "max-workers many: must be a whole number between 1 and 200" },
        { "offset", "1", ERR_RANGE, "offset 1: must be a whole number between -5 and 0" },
        { "any", "9223372036854775808", ERR_RANGE, "any 9223372036854775808: must be a whole number" },
        { "max-state", "2GiB", ERR_RANGE,
          "max-state 2GiB: must be a size such as 4096, 64KiB, 512MiB, 1GiB between 1MiB and 1GiB" },
        { "max-state", "1GB", ERR_SYNTAX,
          "max-state 1GB: must be a size such as 4096, 64KiB, 512MiB, 1GiB between 1MiB and 1GiB" },
        { "id", "a/b", ERR_ID,
          "id a/b: must be an id of letters, digits, '.', '_' and '-', with a letter or digit first, at most 64 in "
          "all" },
        { "id", "", ERR_ID,
          "id \"\": must be an id of letters, digits, '.', '_' and '-', with a letter or digit first, at most 64 in "
          "all" },
        { "title", "a", ERR_RANGE, "title a: must be text without control characters between 2 and 5 bytes long" },
        { "title", "abcdef", ERR_RANGE,
          "title abcdef: must be text without control characters between 2 and 5 bytes long" },
        { "state-dir", "a\nb", ERR_SYNTAX, "state-dir a?b: must be text without control characters" },
        { "state-dir", "\x7F", ERR_SYNTAX, "state-dir ?: must be text without control characters" },
        { "watch", "maybe", ERR_SYNTAX, "watch maybe: must be true, false, yes, no, on, off, 1 or 0" },
        { "watch", "TRUE", ERR_SYNTAX, "watch TRUE: must be true, false, yes, no, on, off, 1 or 0" },
        { "output", "yaml", ERR_RANGE, "output yaml: must be one of table|wide|json" },
        { "output", "table|wide", ERR_RANGE, "output table|wide: must be one of table|wide|json" },
        { "output", "", ERR_RANGE, "output \"\": must be one of table|wide|json" },
        { "session", "0000000000000000", ERR_SYNTAX,
          "session 0000000000000000: must be 16 hexadecimal digits, not all zero" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct target before = target;
        assert_int_equal(set(rows[i].name, rows[i].value, CONF_FROM_OPTION), rows[i].err);
        assert_string_equal(e.text, rows[i].sentence);
        assert_memory_equal(&target, &before, sizeof target);
    }
}

static void a_long_value_is_cut_in_the_sentence(void **state)
{
    char value[1001];
    (void)state;
    memset(value, '9', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    assert_int_equal(set("max-workers", value, CONF_FROM_OPTION), ERR_RANGE);
    assert_non_null(strstr(e.text, "9: must be a whole number between 1 and 200"));
}

static void an_unknown_name_gets_a_suggestion_when_one_is_close(void **state)
{
    static const struct {
        const char *why;
        const char *name;
        enum conf_origin origin;
        const char *sentence;
    } rows[] = {
        { "neighbours swapped", "stael-after", CONF_FROM_FILE,
          "stael-after: unknown option; did you mean stale-after?" },
        { "as an option it is shown with dashes", "max-worker", CONF_FROM_OPTION,
          "max-worker: unknown option; did you mean --max-workers?" },
        { "an underscore", "state_dir", CONF_FROM_FILE, "state_dir: unknown option; did you mean state-dir?" },
        { "the closest of two", "max-stat", CONF_FROM_FILE, "max-stat: unknown option; did you mean max-state?" },
        { "nothing like it", "colour", CONF_FROM_FILE, "colour: unknown option" },
        { "too short to guess", "ix", CONF_FROM_FILE, "ix: unknown option" },
        { "no abbreviations", "stale", CONF_FROM_FILE, "stale: unknown option" },
        { "nothing", "", CONF_FROM_FILE, ": unknown option" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        assert_int_equal(set(rows[i].name, "1", rows[i].origin), ERR_UNKNOWN);
        assert_string_equal(e.text, rows[i].sentence);
    }
}

static void the_label_is_how_the_user_wrote_it(void **state)
{
    (void)state;
    assert_int_equal(conf_set(&conf, TEXT("any"), TEXT("x"), CONF_FROM_FILE, "queen.ini:3: any", &e), ERR_SYNTAX);
    assert_string_equal(e.text, "queen.ini:3: any x: must be a whole number");
}

static void an_option_of_the_command_line_is_refused_elsewhere(void **state)
{
    (void)state;
    assert_int_equal(set("help", "yes", CONF_FROM_FILE), ERR_UNKNOWN);
    assert_string_equal(e.text, "help: only allowed on the command line");
    assert_false(target.help);
    assert_int_equal(set("help", "yes", CONF_FROM_OPTION), OK);
    assert_true(target.help);
}

static void the_stronger_origin_wins_in_any_order(void **state)
{
    static const struct {
        const char *why;
        enum conf_origin first, second;
        int64_t expected; /* 1: the first, 2: the second */
    } rows[] = {
        { "a file after the default", CONF_FROM_DEFAULT, CONF_FROM_FILE, 2 },
        { "a file after the environment", CONF_FROM_ENVIRONMENT, CONF_FROM_FILE, 1 },
        { "the environment after a file", CONF_FROM_FILE, CONF_FROM_ENVIRONMENT, 2 },
        { "a file after an option", CONF_FROM_OPTION, CONF_FROM_FILE, 1 },
        { "the environment after an option", CONF_FROM_OPTION, CONF_FROM_ENVIRONMENT, 1 },
        { "an option after the environment", CONF_FROM_ENVIRONMENT, CONF_FROM_OPTION, 2 },
        { "an option given twice", CONF_FROM_OPTION, CONF_FROM_OPTION, 2 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        assert_int_equal(conf_init(&conf, tables, &target, &arena, &e), OK);
        assert_int_equal(set("any", "1", rows[i].first), OK);
        assert_int_equal(set("any", "2", rows[i].second), OK);
        assert_int_equal(target.any, rows[i].expected);
    }
}

static void a_mistake_does_not_hide_behind_a_stronger_source(void **state)
{
    (void)state;
    assert_int_equal(set("any", "1", CONF_FROM_OPTION), OK);
    assert_int_equal(set("any", "x", CONF_FROM_FILE), ERR_SYNTAX);
    assert_int_equal(target.any, 1);
}

static void values_are_copied(void **state)
{
    char value[] = "w1";
    (void)state;
    assert_int_equal(set("id", value, CONF_FROM_OPTION), OK);
    value[0] = 'x';
    assert_string_equal(target.id, "w1");
}

static void without_memory_the_value_stays(void **state)
{
    (void)state;
    arena.limit = arena.used;
    assert_int_equal(set("id", "w1", CONF_FROM_OPTION), ERR_NOMEM);
    assert_string_equal(e.text, "id: out of memory");
    assert_string_equal(target.id, "queen");
    struct arena small;
    small = (struct arena){ .limit = 1 };
    assert_int_equal(conf_init(&conf, tables, &target, &small, &e), ERR_NOMEM);
    assert_string_equal(e.text, "default of id: out of memory");
    arena_clear(&small);
}

static void a_bad_default_is_found_at_once(void **state)
{
    static const struct conf_option bad[] = {
        { "any", CONF_INT, AT(any), .min = 1, .max = 2, .fallback = "3" },
        { 0 },
    };
    static const struct conf_option *const bad_tables[] = { bad, NULL };
    (void)state;
    assert_int_equal(conf_init(&conf, bad_tables, &target, &arena, &e), ERR_RANGE);
    assert_string_equal(e.text, "default of any 3: must be a whole number between 1 and 2");
}

static void too_many_options_are_refused(void **state)
{
    static struct conf_option many[CONF_OPTIONS_MAX + 2];
    static const struct conf_option *const many_tables[] = { many, NULL };
    (void)state;
    for (size_t i = 0; i <= CONF_OPTIONS_MAX; i++)
        many[i] = (struct conf_option){ "any", CONF_INT, AT(any) };
    assert_int_equal(conf_init(&conf, many_tables, &target, &arena, &e), ERR_FULL);
    assert_string_equal(e.text, "any: more than 64 options");
    many[CONF_OPTIONS_MAX].name = NULL;
    assert_int_equal(conf_init(&conf, many_tables, &target, &arena, &e), OK);
}

static void no_tables_are_no_options(void **state)
{
    static const struct conf_option *const nothing[] = { NULL };
    (void)state;
    assert_int_equal(conf_init(&conf, nothing, &target, &arena, &e), OK);
    assert_int_equal(set("any", "1", CONF_FROM_FILE), ERR_UNKNOWN);
    assert_string_equal(e.text, "any: unknown option");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_member_gets_its_default),
        TEST(values_of_every_type_are_read),
        TEST(the_first_difference_is_found),
        TEST(flags_know_eight_words),
        TEST(a_bad_value_is_named_with_what_is_allowed),
        TEST(a_long_value_is_cut_in_the_sentence),
        TEST(an_unknown_name_gets_a_suggestion_when_one_is_close),
        TEST(the_label_is_how_the_user_wrote_it),
        TEST(an_option_of_the_command_line_is_refused_elsewhere),
        TEST(the_stronger_origin_wins_in_any_order),
        TEST(a_mistake_does_not_hide_behind_a_stronger_source),
        TEST(values_are_copied),
        TEST(without_memory_the_value_stays),
        TEST(a_bad_default_is_found_at_once),
        TEST(too_many_options_are_refused),
        TEST(no_tables_are_no_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
