/* How the agent ends, and what the fleet is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "fixture.h"

/* A child that says its pid and lives until it is ended. */
#define LASTING "--exec", "--", "/bin/sh", "-c", "echo $$; exec sleep 1000"

static void exit_codes(void **state)
{
    static const struct {
        const char *reason, *words[10];
        int code, signal;
    } rows[] = {
        { "a clean end", { "--id", "code", "--exec", "--", "/bin/true" }, 0, 0 },
        { "found by PATH", { "--id", "code", "--exec", "--", "true" }, 0, 0 },
        { "a code of its own", { "--id", "code", "--exec", "--", "/bin/sh", "-c", "exit 3" }, 3, 0 },
        { "125 can be the child's, too", { "--id", "code", "--exec", "--", "/bin/sh", "-c", "exit 125" }, 125, 0 },
        { "a crash", { "--id", "code", "--exec", "--", "/bin/sh", "-c", "kill -SEGV $$" }, 0, SIGSEGV },
        { "killed", { "--id", "code", "--exec", "--", "/bin/sh", "-c", "kill -KILL $$" }, 0, SIGKILL },
        { "no such command", { "--id", "code", "--exec", "--", "no-such-command-here" }, 127, 0 },
        { "no such path", { "--id", "code", "--exec", "--", "/no/such/command" }, 127, 0 },
        { "not executable", { "--id", "code", "--exec", "--", "/etc/passwd" }, 126, 0 },
        { "a folder", { "--id", "code", "--exec", "--", "/etc" }, 126, 0 },
        { "no source", { "--id", "code" }, 2, 0 },
        { "two sources", { "--id", "code", "--stdin", "--simulate" }, 2, 0 },
        { "no id", { "--simulate" }, 2, 0 },
        { "no command", { "--id", "code", "--exec", "--" }, 2, 0 },
        { "a command without --exec", { "--id", "code", "--simulate", "--", "/bin/true" }, 2, 0 },
        { "not on the loopback", { "--id", "code", "--simulate", "--http", "0.0.0.0:0" }, 2, 0 },
        { "half a second", { "--id", "code", "--simulate", "--keep-alive", "500ms" }, 2, 0 },
        { "five and a half seconds", { "--id", "code", "--simulate", "--keep-alive", "5500ms" }, 2, 0 },
        { "no broker", { "--id", "code", "--broker", "http://x", "--exec", "--", "/bin/true" }, 2, 0 },
        { "a wildcard in the root", { "--id", "code", "--root", "a/#", "--simulate" }, 2, 0 },
        { "a certificate without its key", { "--id", "code", "--cert", "x", "--simulate" }, 2, 0 },
        { "no id of the allowed form", { "--id", "a/b", "--simulate" }, 2, 0 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *words[16] = { AGENT_PROGRAM, "--broker", fixture_broker_uri(state) };
        struct program agent;
        int status;
        print_message("%s\n", rows[i].reason);
        for (size_t n = 0; rows[i].words[n]; n++)
            words[3 + n] = rows[i].words[n];
        program_start(&agent, words, NULL, false);
        status = program_wait(&agent);
        assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0, rows[i].signal);
        assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : 0, rows[i].code);
        program_clear(&agent);
    }
}

static void without_a_broker_the_child_runs_all_the_same(void **state)
{
    static const char *const words[] = {
        AGENT_PROGRAM, "--broker", "mqtt://127.0.0.1:1", "--id", "lonely", "--exec", "--",
        "/bin/sh",     "-c",       "echo here; exit 3",  NULL
    };
    struct program agent;
    (void)state;
    program_start(&agent, words, NULL, false);
    assert_string_equal(program_read_line(&agent), "here");
    assert_int_equal(WEXITSTATUS(program_wait(&agent)), 3);
    program_clear(&agent);
}

/* The child reads a line from the agent's standard input, then does what the script says. */
static void ends_of_children(void **state)
{
    static const struct {
        const char *reason, *id, *script;
        const char *texts[4];
    } rows[] = {
        { "a crash",
          "crash",
          "read x; kill -SEGV $$",
          { "\"presence\":\"stale\"", "\"cause\":\"process_exited\"", "\"code\":139,\"signal\":\"SIGSEGV\"",
            "\"oom\":" } },
        { "a failure",
          "failure",
          "read x; exit 3",
          { "\"presence\":\"stale\"", "\"cause\":\"process_exited\"", "\"code\":3,\"signal\":null", "\"oom\":" } },
        { "a TERM from somebody else",
          "killed",
          "read x; kill -TERM $$",
          { "\"presence\":\"stale\"", "\"cause\":\"process_exited\"", "\"code\":143,\"signal\":\"SIGTERM\"",
            "\"oom\":" } },
        { "a clean end",
          "clean",
          "read x; exit 0",
          { "\"presence\":\"offline\"", "\"cause\":\"goodbye\"", "\"exit\":null", "\"interval_ms\":" } },
    };
    struct watcher *watcher = fixture_watch(state);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct watcher *later;
        struct program agent;
        print_message("%s\n", rows[i].reason);
        agent_start_with(state, &agent, NULL, rows[i].id, "--exec", "--", "/bin/sh", "-c", rows[i].script, NULL);
        await_worker(watcher, rows[i].id, "presence", "\"presence\":\"online\"", NULL);
        assert_int_equal(write(agent.input, "\n", 1), 1);
        program_wait(&agent);
        later = fixture_watch(state); /* what is retained is what it said last */
        await_worker_latest(later, rows[i].id, "presence", rows[i].texts[0], rows[i].texts[1], rows[i].texts[2],
                            rows[i].texts[3], NULL);
        assert_int_equal(count_of_worker(later, rows[i].id, "presence", "connection_lost"), 0);
        watcher_close(later);
        program_clear(&agent);
    }
    watcher_close(watcher);
}

