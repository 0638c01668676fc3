/* test_host.c - inside a program: its threads, descriptors, signals and mistakes. */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scene.h"

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
    limit.rlim_cur = 2048;
    if (limit.rlim_max < limit.rlim_cur)
        limit.rlim_max = limit.rlim_cur;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t i = 0; i < 1100; i++)
        assert_true((fds[i] = dup(STDERR_FILENO)) >= 0);
    worker = online_at(broker_uri(broker));
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
    for (size_t i = 0; i < 1100; i++)
        close(fds[i]);
}

#define DESCRIPTORS 256

static bool is_connection(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    return getsockname(fd, (struct sockaddr *)&address, &size) == 0 && address.ss_family == AF_INET;
}

/* A program that the host starts must not hold it: it would delay the will of the host. */
static void test_the_connection_is_closed_on_exec(void **state)
{
    bool was_open[DESCRIPTORS];
    struct skep_worker *worker;
    unsigned made = 0;
    (void)state;

    for (int fd = 0; fd < DESCRIPTORS; fd++)
        was_open[fd] = fcntl(fd, F_GETFD) >= 0;
    worker = online_at(broker_uri(broker));
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        if (was_open[fd] || !is_connection(fd))
            continue;
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        made++;
    }
    assert_true(made > 0);
    assert_int_equal(skep_worker_close(worker, NULL, 1000), SKEP_OK);
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
    } rows[13];
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
    ROW("no host", "HOST", broker, "mqtt://:1883");
    ROW("a password in the URI", "password_file", broker, "mqtt://u:p@h");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_setters_from_eight_threads, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_descriptors_beyond_1024, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_the_connection_is_closed_on_exec, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(test_signals_are_left_alone, scene_open, scene_close),
        cmocka_unit_test(test_bad_options_are_refused),
        cmocka_unit_test(test_bad_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
