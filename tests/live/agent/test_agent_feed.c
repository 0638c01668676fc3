/* What reports a worker's work beside its source, or over standard input: it may end, hang, or never have been there.
 */
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

/* Its pid is in the heartbeats, so that it can be killed. */
#define FEED_BEGINS \
    "/bin/sh -c 'echo {\\\"queue_depth\\\":4,\\\"status\\\":\\\"busy\\\",\\\"metrics\\\":{\\\"feed\\\":$$}}; "

static void write_all(const struct program *agent, const char *text)
{
    assert_int_equal(write(agent->input, text, strlen(text)), strlen(text));
}

static void close_input(struct program *agent)
{
    close(agent->input);
    agent->input = -1;
}

static pid_t pid_of_feed(struct watcher *watcher, const char *id)
{
    static const char key[] = "\"feed\":";
    const char *beat = await_worker_latest(watcher, id, "heartbeat", key, "\"queue_depth\":4", "!feed_lost", NULL);
    return (pid_t)strtol(strstr(beat, key) + strlen(key), NULL, 10);
}

static void one_that_ends_is_told_and_started_again(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    pid_t first, second;
    agent_start(state, &agent, "fed", "--interval", "200ms", "--feed-timeout", "1m", "--feed",
                FEED_BEGINS "exec sleep 100'", "--exec", "--", "/bin/sleep", "100", NULL);
    first = pid_of_feed(watcher, "fed");
    kill(first, SIGKILL);
    await_worker(watcher, "fed", "heartbeat", "\"feed_lost\":true", "\"status\":\"unknown\"",
                 "\"rss_bytes\":", "!queue_depth", "!\"feed\":", NULL);
    await_worker_latest(watcher, "fed", "presence", "\"presence\":\"online\"", NULL);
    second = pid_of_feed(watcher, "fed");
    assert_int_not_equal(first, second);
    kill(agent.pid, SIGTERM);
    program_wait(&agent);
    program_await_gone(second);
    await_worker_latest(watcher, "fed", "presence", "\"cause\":\"goodbye\"", NULL);
    program_clear(&agent);
    watcher_close(watcher);
}

/* It ends before the command does, which takes its time. */
static void one_that_was_told_to_end_is_not_started_again(void **state)
{
    static const char slow[] = "trap 'sleep 1; exit 0' TERM; while true; do sleep 0.1; done";
    char path[] = "/tmp/skep-test-XXXXXX", feed[256], starts[64] = "";
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    int file = mkstemp(path);
    snprintf(feed, sizeof feed, "/bin/sh -c 'echo x >>%s; echo {\\\"queue_depth\\\":4}; exec sleep 100'", path);
    agent_start(state, &agent, "told", "--interval", "200ms", "--feed-timeout", "1m", "--feed", feed, "--exec", "--",
                "/bin/sh", "-c", slow, NULL);
    await_worker(watcher, "told", "heartbeat", "\"queue_depth\":4", NULL);
    kill(agent.pid, SIGTERM);
    program_wait(&agent);
    assert_int_equal(read(file, starts, sizeof starts), 2);
    close(file);
    unlink(path);
    program_clear(&agent);
    watcher_close(watcher);
}

static void one_that_is_silent_is_ended(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    pid_t first;
    agent_start(state, &agent, "silent", "--interval", "200ms", "--feed-timeout", "2s", "--feed",
                FEED_BEGINS "exec sleep 100'", "--exec", "--", "/bin/sleep", "100", NULL);
    first = pid_of_feed(watcher, "silent");
    await_worker(watcher, "silent", "heartbeat", "\"feed_lost\":true", "!queue_depth", NULL);
    program_await_gone(first);
    assert_int_not_equal(pid_of_feed(watcher, "silent"), first);
    program_clear(&agent);
    watcher_close(watcher);
}

static void one_alone_is_the_worker(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    pid_t feed;
    agent_start(state, &agent, "alone", "--interval", "200ms", "--feed-timeout", "1m", "--feed",
                FEED_BEGINS "exec sleep 100'", NULL);
    feed = pid_of_feed(watcher, "alone");
    ask_worker(watcher, "alone", "verify", "{\"nonce\":\"n\"}", 5);
    await_reply(watcher, "\"nonce\":\"n\"", "\"work\":\"unknown\"", NULL);
    kill(agent.pid, SIGKILL); /* nothing of it stays behind */
    program_wait(&agent);
    program_await_gone(feed);
    program_clear(&agent);
    watcher_close(watcher);
}

static void one_that_is_not_there_harms_no_worker(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    agent_start(state, &agent, "without", "--interval", "200ms", "--feed", "/nowhere/feed --of words", "--exec", "--",
                "/bin/sleep", "100", NULL);
    await_worker(watcher, "without", "heartbeat", "\"feed_lost\":true", "\"status\":\"idle\"", "\"rss_bytes\":", NULL);
    await_worker_latest(watcher, "without", "presence", "\"presence\":\"online\"", NULL);
    program_clear(&agent);
    watcher_close(watcher);
}