/* A trap shows that the child was told with TERM, and the code that it is the child's. */
static void an_end_that_was_asked_for_is_a_goodbye(void **state)
{
    static const struct {
        const char *reason, *id, *script;
        int number, code, signal;
    } rows[] = {
        { "TERM, and the child cleans up", "term", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done",
          SIGTERM, 5, 0 },
        { "TERM, and the child dies of it", "died", "echo ready; exec sleep 1000", SIGTERM, 0, SIGTERM },
        { "INT is TERM for the child", "int", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done", SIGINT, 5,
          0 },
        { "HUP is handed on", "hup", "trap 'exit 6' HUP; echo ready; while :; do sleep 0.05; done", SIGHUP, 6, 0 },
        { "HUP that ends the child", "hup2", "echo ready; exec sleep 1000", SIGHUP, 0, SIGHUP },
    };
    struct watcher *watcher = fixture_watch(state);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool is_crash = rows[i].number == SIGHUP && rows[i].code != 0;
        struct program agent;
        int status;
        print_message("%s\n", rows[i].reason);
        agent_start(state, &agent, rows[i].id, "--exec", "--", "/bin/sh", "-c", rows[i].script, NULL);
        assert_string_equal(program_read_line(&agent), "ready");
        await_worker(watcher, rows[i].id, "presence", "\"presence\":\"online\"", NULL);
        kill(agent.pid, rows[i].number);
        status = program_wait(&agent);
        assert_int_equal(WIFSIGNALED(status) ? WTERMSIG(status) : 0, rows[i].signal);
        assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : 0, rows[i].code);
        await_worker_latest(watcher, rows[i].id, "presence",
                            is_crash ? "\"cause\":\"process_exited\"" : "\"cause\":\"goodbye\"", NULL);
        program_clear(&agent);
    }
    watcher_close(watcher);
}

/* After 10 s. The agent ends like its child, and it is a goodbye all the same. */
static void a_child_that_does_not_listen_is_killed(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    agent_start(state, &agent, "deaf", "--exec", "--", "/bin/sh", "-c",
                "trap '' TERM; echo ready; while :; do sleep 0.05; done", NULL);
    assert_string_equal(program_read_line(&agent), "ready");
    await_worker(watcher, "deaf", "presence", "\"presence\":\"online\"", NULL);
    kill(agent.pid, SIGTERM);
    assert_int_equal(WTERMSIG(program_wait(&agent)), SIGKILL);
    await_worker_latest(watcher, "deaf", "presence", "\"cause\":\"goodbye\"", NULL);
    program_clear(&agent);
    watcher_close(watcher);
}

static void a_killed_agent(void **state)
{
    static const struct {
        const char *reason, *id, *on_death;
        bool child_dies;
    } rows[] = {
        { "takes its child along", "kill9", "kill", true },
        { "leaves its child when told to", "kill9b", "leave", false },
    };
    struct watcher *watcher = fixture_watch(state);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct program agent;
        pid_t child;
        print_message("%s\n", rows[i].reason);
        agent_start(state, &agent, rows[i].id, "--on-agent-death", rows[i].on_death, LASTING, NULL);
        child = (pid_t)atoi(program_read_line(&agent));
        assert_true(program_exists(child));
        assert_int_equal(getpgid(child), child);
        await_worker(watcher, rows[i].id, "presence", "\"presence\":\"online\"", NULL);
        kill(agent.pid, SIGKILL);
        program_wait(&agent);
        await_worker_latest(watcher, rows[i].id, "presence", "\"presence\":\"stale\"", "\"cause\":\"connection_lost\"",
                            NULL);
        if (rows[i].child_dies)
            program_await_gone(child);
        assert_int_equal(program_exists(child), !rows[i].child_dies);
        kill(child, SIGKILL);
        program_clear(&agent);
    }
    watcher_close(watcher);
}

