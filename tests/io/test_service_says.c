/* What --help, --version, --check-config and --print-config say. */
#include "service_scene.h"

static void version(void **state)
{
    struct start *start = START("--version");
    (void)state;
    assert_int_equal(start->code, EXIT_OK);
    assert_string_equal(start->out, "skep-bee " SKEP_VERSION "\n");
    assert_string_equal(start->err, "");
    start_free(start);
}

static void help(void **state)
{
    static const char *const parts[] = { /* in this order */
                                         "skep-bee - a bee for tests\n",
                                         "\nUsage: skep-bee [OPTIONS] [FLOWER...]\n",
                                         "\nExamples:\n  skep-bee --id maja\n",
                                         "\nOptions:\n",
                                         "--stale-after TIME",
                                         "\nOptions of every program:\n",
                                         "--broker URI",
                                         "-h, --help",
                                         "\nExit codes:\n    0  stopped\n",
                                         "    6  another process holds the id\n"
    };
    struct start *start = START("-h");
    const char *at = start->out;
    (void)state;
    assert_int_equal(start->code, EXIT_OK);
    assert_string_equal(start->err, "");
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        const char *found = strstr(at, parts[i]);
        if (!found)
            fail_msg("%s is missing or in the wrong place:\n%s", parts[i], start->out);
        at = found;
    }
    for (const char *line = start->out; *line; line = strchr(line, '\n') + 1)
        assert_in_range(strcspn(line, "\n"), 0, 80); /* not a terminal: 80 columns */
    start_free(start);
}

static void check_config(void **state)
{
    struct start *start = START("--check-config");
    (void)state;
    assert_int_equal(start->code, EXIT_OK);
    assert_string_equal(start->out, "configuration is valid\n");
    assert_string_equal(start->err, "");
    start_free(start);
}

static void print_config(void **state)
{
    struct start *start;
    (void)state;
    ini_write("[bee]\nhttp=[::1]:80\n");
    setenv("SKEP_STALE_AFTER", "10s", 1);
    start = START("--print-config", "--config", ini, "--password-file", "/etc/skep/password");
    assert_int_equal(start->code, EXIT_OK);
    assert_non_null(strstr(start->out, "[bee]\n# the default\nid = bee\n"));
    assert_non_null(strstr(start->out, "\n# from the file\nhttp = [::1]:80\n"));
    assert_non_null(strstr(start->out, "\n# from the environment\nstale-after = 10s\n"));
    assert_non_null(strstr(start->out, "\n# from an option\npassword-file = /etc/skep/password\n"));
    assert_non_null(strstr(start->out, "\n# the default\nroot = skep/v1\n"));
    start_free(start);
}

/* What one start prints, the next one reads: the same values, now from the file. */
static void printed_config_is_a_file(void **state)
{
    struct start *first, *second;
    (void)state;
    ini_write("[bee]\nhttp=[::1]:80\n");
    setenv("SKEP_STALE_AFTER", "10s", 1);
    first = START("--print-config", "--config", ini, "--username", "a#b # c", "--log-level=debug");
    unsetenv("SKEP_STALE_AFTER");
    ini_write(first->out);
    start_free(first);

    second = START("--config", ini);
    assert_string_equal(second->err, "");
    assert_int_equal(second->code, -1);
    assert_string_equal(second->conf.id, "bee");
    assert_string_equal(second->conf.http, "[::1]:80");
    assert_true(second->conf.stale_after == 10000);
    assert_string_equal(second->conf.common.login.username, "a#b # c");
    assert_string_equal(second->conf.common.log_level, "debug");
    assert_null(second->conf.common.login.cafile);
    start_free(second);
}

static void full_stdout_is_a_failure(void **state)
{
    struct start *start;
    (void)state;
    snprintf(out_path, sizeof out_path, "/dev/full");
    start = START("--version");
    clearerr(stdout);
    assert_int_equal(start->code, EXIT_FAILED);
    assert_string_equal(start->err, "skep-bee: cannot write to stdout\n");
    start_free(start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(version, scene_begin),
        cmocka_unit_test_setup(help, scene_begin),
        cmocka_unit_test_setup(check_config, scene_begin),
        cmocka_unit_test_setup(print_config, scene_begin),
        cmocka_unit_test_setup(printed_config_is_a_file, scene_begin),
        cmocka_unit_test_setup(full_stdout_is_a_failure, scene_begin),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
