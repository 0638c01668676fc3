/* test_library.c - libskep-worker against a real mosquitto, watched by a client that is not ours. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "broker.h"
#include "proxy.h"
#include "skep/worker.h"
#include "watcher.h"

#define PRESENCE "/worker/w/presence"
#define HEARTBEAT "/worker/w/heartbeat"
#define REQUESTS "skep/v1-rpc/hive/default/worker/w/"
#define REPLIES "skep/v1-rpc/reply/me"

static struct broker *broker;
static struct watcher *watcher;

static int setup(void **state)
{
    (void)state;
    broker = broker_start(NULL);
    watcher = broker ? watcher_open(broker_uri(broker), "#") : NULL;
    return watcher ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    watcher_close(watcher);
    broker_free(broker);
    return 0;
}

static struct skep_worker *open_at(const char *uri, struct skep_worker_options options)
{
    struct skep_worker *worker = NULL;
    char error[200] = "";

    options.broker = uri;
    options.worker = "w";
    if (skep_worker_open(&options, &worker, error, sizeof error) != SKEP_OK)
        fail_msg("%s", error);
    return worker;
}

static bool is_online(void *user)
{
    return skep_worker_is_online(user) != 0;
}

static bool is_offline(void *user)
{
    return skep_worker_is_online(user) == 0;
}

static struct skep_worker *online_at(const char *uri)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct skep_worker *worker = open_at(uri, options);

    assert_true(await(is_online, worker, AWAIT_LIMIT));
    return worker;
}

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
    AWAIT_MESSAGE(watcher, REPLIES, "\"status\":\"pass\"", "\"serviceId\":\"w\"");
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

static void test_it_returns_after_the_broker_was_killed(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    (void)state;

    watcher_close(watcher);
    broker_kill(broker);
    assert_true(await(is_offline, worker, AWAIT_LIMIT));
    assert_int_equal(skep_worker_set_status(worker, "busy"), SKEP_OK);
    assert_true(broker_restart(broker));
    watcher = watcher_open(broker_uri(broker), "#");
    AWAIT_MESSAGE(watcher, HEARTBEAT, "\"status\":\"busy\"", skep_worker_session(worker));
    assert_int_equal(watcher_count(watcher, HEARTBEAT, "\"connection\":1,"), 0); /* no leftovers of the first link */
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

static void test_it_returns_after_a_reset_link(void **state)
{
    struct proxy *proxy = proxy_start(broker_port(broker));
    struct skep_worker *worker;
    char uri[64];
    (void)state;

    assert_non_null(proxy);
    snprintf(uri, sizeof uri, "mqtt://127.0.0.1:%d", proxy_port(proxy));
    worker = online_at(uri);
    for (int i = 0; i < 3; i++) {
        proxy_reset(proxy, 100);
        AWAIT_MESSAGE(watcher, PRESENCE, "\"cause\":\"connection_lost\"");
        AWAIT_MESSAGE(watcher, PRESENCE, "\"presence\":\"online\"");
        assert_true(await(is_online, worker, AWAIT_LIMIT));
    }
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
    proxy_free(proxy);
}

static void test_a_hanging_broker_does_not_hold_the_end_up(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    (void)state;

    broker_pause(broker);
    assert_int_equal(skep_worker_set_status(worker, "busy"), SKEP_OK);
    assert_int_equal(skep_worker_close(worker, NULL, 300), SKEP_TIMEOUT);
    broker_resume(broker);
    AWAIT_MESSAGE(watcher, PRESENCE, "\"cause\":\"connection_lost\""); /* the will speaks instead */
}

static void test_a_broker_that_is_away(void **state)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct skep_worker *worker;
    (void)state;

    broker_kill(broker);
    worker = open_at(broker_uri(broker), options);
    assert_int_equal(skep_worker_set_status(worker, "idle"), SKEP_OK);
    assert_int_equal(skep_worker_close(worker, NULL, 100), SKEP_TIMEOUT);
    worker = open_at("mqtt://no-such-host.invalid", options);
    assert_int_equal(skep_worker_close(worker, NULL, 100), SKEP_TIMEOUT);
}

static void count_notice(void *user, enum skep_log_level level, const char *message)
{
    (void)level;
    if (strstr(message, "somebody else uses the identity"))
        __atomic_fetch_add((int *)user, 1, __ATOMIC_SEQ_CST);
}

static bool was_noticed(void *user)
{
    return __atomic_load_n((int *)user, __ATOMIC_SEQ_CST) > 0;
}

static void test_two_with_one_identity_notice(void **state)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct skep_worker *first, *second;
    int noticed = 0;
    (void)state;

    options.log = count_notice;
    options.user = &noticed;
    first = open_at(broker_uri(broker), options);
    assert_true(await(is_online, first, AWAIT_LIMIT));
    second = open_at(broker_uri(broker), options);
    assert_true(await(was_noticed, &noticed, AWAIT_LIMIT));
    skep_worker_close(first, NULL, 0);
    skep_worker_close(second, NULL, 0);
}

static void *set_everything(void *object)
{
    struct skep_worker *worker = object;
    char name[32];

    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "m%d", i % 10);
        skep_worker_set_status(worker, i % 2 ? "busy" : "idle");
        skep_worker_set_model(worker, i % 3 ? "a" : NULL);
        skep_worker_set_number(worker, "inflight", i % 5);
        skep_worker_set_metric(worker, name, i);
        skep_worker_set_label(worker, "zone", i % 2 ? "a" : NULL);
        skep_worker_merge(worker, "{\"queue_depth\":7}", 17, NULL, 0);
        skep_worker_progress(worker);
        skep_worker_set_stalled(worker, i % 2);
        skep_worker_beat(worker);
        (void)skep_worker_is_online(worker);
    }
    return NULL;
}

