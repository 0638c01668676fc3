/* What is found when somebody verifies a worker that has an agent. */
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

#include "fixture.h"

#define VERIFY(watcher, id, expiry_s) ask_worker(watcher, id, "verify", "{\"nonce\":\"" id "\"}", expiry_s)
#define FOUND(watcher, id, work) await_reply(watcher, "{\"nonce\":\"" id "\"", "\"work\":\"" work "\"", NULL)
#define LONG 60 /* s, so that no answer in a test comes from the deadline */

/* Starts the agent of a child that says its pid, and waits until it is seen. */
static pid_t child_start(void **state, struct watcher *watcher, struct program *agent, const char *id,
                         const char *datagram)
{
    pid_t child;
    agent_start(state, agent, id, "--interval", "200ms", "--exec", "--", SPEAKER_PROGRAM, datagram, NULL);
    child = (pid_t)atoi(program_read_line(agent));
    await_worker(watcher, id, "heartbeat", "\"seq\":0", NULL);
    return child;
}

static void a_child_that_never_notified(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    child_start(state, watcher, &agent, "silent", NULL);
    VERIFY(watcher, "silent", LONG);
    FOUND(watcher, "silent", "unknown");
    program_clear(&agent);
    watcher_close(watcher);
}

static void a_child_that_is_stopped(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    pid_t child = child_start(state, watcher, &agent, "stopped", NULL);
    program_halt(child);
    VERIFY(watcher, "stopped", 2);
    await_worker_latest(watcher, "stopped", "heartbeat", "\"stalled_ms\":", NULL); /* the first look is told */
    FOUND(watcher, "stopped", "stalled");
    kill(child, SIGCONT);
    ask_worker(watcher, "stopped", "verify", "{\"nonce\":\"again\"}", LONG);
    FOUND(watcher, "again", "unknown");
    await_worker_latest(watcher, "stopped", "heartbeat", "!stalled_ms", NULL);
    program_clear(&agent);
    watcher_close(watcher);
}

static void a_child_that_is_stopped_for_a_moment(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    pid_t child = child_start(state, watcher, &agent, "moment", NULL);
    program_halt(child);
    VERIFY(watcher, "moment", LONG);
    await_worker_latest(watcher, "moment", "heartbeat", "\"stalled_ms\":", NULL);
    kill(child, SIGCONT);
    FOUND(watcher, "moment", "unknown");
    program_clear(&agent);
    watcher_close(watcher);
}

static void write_line(const struct program *agent, const char *line)
{
    assert_int_equal(write(agent->input, line, strlen(line)), strlen(line));
}

static void lines_that_count_the_progress_of_others(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    agent_start_with(state, &agent, NULL, "counts", "--interval", "200ms", "--stdin-timeout", "1m", "--stdin", NULL);
    write_line(&agent, "{\"status\":\"busy\",\"inflight\":1,\"progress\":17}\n");
    await_worker(watcher, "counts", "heartbeat", "\"progress\":17", "\"inflight\":1", NULL);
    VERIFY(watcher, "counts", 3);
    FOUND(watcher, "counts", "unknown"); /* no step meanwhile, and no limit is reached */
    write_line(&agent, "{\"stall_ms\":1}\n");
    await_worker(watcher, "counts", "heartbeat", "\"stall_ms\":1", NULL);
    ask_worker(watcher, "counts", "verify", "{\"nonce\":\"still\"}", 3);
    FOUND(watcher, "still", "stalled");
    write_line(&agent, "{\"inflight\":0}\n");
    await_worker(watcher, "counts", "heartbeat", "\"inflight\":0", NULL);
    ask_worker(watcher, "counts", "verify", "{\"nonce\":\"idle\"}", LONG);
    FOUND(watcher, "idle", "unknown");
    program_clear(&agent);
    watcher_close(watcher);
}

static _Noreturn void count(int fd)
{
    char line[64];
    for (int i = 0;; i++) {
        int len = snprintf(line, sizeof line, "{\"inflight\":1,\"progress\":%d}\n", i);
        if (write(fd, line, (size_t)len) != len)
            _exit(1);
        usleep(50000);
    }
}

/* In a process of its own, until it is killed. */
static pid_t count_on(const struct program *agent)
{
    pid_t pid = fork();
    if (pid == 0)
        count(agent->input);
    return pid;
}

static void lines_that_count_on(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    pid_t counter;
    agent_start_with(state, &agent, NULL, "counts-on", "--interval", "200ms", "--stdin-timeout", "1m", "--stdin", NULL);
    counter = count_on(&agent);
    await_worker(watcher, "counts-on", "heartbeat", "\"progress\":", NULL);
    VERIFY(watcher, "counts-on", LONG);
    FOUND(watcher, "counts-on", "ok");
    kill(counter, SIGKILL);
    waitpid(counter, NULL, 0);
    program_clear(&agent);
    watcher_close(watcher);
}

static void a_child_that_tells_of_its_progress(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    agent_start(state, &agent, "tells", "--interval", "200ms", "--exec", "--", SPEAKER_PROGRAM, "repeat", "WATCHDOG=1",
                NULL);
    await_worker(watcher, "tells", "heartbeat", "\"progress\":", NULL);
    VERIFY(watcher, "tells", LONG);
    FOUND(watcher, "tells", "ok");
    program_clear(&agent);
    watcher_close(watcher);
}

static void a_child_that_has_stopped_to_tell(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    child_start(state, watcher, &agent, "hangs", "WATCHDOG=1\nX_SKEP_INFLIGHT=1");
    await_worker(watcher, "hangs", "heartbeat", "\"inflight\":1", NULL);
    VERIFY(watcher, "hangs", 1);
    FOUND(watcher, "hangs", "stalled");
    program_clear(&agent);
    child_start(state, watcher, &agent, "rests", "WATCHDOG=1\nX_SKEP_INFLIGHT=0");
    await_worker(watcher, "rests", "heartbeat", "\"inflight\":0", NULL);
    VERIFY(watcher, "rests", 1);
    FOUND(watcher, "rests", "unknown");
    program_clear(&agent);
    watcher_close(watcher);
}

static void sources_without_a_child(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    static const char busy[] = "{\"inflight\":1}\n";
    struct program agent;
    agent_start(state, &agent, "made-up", "--interval", "1h", "--simulate", NULL);
    await_worker(watcher, "made-up", "heartbeat", "\"seq\":0", NULL);
    VERIFY(watcher, "made-up", LONG);
    FOUND(watcher, "made-up", "ok");
    program_clear(&agent);

    agent_start_with(state, &agent, NULL, "lines", "--interval", "200ms", "--stdin-timeout", "1m", "--stdin", NULL);
    assert_int_equal(write(agent.input, busy, strlen(busy)), strlen(busy));
    await_worker(watcher, "lines", "heartbeat", "\"inflight\":1", NULL);
    VERIFY(watcher, "lines", LONG);
    FOUND(watcher, "lines", "unknown");
    program_clear(&agent);
    watcher_close(watcher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_that_never_notified),
        cmocka_unit_test(a_child_that_is_stopped),
        cmocka_unit_test(a_child_that_is_stopped_for_a_moment),
        cmocka_unit_test(a_child_that_tells_of_its_progress),
        cmocka_unit_test(a_child_that_has_stopped_to_tell),
        cmocka_unit_test(sources_without_a_child),
        cmocka_unit_test(lines_that_count_the_progress_of_others),
        cmocka_unit_test(lines_that_count_on),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
