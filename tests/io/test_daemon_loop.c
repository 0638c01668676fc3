/* A daemon on the real loop, in a process of its own: how it ends. */
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

#define ROOM (512 * 1024)

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

/* Nothing more than ROOM bytes can be had. */
static void use_up(void)
{
    unsigned long pages = 0;
    struct rlimit limit;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    limit.rlim_cur = limit.rlim_max = pages * (unsigned long)sysconf(_SC_PAGESIZE) + ROOM;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

static int run(bool is_short)
{
    struct service_conf conf = { .login.broker = "mqtt://127.0.0.1:1", .root = "skep/v1" };
    struct httpd_options options = { .address = "127.0.0.1:0", .connections = 10, .connections_per_peer = 10 };
    struct daemon_loop loop;
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

static void without_memory_it_ends(void **state)
{
    static const struct {
        bool is_short;
        int code;
    } rows[] = { { true, EXIT_FAILED }, { false, 0 } };
    (void)state;
#ifdef __SANITIZE_ADDRESS__ /* it takes all addresses for itself */
    skip();
#endif
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int status = 0;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(run(rows[i].is_short));
        if (!rows[i].is_short) {
            sleep(3);
            kill(pid, SIGTERM);
        }
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