static void test_setters_from_eight_threads(void **state)
{
    struct skep_worker *worker = online_at(broker_uri(broker));
    pthread_t threads[8];
    (void)state;

    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, set_everything, worker), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(skep_worker_set_status(worker, "done"), SKEP_OK);
    AWAIT_MESSAGE(watcher, HEARTBEAT, "\"status\":\"done\"", "\"queue_depth\":7", "\"progress\":4000,");
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

static void test_descriptors_beyond_1024(void **state)
{
    struct rlimit limit;
    struct skep_worker *worker;
    int fds[1100];
    (void)state;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < 2048)
        skip();
    limit.rlim_cur = 2048;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t i = 0; i < 1100; i++)
        assert_true((fds[i] = dup(STDERR_FILENO)) >= 0);
    worker = online_at(broker_uri(broker));
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
    for (size_t i = 0; i < 1100; i++)
        close(fds[i]);
}

static void test_signals_are_left_alone(void **state)
{
    struct sigaction before, after;
    sigset_t mask;
    struct skep_worker *worker;
    (void)state;

    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(sigaction(SIGPIPE, NULL, &before), 0);
    worker = online_at(broker_uri(broker));
    assert_int_equal(sigaction(SIGPIPE, NULL, &after), 0);
    assert_true(after.sa_handler == before.sa_handler);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
    assert_int_equal(sigismember(&mask, SIGTERM), 0);
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
}

static void test_bad_options_are_refused(void **state)
{
    const struct skep_worker_options fine = { .size = sizeof fine, .worker = "w" };
    struct {
        const char *why, *says;
        struct skep_worker_options options;
    } rows[12];
    size_t count = 0;
    (void)state;

#define ROW(why_, says_, field, value)                \
    rows[count].why = why_, rows[count].says = says_; \
    rows[count].options = fine;                       \
    rows[count++].options.field = value
    ROW("not initialised", "SKEP_WORKER_OPTIONS_INIT", size, 0);
    ROW("no name", "worker", worker, NULL);
    ROW("a name with a slash", "worker", worker, "a/b");
    ROW("a hive with a wildcard", "hive", hive, "+");
    ROW("a root with a wildcard", "", root, "skep/#");
    ROW("a broker of another kind", "mqtt://", broker, "http://127.0.0.1");
    ROW("no host", "host", broker, "mqtt://:1883");
    ROW("a port beyond all", "65535", broker, "mqtt://h:70000");
    ROW("too quick", "interval_ms", interval_ms, 49);
    ROW("a lease below 3 intervals", "lease_ms", lease_ms, 89999);
    ROW("a keep alive that the MQTT library refuses", "keep_alive_s", keep_alive_s, 4);
    ROW("a certificate without its key", "key", cert, "/tmp/cert.pem");
#undef ROW

    for (size_t i = 0; i < count; i++) {
        struct skep_worker *worker = NULL;
        char error[200] = "";
        if (skep_worker_open(&rows[i].options, &worker, error, sizeof error) != SKEP_INVALID || worker || !error[0] ||
            !strstr(error, rows[i].says))
            fail_msg("%s: %s", rows[i].why, error);
    }
}

static void test_bad_values_are_refused(void **state)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct skep_worker *worker = open_at("mqtt://127.0.0.1:1", options);
    char error[200] = "";
    (void)state;

    assert_int_equal(skep_worker_set_status(worker, "not a token"), SKEP_INVALID);
    assert_int_equal(skep_worker_set_status(worker, NULL), SKEP_INVALID);
    assert_int_equal(skep_worker_set_number(worker, "seq", 1), SKEP_INVALID);
    assert_int_equal(skep_worker_set_number(worker, NULL, 1), SKEP_INVALID);
    assert_int_equal(skep_worker_set_number(worker, "gpu_utilization", 2), SKEP_INVALID);
    assert_int_equal(skep_worker_set_metric(worker, "m", INFINITY), SKEP_INVALID);
    assert_int_equal(skep_worker_set_metric(worker, NULL, 1), SKEP_INVALID);
    assert_int_equal(skep_worker_set_label(worker, "l", "\xff"), SKEP_INVALID);
    assert_int_equal(skep_worker_merge(worker, "{\"seq\":1}", 9, error, sizeof error), SKEP_INVALID);
    assert_non_null(strstr(error, "seq"));
    assert_int_equal(skep_worker_merge(worker, NULL, 0, NULL, 0), SKEP_INVALID);
    skep_worker_close(worker, NULL, 0);
    assert_int_equal(skep_worker_close(NULL, NULL, 0), SKEP_OK);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_birth_and_heartbeat_are_retained, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes_are_published_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_burst_is_merged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_abrupt_end_leaves_the_will, setup, teardown),
        cmocka_unit_test_setup_teardown(test_goodbye, setup, teardown),
        cmocka_unit_test_setup_teardown(test_process_exited, setup, teardown),
        cmocka_unit_test_setup_teardown(test_requests_are_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(test_presence_heals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_returns_after_the_broker_was_killed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_returns_after_a_reset_link, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_hanging_broker_does_not_hold_the_end_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_broker_that_is_away, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_with_one_identity_notice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_setters_from_eight_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_descriptors_beyond_1024, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signals_are_left_alone, setup, teardown),
        cmocka_unit_test(test_bad_options_are_refused),
        cmocka_unit_test(test_bad_values_are_refused),
    };
    if (argc == 2)
        return be_a_worker(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
