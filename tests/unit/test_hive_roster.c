#include "roster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct roster roster;

static int setup(void **state)
{
    (void)state;
    roster_init(&roster);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    roster_clear(&roster);
    return 0;
}

/* Lines of `[section]` and `key = value`, as the reader of INI files hands them on; ends at the first error. */
static enum err feed(const char *text, struct errbuf *e)
{
    static char section[64];
    struct text rest = text_of(text);
    int line = 0;
    while (rest.at) {
        struct text value = text_split(&rest, '\n'), key;
        char key_text[128], value_text[256];
        enum err err;
        line++;
        if (value.len == 0)
            continue;
        if (value.at[0] == '[') {
            snprintf(section, sizeof section, "%.*s", (int)value.len - 2, value.at + 1);
            err = roster_key(&roster, section, NULL, NULL, line, e);
        } else {
            key = text_split(&value, '=');
            snprintf(key_text, sizeof key_text, "%.*s", (int)key.len, key.at);
            snprintf(value_text, sizeof value_text, "%.*s", (int)value.len, value.at);
            err = roster_key(&roster, section, key_text, value_text, line, e);
        }
        if (err != OK)
            return err;
    }
    return roster_check(&roster, "hive.ini", e);
}

static void sections_become_workers(void **state)
{
    struct errbuf e = { 0 };
    const struct roster_entry *w1, *w2;
    (void)state;
    assert_int_equal(feed("[worker \"w1\"]\ncommand=python3 'my serve.py'\ninterval=5s\nrestart=on-failure\n"
                          "environment=A=1\nenvironment=B=x=y\ndirectory=/srv\n[worker \"w2\"]\ncommand=true",
                          &e),
                     OK);
    assert_int_equal(roster.count, 2);
    w1 = roster_find(&roster, "w1");
    w2 = roster_find(&roster, "w2");
    assert_string_equal(w1->name, "w1");
    assert_string_equal(w1->command[0], "python3");
    assert_string_equal(w1->command[1], "my serve.py");
    assert_null(w1->command[2]);
    assert_int_equal(w1->interval, 5000);
    assert_int_equal(w1->restart, RESTART_ON_FAILURE);
    assert_int_equal(w1->environment_count, 2);
    assert_string_equal(w1->environment[0], "A=1");
    assert_string_equal(w1->environment[1], "B=x=y");
    assert_string_equal(w1->directory, "/srv");
    assert_int_equal(w1->line, 1);
    assert_int_equal(w2->line, 8);
    assert_int_equal(w2->interval, 0);
    assert_int_equal(w2->restart, RESTART_ALWAYS);
    assert_null(w2->directory);
    assert_null(roster_find(&roster, "w3"));
}

static void whose_section_it_is(void **state)
{
    (void)state;
    assert_true(roster_is_section("worker \"w1\""));
    assert_true(roster_is_section("worker \"")); /* to be refused with a sentence of its own */
    assert_false(roster_is_section("worker"));
    assert_false(roster_is_section("hive"));
    assert_false(roster_is_section(""));
}

#define W1 "[worker \"w1\"]\n"

