#include "command_hint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const commands[] = { "ps", "describe", "verify", "wait", "events", "health", "hive", NULL };

static const struct {
    const char *word, *hint, *why;
} rows[] = {
    { "pss", "; did you mean skep ps?", "one letter too many" },
    { "desc", "; did you mean skep describe?", "the beginning of a command" },
    { "descirbe", "; did you mean skep describe?", "two letters swapped" },
    { "e", "; did you mean skep events?", "the first of those that begin so" },
    { "get", "; did you mean skep ps?", "kubectl" },
    { "inspect", "; did you mean skep describe WORKER?", "docker" },
    { "is-active", "; did you mean skep wait WORKER --timeout 0s?", "systemctl" },
    { "start", "; a hive starts its workers, on request: docs/protocol.md", "what hives do" },
    { "top", "; did you mean skep ps --watch?", "another tool's word goes before a similar one" },
    { "apply", "", "nothing is like it" },
    { "", "", "no word" },
};

static void a_word_that_is_no_command(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_clear(buf) hint = BUF_INIT;
        command_hint_add(&hint, rows[i].word, commands);
        if (strcmp(buf_str(&hint), rows[i].hint) != 0)
            fail_msg("%s: %s", rows[i].why, buf_str(&hint));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_word_that_is_no_command) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
