/* What a command prints, where that goes to one place with the agent's log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define LINES "50000"
#define SCRIPT "seq 1 " LINES "; printf unended; exit 3"

/* An agent whose log and output are one pipe; the test is its reader. */
static void start_in_one_pipe(void **state, struct program *agent, const char *id)
{
    const char *words[] = { "/bin/sh",
                            "-c",
                            "exec \"$@\" 2>&1",
                            "sh",
                            AGENT_PROGRAM,
                            "--broker",
                            fixture_broker_uri(state),
                            "--id",
                            id,
                            "--interval",
                            "1h",
                            "--exec",
                            "--",
                            "/bin/sh",
                            "-c",
                            SCRIPT,
                            NULL };
    program_start(agent, words, NULL, false);
}

static void each_line_comes_or_is_counted(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    long seen = 0, last = 0, dropped = 0;
    bool has_end = false;
    const char *line;
    start_in_one_pipe(state, &agent, "prints");
    while (*(line = program_read_line(&agent))) {
        const char *count = strstr(line, " count=");
        if (strcmp(line, "unended") == 0) {
            has_end = true;
        } else if (!strstr(line, "level=")) {
            assert_true(atol(line) > last); /* whole, and in order */
            last = atol(line);
            seen++;
        } else if (count && strstr(line, "printed were dropped")) {
            dropped += atol(count + strlen(" count="));
        }
    }
    print_message("%ld lines, %ld dropped\n", seen, dropped);
    assert_int_equal(seen + dropped + has_end, atol(LINES) + 1);
    await_worker(watcher, "prints", "presence", "process_exited", "\"code\":3", NULL);
    program_clear(&agent);
    watcher_close(watcher);
}

static void nobody_reads(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    start_in_one_pipe(state, &agent, "unread");
    await_worker(watcher, "unread", "presence", "process_exited", "\"code\":3", NULL);
    (void)program_wait(&agent);
    program_clear(&agent);
    watcher_close(watcher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_comes_or_is_counted),
        cmocka_unit_test(nobody_reads),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