static void what_its_worker_ends_with_is_the_workers_own(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    int status;
    agent_start(state, &agent, "ends", "--interval", "200ms", "--feed", FEED_BEGINS "exec sleep 100'", "--exec", "--",
                "/bin/sh", "-c", "sleep 1; exit 7", NULL);
    status = program_wait(&agent);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    await_worker_latest(watcher, "ends", "presence", "\"cause\":\"process_exited\"", "\"code\":7", NULL);
    program_clear(&agent);
    watcher_close(watcher);
}

static void an_end_of_input_without_a_goodbye_is_a_loss(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    int status;
    agent_start_with(state, &agent, NULL, "cut", "--interval", "200ms", "--stdin", NULL);
    write_all(&agent, "{\"status\":\"draining\"}\n{\"status\":\"busy\"}\n");
    await_worker(watcher, "cut", "heartbeat", "\"status\":\"busy\"", NULL);
    close_input(&agent);
    status = program_wait(&agent);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    await_worker_latest(watcher, "cut", "presence", "\"presence\":\"stale\"", "\"cause\":\"process_exited\"",
                        "\"code\":null", NULL);
    program_clear(&agent);
    watcher_close(watcher);
}

static void input_that_is_silent_is_lost_until_the_next_line(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    agent_start_with(state, &agent, NULL, "quiet", "--interval", "200ms", "--stdin-timeout", "1s", "--stdin", NULL);
    write_all(&agent, "{\"status\":\"busy\",\"queue_depth\":4,\"labels\":{\"zone\":\"a\"}}\n");
    await_worker(watcher, "quiet", "heartbeat", "\"queue_depth\":4", "\"zone\":\"a\"", NULL);
    await_worker(watcher, "quiet", "heartbeat", "\"feed_lost\":true", "\"status\":\"unknown\"", "!queue_depth", "!zone",
                 NULL);
    write_all(&agent, "no json\n"); /* is no sign of life */
    write_all(&agent, "{\"status\":\"idle\"}\n");
    await_worker_latest(watcher, "quiet", "heartbeat", "\"status\":\"idle\"", "!feed_lost", "!queue_depth", NULL);
    write_all(&agent, "goodbye\n");
    close_input(&agent);
    assert_int_equal(program_wait(&agent), 0);
    await_worker_latest(watcher, "quiet", "presence", "\"cause\":\"goodbye\"", NULL);
    program_clear(&agent);
    watcher_close(watcher);
}

static void a_process_of_somebody_else(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    const char *words[] = { "/bin/sleep", "100", NULL };
    struct program other, agent;
    char pid[16], field[32];
    int status;
    program_start(&other, words, NULL, false);
    snprintf(pid, sizeof pid, "%d", (int)other.pid);
    snprintf(field, sizeof field, "\"pid\":%s", pid);
    agent_start(state, &agent, "attached", "--interval", "200ms", "--feed-timeout", "1m", "--attach-pid", pid, "--feed",
                FEED_BEGINS "exec sleep 100'", NULL);
    await_worker(watcher, "attached", "heartbeat", field, "\"rss_bytes\":", "\"queue_depth\":4", NULL);
    program_halt(other.pid);
    ask_worker(watcher, "attached", "verify", "{\"nonce\":\"attached\"}", 5);
    await_reply(watcher, "\"nonce\":\"attached\"", "\"work\":\"stalled\"", NULL);
    await_worker_latest(watcher, "attached", "heartbeat", "\"stalled_ms\":", NULL);
    kill(other.pid, SIGKILL);
    status = program_wait(&agent);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    await_worker_latest(watcher, "attached", "presence", "\"presence\":\"stale\"", "\"cause\":\"process_exited\"",
                        "\"code\":null", NULL);
    program_clear(&other);
    program_clear(&agent);
    watcher_close(watcher);
}

static void what_cannot_be_attached(void **state)
{
    static const char *const rows[][2] = { { "--attach-pid", "2147483647" }, { "--attach-unit", "no-such.service" } };
    for (size_t i = 0; i < 2; i++) {
        struct program agent;
        int status;
        agent_start(state, &agent, "nothing", rows[i][0], rows[i][1], NULL);
        status = program_wait(&agent);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
        program_clear(&agent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_ends_is_told_and_started_again),
        cmocka_unit_test(one_that_was_told_to_end_is_not_started_again),
        cmocka_unit_test(one_that_is_silent_is_ended),
        cmocka_unit_test(one_alone_is_the_worker),
        cmocka_unit_test(one_that_is_not_there_harms_no_worker),
        cmocka_unit_test(what_its_worker_ends_with_is_the_workers_own),
        cmocka_unit_test(an_end_of_input_without_a_goodbye_is_a_loss),
        cmocka_unit_test(input_that_is_silent_is_lost_until_the_next_line),
        cmocka_unit_test(a_process_of_somebody_else),
        cmocka_unit_test(what_cannot_be_attached),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
