#include "launch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buf.h"

static char serve[] = "serve", port[] = "--port=1", keep[] = "--keep-alive=7s", broker[] = "--broker=mqtt://b";
static char a_one[] = "A=1", a_two[] = "A=2", ab[] = "AB=3", path[] = "PATH=/bin", level[] = "SKEP_LOG_LEVEL=debug";
static char *command[] = { serve, port, NULL };
static char *words[] = { broker, keep, NULL };
static char *variables[] = { level, NULL };
static char *environment[] = { path, a_one, ab, NULL };

static struct arena arena;

static int tear_down(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static struct launch_options options(void)
{
    return (struct launch_options){ "hive-a", words, environment, variables };
}

static struct roster_entry entry(void)
{
    return (struct roster_entry){ .name = "w1", .command = command };
}

static void check_strings(char *const *strings, const char *want)
{
    struct buf all = BUF_INIT;
    for (; *strings; strings++)
        buf_printf(&all, "%s%s", all.len ? " " : "", *strings);
    assert_string_equal(buf_str(&all), want);
    buf_clear(&all);
}

static void the_words_of_an_agent(void **state)
{
    struct launch_options common = options();
    struct roster_entry worker = entry();
    struct launch launch;
    (void)state;
    assert_int_equal(launch_make(&arena, &common, &worker, 1, &launch), OK);
    check_strings(launch.words,
                  "skep-worker --broker=mqtt://b --keep-alive=7s --hive=hive-a --id=w1 --exec -- serve --port=1");
    worker.watchdog = "30s";
    worker.feed = "skep-probe tcp tcp://127.0.0.1:1";
    worker.interval = 1500; /* comes behind what all agents are told, which it overrules */
    assert_int_equal(launch_make(&arena, &common, &worker, 1, &launch), OK);
    check_strings(launch.words, "skep-worker --broker=mqtt://b --keep-alive=7s --hive=hive-a --id=w1 --interval=1500ms "
                                "--watchdog=30s --feed=skep-probe tcp tcp://127.0.0.1:1 "
                                "--exec -- serve --port=1");
}

static void the_environment_of_an_agent(void **state)
{
    static char http[] = "SKEP_HTTP=x", socket[] = "NOTIFY_SOCKET=/x", watchdog[] = "WATCHDOG_USEC=1", odd[] = "ODD",
                listen[] = "LISTEN_FDS=1", watched[] = "WATCHDOG_PID=7";
    static char *full[] = { http, path, socket, a_one, watchdog, ab, odd, listen, watched, NULL };
    struct launch_options common = options();
    struct roster_entry worker = entry();
    struct launch launch;
    (void)state;
    common.environment = full;
    worker.environment[0] = a_two;
    worker.environment_count = 1;
    assert_int_equal(launch_make(&arena, &common, &worker, 0xabc, &launch), OK);
    check_strings(launch.environment,
                  "PATH=/bin AB=3 ODD A=2 SKEP_LOG_LEVEL=debug SKEP_SESSION=0000000000000abc SKEP_GATE_FD=3");
}

static uint64_t fingerprint(const struct launch_options *common, const struct roster_entry *worker)
{
    uint64_t ret;
    assert_int_equal(launch_fingerprint(&arena, common, worker, &ret), OK);
    assert_true(ret != 0);
    return ret;
}

static void what_is_another_launch(void **state)
{
    static char other[] = "--keep-alive=8s", sleep[] = "sleep", joined[] = "serve--port=1";
    static char *other_words[] = { broker, other, NULL }, *other_command[] = { sleep, NULL };
    static char *joined_command[] = { joined, NULL };
    struct launch_options common = options(), retold = options();
    struct roster_entry worker = entry(), changed;
    uint64_t same = fingerprint(&common, &worker);
    (void)state;
    retold.words = other_words;
    assert_true(fingerprint(&retold, &worker) != same);
    changed = entry();
    changed.command = other_command;
    assert_true(fingerprint(&common, &changed) != same);
    changed.command = joined_command; /* words are kept apart */
    assert_true(fingerprint(&common, &changed) != same);
    changed = entry();
    changed.interval = 1;
    assert_true(fingerprint(&common, &changed) != same);
    changed = entry();
    changed.directory = "/srv";
    assert_true(fingerprint(&common, &changed) != same);
    changed = entry();
    changed.environment[0] = a_one;
    changed.environment_count = 1;
    assert_true(fingerprint(&common, &changed) != same);
}

static void what_is_the_same_launch(void **state)
{
    static char *none[] = { NULL };
    struct launch_options common = options(), elsewhere = options();
    struct roster_entry worker = entry(), changed = entry();
    (void)state;
    elsewhere.environment = none;
    elsewhere.variables = none;
    changed.restart = RESTART_NEVER;
    changed.line = 99;
    assert_true(fingerprint(&elsewhere, &changed) == fingerprint(&common, &worker));
}

/* Written down, it must mean the same to a later version. */
static void a_fingerprint_is_for_good(void **state)
{
    struct launch_options common = options();
    struct roster_entry worker = entry();
    (void)state;
    assert_int_equal(fingerprint(&common, &worker), 0xe7d968cf7f5bdf52);
}

static void memory_may_run_out(void **state)
{
    struct launch_options common = options();
    struct roster_entry worker = entry();
    struct launch launch;
    enum err err = ERR_NOMEM;
    (void)state;
    worker.interval = 1000;
    for (size_t limit = 1; err != OK; limit += 16) {
        struct arena small;
        uint64_t hash;
        small = (struct arena){ .limit = limit };
        err = launch_make(&small, &common, &worker, 1, &launch);
        assert_true(err == OK || err == ERR_NOMEM);
        if (err == OK)
            assert_int_equal(launch_fingerprint(&small, &common, &worker, &hash), ERR_NOMEM);
        arena_clear(&small);
        assert_true(limit < 65536);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_of_an_agent),     cmocka_unit_test(the_environment_of_an_agent),
        cmocka_unit_test(what_is_another_launch),    cmocka_unit_test(what_is_the_same_launch),
        cmocka_unit_test(a_fingerprint_is_for_good), cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
