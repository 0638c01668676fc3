/* What is found when somebody verifies a worker that has an agent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

#define VERIFY(observer, id, expiry_s) observer_ask(observer, id, "verify", "{\"nonce\":\"" id "\"}", expiry_s)
#define FOUND(observer, id, work) observer_await_reply(observer, "{\"nonce\":\"" id "\"", "\"work\":\"" work "\"", NULL)
#define LONG 60 /* s, so that no answer in a test comes from the deadline */

/* Starts the agent of a child that says its pid, and waits until it is seen. */
static pid_t child_start(void **state, struct observer *observer, struct program *agent, const char *id,
                         const char *datagram)
{
    pid_t child;

    agent_start(state, agent, id, "--interval", "200ms", "--exec", "--", SPEAKER_PROGRAM, datagram, NULL);
    child = (pid_t)atoi(program_read_line(agent));
    observer_await(observer, id, "heartbeat", "\"seq\":0", NULL);
    return child;
}

static void a_child_that_never_notified(void **state)
{
    struct observer *observer = observer_new(fixture_broker_uri(state));
    struct program agent;

    child_start(state, observer, &agent, "silent", NULL);
    VERIFY(observer, "silent", LONG);
    FOUND(observer, "silent", "unknown");
    program_clear(&agent);
    observer_free(observer);
}

static void a_child_that_is_stopped(void **state)
{
    struct observer *observer = observer_new(fixture_broker_uri(state));
    struct program agent;
    pid_t child = child_start(state, observer, &agent, "stopped", NULL);

    program_halt(child);
    VERIFY(observer, "stopped", 2);
    observer_await_latest(observer, "stopped", "heartbeat", "\"stalled_ms\":", NULL); /* the first look is told */
    FOUND(observer, "stopped", "stalled");
    kill(child, SIGCONT);
    observer_ask(observer, "stopped", "verify", "{\"nonce\":\"again\"}", LONG);
    FOUND(observer, "again", "unknown");
    observer_await_latest(observer, "stopped", "heartbeat", "!stalled_ms", NULL);
    program_clear(&agent);
    observer_free(observer);
}

static void a_child_that_is_stopped_for_a_moment(void **state)
{
    struct observer *observer = observer_new(fixture_broker_uri(state));
    struct program agent;
    pid_t child = child_start(state, observer, &agent, "moment", NULL);

    program_halt(child);
    VERIFY(observer, "moment", LONG);
    observer_await_latest(observer, "moment", "heartbeat", "\"stalled_ms\":", NULL);
    kill(child, SIGCONT);
    FOUND(observer, "moment", "unknown");
    program_clear(&agent);
    observer_free(observer);
}

static void a_child_that_tells_of_its_progress(void **state)
{
    struct observer *observer = observer_new(fixture_broker_uri(state));
    struct program agent;

    agent_start(state, &agent, "tells", "--interval", "200ms", "--exec", "--", SPEAKER_PROGRAM, "repeat", "WATCHDOG=1",
                NULL);
    observer_await(observer, "tells", "heartbeat", "\"progress\":", NULL);
    VERIFY(observer, "tells", LONG);
    FOUND(observer, "tells", "ok");
    program_clear(&agent);
    observer_free(observer);
}

static void a_child_that_has_stopped_to_tell(void **state)
{
    struct observer *observer = observer_new(fixture_broker_uri(state));
    struct program agent;

    child_start(state, observer, &agent, "hangs", "WATCHDOG=1\nX_SKEP_INFLIGHT=1");
    observer_await(observer, "hangs", "heartbeat", "\"inflight\":1", NULL);
    VERIFY(observer, "hangs", 1);
    FOUND(observer, "hangs", "stalled");
    program_clear(&agent);
    child_start(state, observer, &agent, "rests", "WATCHDOG=1\nX_SKEP_INFLIGHT=0");
    observer_await(observer, "rests", "heartbeat", "\"inflight\":0", NULL);
    VERIFY(observer, "rests", 1);
    FOUND(observer, "rests", "unknown");
    program_clear(&agent);
    observer_free(observer);
}

static void sources_without_a_child(void **state)
{
    struct observer *observer = observer_new(fixture_broker_uri(state));
    static const char busy[] = "{\"inflight\":1}\n";
    struct program agent;

    agent_start(state, &agent, "made-up", "--interval", "1h", "--simulate", NULL);
    observer_await(observer, "made-up", "heartbeat", "\"seq\":0", NULL);
    VERIFY(observer, "made-up", LONG);
    FOUND(observer, "made-up", "ok");
    program_clear(&agent);

    agent_start_with(state, &agent, NULL, "lines", "--interval", "200ms", "--stdin", NULL);
    assert_int_equal(write(agent.input, busy, strlen(busy)), strlen(busy));
    observer_await(observer, "lines", "heartbeat", "\"inflight\":1", NULL);
    VERIFY(observer, "lines", LONG);
    FOUND(observer, "lines", "unknown");
    program_clear(&agent);
    observer_free(observer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_that_never_notified),          cmocka_unit_test(a_child_that_is_stopped),
        cmocka_unit_test(a_child_that_is_stopped_for_a_moment), cmocka_unit_test(a_child_that_tells_of_its_progress),
        cmocka_unit_test(a_child_that_has_stopped_to_tell),     cmocka_unit_test(sources_without_a_child),
    };

    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