static void what_is_refused(void **state)
{
    static const struct {
        const char *why, *text;
        enum err err;
        const char *sentence;
    } rows[] = {
        { "no name", "[worker \"\"]", ERR_ID, "worker" },
        { "no closing quote", "[worker \"w1]", ERR_SYNTAX, "[worker \"NAME\"]" },
        { "nothing behind the quote", "[worker \"]", ERR_SYNTAX, "[worker \"NAME\"]" },
        { "no id", "[worker \"a b\"]", ERR_ID, "a b" },
        { "listed twice", W1 "command=a\n" W1, ERR_DUPLICATE, "worker w1 is listed twice" },
        { "a key twice", W1 "interval=1s\ninterval=2s", ERR_DUPLICATE, "interval is given twice" },
        { "an unknown key", W1 "user=me", ERR_UNKNOWN, "user: a worker has command" },
        { "an open quote", W1 "command=a 'b", ERR_SYNTAX, "quote" },
        { "an open quote in a feed", W1 "feed=a 'b", ERR_SYNTAX, "feed: a quote" },
        { "an empty feed", W1 "feed=", ERR_SYNTAX, "feed: is empty" },
        { "an empty command", W1 "command=", ERR_RANGE, "command: is empty" },
        { "no duration", W1 "interval=5", ERR_RANGE, "interval 5: must be a duration" },
        { "too short an interval", W1 "interval=49ms", ERR_RANGE, "from 50ms to 1d" },
        { "too long an interval", W1 "interval=25h", ERR_RANGE, "from 50ms to 1d" },
        { "an unknown policy", W1 "restart=Always", ERR_RANGE, "must be always, on-failure or never" },
        { "no assignment", W1 "environment=A", ERR_SYNTAX, "KEY=VALUE" },
        { "an assignment to nothing", W1 "environment==1", ERR_SYNTAX, "KEY=VALUE" },
        { "a name of the agent's", W1 "environment=SKEP_SESSION=1", ERR_REFUSED, "belong to the agent" },
        { "a watchdog that would be dropped", W1 "environment=WATCHDOG_USEC=2000000", ERR_REFUSED, "watchdog = TIME" },
        { "a service manager of its own", W1 "environment=NOTIFY_SOCKET=/x", ERR_REFUSED, "the agent sets it" },
        { "a watchdog without a unit", W1 "watchdog=30", ERR_RANGE, "must be a duration" },
        { "a watchdog that never ends", W1 "watchdog=2d", ERR_RANGE, "up to 1d" },
        { "a relative directory", W1 "directory=srv", ERR_RANGE, "absolute" },
        { "no command", W1 "interval=5s", ERR_MISSING, "hive.ini:1: worker w1 has no command" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        enum err err;
        roster_clear(&roster);
        err = feed(rows[i].text, &e);
        if (err != rows[i].err || !strstr(e.text, rows[i].sentence))
            fail_msg("%s: %s, %s", rows[i].why, err_name(err), e.text);
    }
}

static void there_is_an_end_to_workers(void **state)
{
    struct errbuf e = { 0 };
    char section[64];
    (void)state;
    for (int i = 0; i < ROSTER_MAX; i++) {
        snprintf(section, sizeof section, "worker \"w%d\"", i);
        assert_int_equal(roster_key(&roster, section, NULL, NULL, i + 1, &e), OK);
    }
    assert_int_equal(roster_key(&roster, "worker \"more\"", NULL, NULL, 9999, &e), ERR_FULL);
}

static void there_is_an_end_to_variables(void **state)
{
    struct errbuf e = { 0 };
    (void)state;
    assert_int_equal(roster_key(&roster, "worker \"w1\"", NULL, NULL, 1, &e), OK);
    for (int i = 0; i < ROSTER_ENVIRONMENT_MAX; i++)
        assert_int_equal(roster_key(&roster, "worker \"w1\"", "environment", "A=1", 2, &e), OK);
    assert_int_equal(roster_key(&roster, "worker \"w1\"", "environment", "A=1", 3, &e), ERR_FULL);
    assert_null(roster.entries[0].environment[ROSTER_ENVIRONMENT_MAX]);
}

/* Whatever the moment at which memory runs out: an error, and no crash. */
static void memory_may_run_out(void **state)
{
    static const char text[] = W1 "command=a b\nenvironment=A=1\ndirectory=/srv";
    enum err err = ERR_NOMEM;
    (void)state;
    for (size_t limit = 1; err != OK; limit += 8) {
        struct errbuf e = { 0 };
        roster_clear(&roster);
        roster.arena = (struct arena){ .limit = limit };
        err = feed(text, &e);
        assert_true(err == OK || err == ERR_NOMEM);
        assert_true(limit < 4096);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sections_become_workers, setup, tear_down),
        cmocka_unit_test(whose_section_it_is),
        cmocka_unit_test_setup_teardown(what_is_refused, setup, tear_down),
        cmocka_unit_test_setup_teardown(there_is_an_end_to_workers, setup, tear_down),
        cmocka_unit_test_setup_teardown(there_is_an_end_to_variables, setup, tear_down),
        cmocka_unit_test_setup_teardown(memory_may_run_out, setup, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
