/* A daemon on the real loop, in a process of its own: how it ends. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon_loop.h"
#include "failing_memory.h"

#define ROOM (512 * 1024)
#define CHECKS 3
#define LIMIT_MS 60000

/* It runs, and has had memory so often. */
static struct daemon_loop loop;
static ms_t checked_at;
static int checks, told;

static void step(void *user, const struct input *input, struct outbox *outbox)
{
    (void)user;
    if (input->kind == INPUT_CONNECTING)
        outbox_connect(outbox, NULL);
    else if (input->kind == INPUT_STOP)
        outbox_exit(outbox, 0, "%s", "");
}

static ms_t deadline(const void *user)
{
    (void)user;
    if (loop.memory_at != checked_at && ++checks == CHECKS)
        assert_int_equal(write(told, "m", 1), 1);
    checked_at = loop.memory_at;
    return MS_NEVER;
}

static ms_t http(void *user, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret,
                 struct outbox *outbox)
{
    (void)user, (void)request, (void)now, (void)wall, (void)outbox;
    ret->status = 200;
    return 0;
}

static const struct daemon_ops ops = { .step = step, .deadline = deadline, .http = http };

/* Nothing more than ROOM bytes can be had; under ASan, which takes all addresses for itself, the next piece cannot. */
static void use_up(void)
{
#ifdef __SANITIZE_ADDRESS__
    (void)memory_fail(1);
#else
    unsigned long pages = 0;
    struct rlimit limit;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    limit.rlim_cur = limit.rlim_max = pages * (unsigned long)sysconf(_SC_PAGESIZE) + ROOM;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
#endif
}

static int run(bool is_short)
{
    struct service_conf conf = { .login.broker = "mqtt://127.0.0.1:1", .root = "skep/v1" };
    struct httpd_options options = { .address = "127.0.0.1:0", .connections = 10, .connections_per_peer = 10 };
    struct errbuf e = { 0 };
    log_setup("test", "logfmt", "error");
    if (daemon_loop_init(&loop, &ops, NULL, &e) != OK || daemon_loop_listen(&loop, &options, 0, &e) != OK ||
        daemon_loop_connect(&loop, &conf, "skep:q:q", 10000, 1000, &e) != OK) {
        print_error("%s\n", e.text);
        return 99;
    }
    if (is_short)
        use_up();
    return daemon_loop_run(&loop);
}

static void await_that_it_runs(int fd)
{
    struct pollfd told_of = { .fd = fd, .events = POLLIN };
    assert_int_equal(poll(&told_of, 1, LIMIT_MS), 1);
}

static void without_memory_it_ends(void **state)
{
    static const struct {
        bool is_short;
        int code;
    } rows[] = { { true, EXIT_FAILED }, { false, 0 } };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int status = 0, ends[2];
        pid_t pid;
        assert_int_equal(pipe(ends), 0);
        pid = fork();
        assert_true(pid >= 0);
        told = ends[1];
        if (pid == 0)
            _exit(run(rows[i].is_short));
        if (!rows[i].is_short) {
            await_that_it_runs(ends[0]);
            kill(pid, SIGTERM);
        }
        close(ends[0]);
        close(ends[1]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), rows[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(without_memory_it_ends) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
