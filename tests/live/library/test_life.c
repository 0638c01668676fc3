/* test_life.c - what a worker says from birth to farewell, against a real mosquitto, as paho sees it. */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scene.h"

static void test_birth_and_heartbeat_are_retained(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    char session[64];
    (void)state;

    snprintf(session, sizeof session, "\"session\":\"%s\",\"connection\":1", skep_worker_session(worker));
    AWAIT_MESSAGE(watcher, PRESENCE, "\"presence\":\"online\"", "\"rpc\":true", session);
    AWAIT_MESSAGE(watcher, HEARTBEAT, "\"seq\":0", "\"status\":\"starting\"", session);
    watcher_close(watcher);
    watcher = watcher_open(broker_uri(broker), "#");
    AWAIT_MESSAGE(watcher, "", session);
    AWAIT_MESSAGE(watcher, "", session);
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

static void test_changes_are_published_at_once(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    (void)state;

    assert_int_equal(skep_worker_set_number(worker, "queue_depth", 3), SKEP_OK);
    assert_int_equal(skep_worker_set_status(worker, "idle"), SKEP_OK);
    AWAIT_MESSAGE(watcher, HEARTBEAT, "\"status\":\"idle\"", "\"queue_depth\":3");
    assert_int_equal(skep_worker_set_model(worker, "llama"), SKEP_OK);
    AWAIT_MESSAGE(watcher, HEARTBEAT, "\"model_loaded\":\"llama\"");
    assert_int_equal(skep_worker_merge(worker, "{\"status\":\"busy\"}", 17, NULL, 0), SKEP_OK);
    AWAIT_MESSAGE(watcher, HEARTBEAT, "\"status\":\"busy\"");
    skep_worker_beat(worker);
    AWAIT_MESSAGE(watcher, HEARTBEAT, "\"status\":\"busy\"");
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

static void test_a_burst_is_merged(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    char status[32];
    (void)state;

    for (int i = 0; i < 1000; i++) {
        snprintf(status, sizeof status, "burst-%d", i);
        assert_int_equal(skep_worker_set_status(worker, status), SKEP_OK);
    }
    AWAIT_MESSAGE(watcher, HEARTBEAT, "\"burst-999\"");
    assert_in_range(watcher_count(watcher, HEARTBEAT, "\"burst-"), 1, 100);
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

/* What a second process of this program does: be a worker until it is killed. */
static int be_a_worker(const char *uri)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct skep_worker *worker;
    options.broker = uri;
    options.worker = "w";
    if (skep_worker_open(&options, &worker, NULL, 0) == SKEP_OK)
        for (;;)
            pause();
    return 1;
}

static pid_t spawn_worker(const char *uri)
{
    char path[] = "/proc/self/exe", copy[64];
    char *argv[] = { path, copy, NULL };
    pid_t child = -1;
    snprintf(copy, sizeof copy, "%s", uri);
    assert_int_equal(posix_spawn(&child, path, NULL, NULL, argv, environ), 0);
    return child;
}

static void test_an_abrupt_end_leaves_the_will(void **state)
{
    pid_t child = spawn_worker(broker_uri(broker));
    (void)state;

    AWAIT_MESSAGE(watcher, PRESENCE, "\"presence\":\"online\"");
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    AWAIT_MESSAGE(watcher, PRESENCE, "\"presence\":\"stale\",\"cause\":\"connection_lost\"", "\"connection\":1");
}

static void test_goodbye(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    (void)state;

    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
    AWAIT_MESSAGE(watcher, PRESENCE, "\"presence\":\"offline\",\"cause\":\"goodbye\"");
    assert_int_equal(watcher_count(watcher, PRESENCE, "connection_lost"), 0);
}

static void test_process_exited(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    const struct skep_worker_exit exit = { .code = 139, .signal = "SIGSEGV", .oom = -1 };
    (void)state;

    assert_int_equal(skep_worker_close(worker, &exit, 1000), SKEP_OK);
    AWAIT_MESSAGE(watcher, PRESENCE, "\"presence\":\"stale\",\"cause\":\"process_exited\"",
                  "\"exit\":{\"code\":139,\"signal\":\"SIGSEGV\",\"oom\":null}");
}

static void test_requests_are_answered(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    (void)state;

    watcher_request(watcher, REQUESTS "beat", "", REPLIES);
    AWAIT_MESSAGE(watcher, HEARTBEAT, "\"seq\":1");
    AWAIT_MESSAGE(watcher, REPLIES, "{\"result\":{\"seq\":1}}");
    watcher_request(watcher, REQUESTS "health", "{}", REPLIES);
    AWAIT_MESSAGE(watcher, REPLIES, "\"status\":\"pass\"", "\"serviceId\":\"worker/default/w\"");
    watcher_request(watcher, REQUESTS "health", "[1]", REPLIES);
    AWAIT_MESSAGE(watcher, REPLIES, "\"bad_params\"");
    watcher_request(watcher, REQUESTS "other", "", REPLIES);
    AWAIT_MESSAGE(watcher, REPLIES, "\"no_method\"");
    watcher_request(watcher, REQUESTS "beat", "", "else/where"); /* not a place for replies */
    watcher_request(watcher, REQUESTS "beat", "", REPLIES);
    AWAIT_MESSAGE(watcher, REPLIES, "{\"result\":{\"seq\":2}}");
    assert_int_equal(watcher_count(watcher, "else/where", ""), 0);
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

static void test_presence_heals(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    (void)state;

    AWAIT_MESSAGE(watcher, PRESENCE, "\"presence\":\"online\"");
    watcher_publish(watcher, "skep/v1/hive/default/worker/w/presence", "", true);
    AWAIT_MESSAGE(watcher, PRESENCE, "\"presence\":\"online\"");
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_birth_and_heartbeat_are_retained, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_changes_are_published_at_once, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_a_burst_is_merged, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_an_abrupt_end_leaves_the_will, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_goodbye, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_process_exited, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_requests_are_answered, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_presence_heals, scene_open, scene_close),
    };
    if (argc == 2)
        return be_a_worker(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