static pid_t parent_of(pid_t pid)
{
    char path[64], text[512] = "";
    FILE *file;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    return (pid_t)atoi(strrchr(text, ')') + sizeof ") S"); /* state, then the parent */
}

/* Somebody stops the guard, which stands between them. */
static void a_stopped_guard(void **state)
{
    static const struct {
        const char *reason, *id, *text;
        bool is_agents; /* the signal; else it is the command's */
        int number;
    } rows[] = {
        { "hides no death", "hides", "\"cause\":\"process_exited\"", false, SIGKILL },
        { "does not hold up a stop", "holds", "\"cause\":\"goodbye\"", true, SIGTERM },
        { "ends all when the agent is killed", "ends", "\"cause\":\"connection_lost\"", true, SIGKILL },
    };
    struct watcher *watcher = fixture_watch(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct program agent;
        pid_t child;
        print_message("%s\n", rows[i].reason);
        agent_start(state, &agent, rows[i].id, LASTING, NULL);
        child = (pid_t)atoi(program_read_line(&agent));
        await_worker(watcher, rows[i].id, "presence", "\"presence\":\"online\"", NULL);
        program_halt(parent_of(child));
        kill(rows[i].is_agents ? agent.pid : child, rows[i].number);
        await_worker_latest(watcher, rows[i].id, "presence", rows[i].text, NULL);
        program_await_gone(child);
        (void)program_wait(&agent);
        program_clear(&agent);
    }
    watcher_close(watcher);
}

/* The session goes into the documents, and neither it nor the password's place reaches the child. */
static void the_session_is_the_agents(void **state)
{
    static const char *const environment[] = { "SKEP_SESSION=00000000000000ab", "WATCHDOG_USEC=1000000",
                                               "SKEP_PASSWORD_FILE=/proc/sys/kernel/ostype", "FLAVOUR=sweet", NULL };
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    agent_start_with(state, &agent, environment, "session", "--exec", "--", "/bin/sh", "-c",
                     "echo ${SKEP_SESSION-none} ${SKEP_PASSWORD_FILE-none} ${WATCHDOG_USEC-none} $FLAVOUR; read x",
                     NULL);
    assert_string_equal(program_read_line(&agent), "none none none sweet");
    await_worker(watcher, "session", "presence", "\"session\":\"00000000000000ab\"", NULL);
    program_clear(&agent);
    watcher_close(watcher);
}

/* The command ends, and another process is its main one: it goes on, and its death is the worker's. */
static void a_main_process_outlives_its_command(void **state)
{
    static const char *const ways[] = { "fork", "daemon" };
    struct watcher *watcher = fixture_watch(state);
    for (size_t i = 0; i < 2; i++) {
        struct program agent;
        char pid[32];
        pid_t child;
        agent_start(state, &agent, ways[i], "--interval", "200ms", "--exec", "--", SPEAKER_PROGRAM, ways[i], "READY=1",
                    NULL);
        child = (pid_t)atoi(program_read_line(&agent));
        snprintf(pid, sizeof pid, "\"pid\":%d,", (int)child);
        await_worker_latest(watcher, ways[i], "heartbeat", pid, "\"status\":\"idle\"", NULL);
        assert_int_equal(count_of_worker(watcher, ways[i], "presence", "\"goodbye\""), 0);
        kill(child, SIGKILL);
        await_worker_latest(watcher, ways[i], "presence", "\"presence\":\"stale\"", "process_exited",
                            "\"signal\":\"SIGKILL\"", NULL);
        assert_int_not_equal(program_wait(&agent), 0);
        program_clear(&agent);
    }
    watcher_close(watcher);
}

static void a_main_process_is_stopped(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    pid_t child;
    agent_start(state, &agent, "apart", "--interval", "200ms", "--exec", "--", SPEAKER_PROGRAM, "daemon", "READY=1",
                NULL);
    child = (pid_t)atoi(program_read_line(&agent));
    await_worker_latest(watcher, "apart", "heartbeat", "\"status\":\"idle\"", NULL);
    kill(agent.pid, SIGTERM);
    await_worker_latest(watcher, "apart", "presence", "\"goodbye\"", NULL);
    program_await_gone(child);
    (void)program_wait(&agent);
    program_clear(&agent);
    watcher_close(watcher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes),
        cmocka_unit_test(without_a_broker_the_child_runs_all_the_same),
        cmocka_unit_test(ends_of_children),
        cmocka_unit_test(an_end_that_was_asked_for_is_a_goodbye),
        cmocka_unit_test(a_child_that_does_not_listen_is_killed),
        cmocka_unit_test(a_killed_agent),
        cmocka_unit_test(a_stopped_guard),
        cmocka_unit_test(the_session_is_the_agents),
        cmocka_unit_test(a_main_process_outlives_its_command),
        cmocka_unit_test(a_main_process_is_stopped),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
