/* The sources that run no program, and the health page. */
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
#include "socket.h"

static void write_all(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void lines_are_merged(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    char too_long[20000];
    memset(too_long, 'x', sizeof too_long - 2);
    memcpy(too_long + sizeof too_long - 2, "\n", 2);
    agent_start_with(state, &agent, NULL, "lines", "--interval", "200ms", "--stdin-timeout", "1m", "--stdin", NULL);
    write_all(agent.input, "{\"status\":\"busy\",\"queue_depth\":4}\n");
    await_worker(watcher, "lines", "heartbeat", "\"status\":\"busy\"", "\"queue_depth\":4", NULL);
    write_all(agent.input, "{\"queue_depth\":-4}\nno json\n\n{\"session\":\"00000000000000ff\"}\n[1]\n");
    write_all(agent.input, too_long);
    write_all(agent.input, "{\"labels\":{\"zone\":\"a\"},\"metrics\":{\"heat\":41.5}}\n{\"model_loaded\":\"m\"");
    await_worker(watcher, "lines", "heartbeat", "\"zone\":\"a\"", "\"heat\":41.5", "\"queue_depth\":4",
                 "\"status\":\"busy\"", "!00000000000000ff", "!model_loaded", NULL);
    write_all(agent.input, "}\n");
    await_worker(watcher, "lines", "heartbeat", "\"model_loaded\":\"m\"", NULL);
    write_all(agent.input, "goodbye"); /* its line need not end */
    close(agent.input);
    agent.input = -1;
    assert_int_equal(program_wait(&agent), 0);
    await_worker_latest(watcher, "lines", "presence", "\"presence\":\"offline\"", "\"cause\":\"goodbye\"", NULL);
    program_clear(&agent);
    watcher_close(watcher);
}

static void what_a_file_says_is_told(void **state)
{
    static const char script[] = "echo '{\"status\":\"draining\"}' > \"$0\"; exec \"$@\" < \"$0\"";
    char path[] = "/tmp/skep-test-XXXXXX";
    const char *words[] = { "/bin/sh", "-c",     script,    path, AGENT_PROGRAM, "--broker", fixture_broker_uri(state),
                            "--id",    "a-file", "--stdin", NULL };
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    close(mkstemp(path));
    program_start(&agent, words, NULL, false);
    assert_int_equal(program_wait(&agent), 0);
    unlink(path);
    await_worker(watcher, "a-file", "heartbeat", "\"status\":\"draining\"", NULL);
    await_worker_latest(watcher, "a-file", "presence", "\"cause\":\"goodbye\"", NULL);
    program_clear(&agent);
    watcher_close(watcher);
}

static void a_made_up_load_says_so(void **state)
{
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    agent_start(state, &agent, "made-up", "--interval", "200ms", "--simulate", NULL);
    await_worker(watcher, "made-up", "heartbeat", "\"labels\":{\"simulated\":\"true\"}", "\"status\":\"loading\"",
                 NULL);
    await_worker(watcher, "made-up", "heartbeat", "\"labels\":{\"simulated\":\"true\"}", "\"status\":\"idle\"",
                 "\"model_loaded\":", "\"gpu_utilization\":", NULL);
    kill(agent.pid, SIGTERM);
    assert_int_equal(program_wait(&agent), 0);
    await_worker_latest(watcher, "made-up", "presence", "\"cause\":\"goodbye\"", NULL);
    program_clear(&agent);
    watcher_close(watcher);
}

/* Asks for a path and fills in the whole answer. */
static void ask(int port, const char *request, char *ret, size_t size)
{
    int fd = socket_connect(port);
    size_t len = 0;
    ssize_t more;
    assert_true(fd >= 0);
    write_all(fd, request);
    while (len < size - 1 && (more = read(fd, ret + len, size - 1 - len)) > 0)
        len += (size_t)more;
    ret[len] = 0;
    close(fd);
}

static void health_over_http(void **state)
{
    static const char endpoint[] = "\"endpoint\":\"http://127.0.0.1:";
    struct watcher *watcher = fixture_watch(state);
    struct program agent;
    const char *presence;
    char answer[4096];
    int port;
    agent_start(state, &agent, "page", "--interval", "200ms", "--http", "127.0.0.1:0", "--simulate", NULL);
    presence = await_worker(watcher, "page", "presence", endpoint, NULL);
    port = atoi(strstr(presence, endpoint) + strlen(endpoint));
    await_worker(watcher, "page", "heartbeat", "\"seq\":1", NULL);
    ask(port, "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 200 "));
    assert_non_null(strstr(answer, "application/health+json"));
    assert_non_null(strstr(answer, "\"status\":\"pass\""));
    assert_non_null(strstr(answer, "\"serviceId\":\"worker/default/page\""));
    assert_non_null(strstr(answer, "\"heartbeat:seq\"")); /* the worker's own, the same as over MQTT */
    ask(port, "GET /other HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 404 "));
    ask(port, "DELETE /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 405 "));
    ask(port, "GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", answer, sizeof answer);
    assert_non_null(strstr(answer, " 421 "));
    program_clear(&agent);
    watcher_close(watcher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_merged),
        cmocka_unit_test(what_a_file_says_is_told),
        cmocka_unit_test(a_made_up_load_says_so),
        cmocka_unit_test(health_over_http),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
