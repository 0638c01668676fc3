/* Where the values of options come from, and what is refused. */
#include "service_scene.h"

static void defaults(void **state)
{
    struct start *start = START(NULL);
    (void)state;
    assert_int_equal(start->code, -1);
    assert_int_equal(start->next, 1);
    assert_string_equal(start->conf.id, "bee");
    assert_true(start->conf.stale_after == 90000);
    assert_string_equal(start->conf.common.login.broker, "mqtt://127.0.0.1:1883");
    assert_string_equal(start->conf.common.root, "skep/v1");
    assert_string_equal(start->conf.common.log_format, "auto");
    assert_string_equal(start->conf.common.log_level, "info");
    assert_null(start->conf.common.login.username);
    assert_null(start->conf.common.login.password_file);
    assert_string_equal(start->out, "");
    assert_string_equal(start->err, "");
    start_free(start);
}

/* Each source says its own; the strongest that speaks is heard. */
static void precedence(void **state)
{
    static const struct {
        const char *why, *file, *environment, *option, *want;
    } rows[] = {
        { "default", NULL, NULL, NULL, "bee" },           { "file over default", "f", NULL, NULL, "f" },
        { "environment over file", "f", "e", NULL, "e" }, { "option over environment", "f", "e", "o", "o" },
        { "option over file", "f", NULL, "o", "o" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct start *start;
        char text[64] = "";
        unsetenv("SKEP_ID");
        if (rows[i].file)
            snprintf(text, sizeof text, "[bee]\nid = %s\n", rows[i].file);
        ini_write(text);
        if (rows[i].environment)
            setenv("SKEP_ID", rows[i].environment, 1);
        start = rows[i].option ? START("--id", rows[i].option, "--config", ini) : START("--config", ini);
        if (start->code != -1 || strcmp(start->conf.id, rows[i].want) != 0)
            fail_msg("%s: %d %s", rows[i].why, start->code, start->err);
        start_free(start);
    }
}

static void file_named_by_the_environment(void **state)
{
    struct start *start;
    (void)state;
    ini_write("[bee]\nbroker = mqtts://example:8883\nstale-after=5m\n");
    setenv("SKEP_CONFIG", ini, 1);
    start = START("--", "rose");
    assert_int_equal(start->code, -1);
    assert_string_equal(start->conf.common.login.broker, "mqtts://example:8883");
    assert_true(start->conf.stale_after == 300000);
    assert_int_equal(start->next, 2);
    start_free(start);
}

static void bad_files(void **state)
{
    static const struct {
        const char *why, *text, *want;
    } rows[] = {
        { "unknown key", "[bee]\n\nsting=1\n", ":3: sting: unknown option" },
        { "unknown section", "[bee]\n[wasp]\n", ":2: unknown section [wasp]: must be [bee]" },
        { "repeated section", "[bee]\nid=a\n[bee]\nhttp=x\n", ":3: section [bee] repeated: it began at line 1" },
        { "repeated key", "[bee]\nid=a\nid=b\n", ":3: id: repeated: first given at line 2" },
        { "repeated common key", "[bee]\nroot=a\nroot=a\n", ":3: root: repeated: first given at line 2" },
        { "key before the section", "id=a\n[bee]\n", ":1: id: must come after the line [bee]" },
        { "a file does not name a file", "[bee]\nconfig=x\n", ":2: config: not allowed in the file itself" },
        { "asking belongs to the command line", "[bee]\nhelp=yes\n", ":2: help: only allowed on the command line" },
        { "bad value", "[bee]\nstale-after=1s\n",
          ":2: stale-after 1s: must be a duration such as 200ms, 30s, 5m, 1h between 3s and 1d" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct start *start;
        char want[256];
        ini_write(rows[i].text);
        start = START("--config", ini, "--id", "o"); /* a stronger source hides no mistake */
        snprintf(want, sizeof want, "skep-bee: %s%s\n", ini, rows[i].want);
        if (start->code != EXIT_USAGE || strcmp(start->err, want) != 0 || start->out[0])
            fail_msg("%s: %d %s", rows[i].why, start->code, start->err);
        start_free(start);
    }
}

static void missing_file(void **state)
{
    struct start *start = START("--config", "/nonexistent/bee.ini");
    (void)state;
    assert_int_equal(start->code, EXIT_USAGE);
    assert_string_equal(start->err, "skep-bee: /nonexistent/bee.ini: No such file or directory\n");
    start_free(start);
}

static void usage_errors(void **state)
{
    static const struct {
        const char *why, *words[ARGUMENTS_MAX], *want;
    } rows[] = {
        { "unknown option", { "--sting" }, "skep-bee: --sting: unknown option\n" },
        { "no value", { "--http" }, "skep-bee: --http: needs a value (ADDRESS)\n" },
        { "found by the program's own check",
          { "--http", "1.2.3.4" },
          "skep-bee: --http 1.2.3.4: must be HOST:PORT\n" },
        { "--check-config runs that check",
          { "--check-config", "--http", "1.2.3.4" },
          "skep-bee: --http 1.2.3.4: must be HOST:PORT\n" },
        { "choice", { "--log-format=xml" }, "skep-bee: --log-format xml: must be one of auto|logfmt|json\n" },
        { "no escape sequence reaches the terminal", { "--\033[2J" }, "skep-bee: --?[2J: unknown option\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct start *start = start_with(rows[i].words);
        if (start->code != EXIT_USAGE || strcmp(start->err, rows[i].want) != 0 || start->out[0])
            fail_msg("%s: %d %s", rows[i].why, start->code, start->err);
        start_free(start);
    }
}

/* What stands before the @ of a broker's URI, wherever it comes from. */
static void passwords_are_not_shown(void **state)
{
    static const struct {
        const char *why, *file, *environment, *words[ARGUMENTS_MAX];
    } rows[] = {
        { "an option", NULL, NULL, { "--broker", "mqtt://u:hunter2@h" } },
        { "with a control character", NULL, NULL, { "--broker", "mqtt://u:hunter2@h\x01" } },
        { "in one word", NULL, NULL, { "--broker=mqtt://u:hunter2@h", "--print-config" } },
        { "the environment", NULL, "mqtt://u:hunter2@h", { "--print-config" } },
        { "... behind an option", NULL, "mqtt://u:hunter2@h", { "--print-config", "--broker", "mqtt://h" } },
        { "a file", "[bee]\nbroker = mqtt://u:hunter2@h\n", NULL, { "--print-config", "--config", ini } },
        { "... behind an option",
          "[bee]\nbroker = mqtt://hunter2@h\n",
          NULL,
          { "--broker=mqtt://h", "--config", ini } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct start *start;
        unsetenv("SKEP_BROKER");
        if (rows[i].environment)
            setenv("SKEP_BROKER", rows[i].environment, 1);
        if (rows[i].file)
            ini_write(rows[i].file);
        start = start_with(rows[i].words);
        if (start->code != EXIT_USAGE || !start->err[0] || strstr(start->err, "hunter2") || start->out[0])
            fail_msg("%s: %d %s%s", rows[i].why, start->code, start->err, start->out);
        start_free(start);
    }
    unsetenv("SKEP_BROKER");
}

static void long_uri_is_not_shown(void **state)
{
    char uri[1100] = "mqtt://u:hunter2@";
    struct start *start;
    (void)state;
    memset(uri + strlen(uri), 'h', sizeof uri - strlen(uri) - 1);
    uri[sizeof uri - 1] = '\0';
    start = START("--broker", uri);
    assert_int_equal(start->code, EXIT_USAGE);
    assert_null(strstr(start->err, "hunter2"));
    start_free(start);
}

static void words_that_nobody_reads(void **state)
{
    static const struct {
        const char *why, *words[ARGUMENTS_MAX], *want;
    } rows[] = {
        { "option forgotten", { "1.2.3.4" }, "skep-drone: 1.2.3.4: unexpected argument\n" },
        { "behind --", { "--", "-x" }, "skep-drone: -x: unexpected argument\n" },
        { "not even checked", { "--check-config", "a", "b" }, "skep-drone: a: unexpected argument\n" },
        { "the empty word is one", { "" }, "skep-drone: : unexpected argument\n" },
        { "what may hold a password", { "mqtt://u:pw@h" }, "skep-drone: (a word with @): unexpected argument\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct start *start = program_start(&drone, rows[i].words);
        if (start->code != EXIT_USAGE || strcmp(start->err, rows[i].want) != 0 || start->out[0])
            fail_msg("%s: %d %s", rows[i].why, start->code, start->err);
        start_free(start);
    }
}

static void bad_environment(void **state)
{
    struct start *start;
    (void)state;
    setenv("SKEP_STALE_AFTER", "soon", 1);
    start = START(NULL);
    assert_int_equal(start->code, EXIT_USAGE);
    assert_memory_equal(start->err, "skep-bee: SKEP_STALE_AFTER soon: must be a duration", 51);
    start_free(start);
    start = START("--help"); /* help is there when it is needed most */
    assert_int_equal(start->code, EXIT_OK);
    start_free(start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults, scene_begin),
        cmocka_unit_test_setup(precedence, scene_begin),
        cmocka_unit_test_setup(file_named_by_the_environment, scene_begin),
        cmocka_unit_test_setup(bad_files, scene_begin),
        cmocka_unit_test_setup(missing_file, scene_begin),
        cmocka_unit_test_setup(usage_errors, scene_begin),
        cmocka_unit_test_setup(passwords_are_not_shown, scene_begin),
        cmocka_unit_test_setup(long_uri_is_not_shown, scene_begin),
        cmocka_unit_test_setup(words_that_nobody_reads, scene_begin),
        cmocka_unit_test_setup(bad_environment, scene_begin),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
