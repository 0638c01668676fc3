#include "conf_table.h"

static void help_is_aligned(void **state)
{
    struct buf help = BUF_INIT;
    (void)state;
    conf_help(tables, 100, &help);
    assert_string_equal(buf_str(&help),
                        "  -h, --help               this text\n"
                        "      --id ID              name of this queen (default: queen; SKEP_ID)\n"
                        "      --state-dir DIR      where the state is kept (SKEP_STATE_DIR)\n"
                        "      --title TEXT         a short title (SKEP_TITLE)\n"
                        "  -o, --output FORMAT      help text (default: table; SKEP_OUTPUT)\n"
                        "      --watch              print changes only (SKEP_WATCH)\n"
                        "      --max-workers N      upper limit (default: 100; SKEP_MAX_WORKERS)\n"
                        "      --offset N           a negative number (SKEP_OFFSET)\n"
                        "      --any N              a number without bounds (SKEP_ANY)\n"
                        "      --max-state SIZE     memory for all documents (default: 512MiB; SKEP_MAX_STATE)\n"
                        "      --stale-after TIME   silence after which a sender that declares no lease is lost "
                        "(default:\n"
                        "                           90s; SKEP_STALE_AFTER)\n"
                        "      --wait TIME          a duration without bounds (default: 0; SKEP_WAIT)\n"
                        "      --session HEX16      the session (SKEP_SESSION)\n");
    buf_clear(&help);
}

static void help_keeps_to_its_width(void **state)
{
    (void)state;
    for (int width = 50; width <= 200; width++) {
        struct buf help = BUF_INIT;
        conf_help(tables, width, &help);
        struct text rest = buf_text(&help);
        while (rest.at) {
            struct text line = text_split(&rest, '\n');
            assert_true(line.len <= (size_t)width);
            assert_true(line.len == 0 || line.at[line.len - 1] != ' ');
        }
        buf_clear(&help);
    }
}

static void help_stays_readable_on_any_terminal(void **state)
{
    static const struct conf_option wordy[] = {
        { "a-name-that-is-longer-than-others", CONF_TEXT, AT(title), .arg = "PLACEHOLDER", .help = "in the next line" },
        { "id", CONF_ID, AT(id), .arg = "ID", .command_line_only = true, .fallback = "q",
          .help = "see https://example.org/a/word/that/does/not/fit" },
        { "any", CONF_INT, AT(any) },
        { 0 },
    };
    static const struct conf_option *const wordy_tables[] = { wordy, NULL };
    static const int widths[] = { -1, 0, 10, 37 };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
        struct buf help = BUF_INIT;
        conf_help(wordy_tables, widths[i], &help);
        assert_string_equal(buf_str(&help), "      --a-name-that-is-longer-than-others PLACEHOLDER\n"
                                            "                in the next line\n"
                                            "                (SKEP_A_NAME_THAT_IS_LONGER_THAN_OTHERS)\n"
                                            "      --id ID   see\n"
                                            "                https://example.org/a/word/that/does/not/fit\n"
                                            "                (default: q)\n"
                                            "      --any     (SKEP_ANY)\n");
        buf_clear(&help);
    }
}

static void every_value_is_printed_with_its_origin(void **state)
{
    struct buf printed = BUF_INIT;
    (void)state;
    assert_int_equal(set("id", "q1", CONF_FROM_FILE), OK);
    assert_int_equal(set("stale-after", "120s", CONF_FROM_ENVIRONMENT), OK);
    assert_int_equal(set("watch", "yes", CONF_FROM_OPTION), OK);
    assert_int_equal(set("session", "00C0FFEE00000001", CONF_FROM_OPTION), OK);
    conf_print(&conf, &printed);
    assert_string_equal(buf_str(&printed), "# from the file\nid = q1\n"
                                           "# the default\nstate-dir = \n"
                                           "# title is not set\n"
                                           "# the default\noutput = table\n"
                                           "# from an option\nwatch = true\n"
                                           "# the default\nmax-workers = 100\n"
                                           "# the default\noffset = 0\n"
                                           "# the default\nany = 0\n"
                                           "# the default\nmax-state = 512MiB\n"
                                           "# from the environment\nstale-after = 2m\n"
                                           "# the default\nwait = 0\n"
                                           "# from an option\nsession = 00c0ffee00000001\n");
    buf_clear(&printed);
}

static void an_absent_session_is_printed_as_absent(void **state)
{
    struct buf printed = BUF_INIT;
    (void)state;
    conf_print(&conf, &printed);
    assert_non_null(strstr(buf_str(&printed), "\n# session is not set\n"));
    assert_non_null(strstr(buf_str(&printed), "\n# the default\nwatch = false\n"));
    buf_clear(&printed);
}

static void writers_that_run_out_of_room_say_so(void **state)
{
    struct buf small = { .limit = 100 };
    (void)state;
    conf_help(tables, 80, &small);
    assert_false(buf_ok(&small));
    buf_reset(&small);
    conf_print(&conf, &small);
    assert_false(buf_ok(&small));
    buf_clear(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(help_is_aligned),
        TEST(help_keeps_to_its_width),
        TEST(help_stays_readable_on_any_terminal),
        TEST(every_value_is_printed_with_its_origin),
        TEST(an_absent_session_is_printed_as_absent),
        TEST(writers_that_run_out_of_room_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
