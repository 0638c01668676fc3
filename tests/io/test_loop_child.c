/* Children of a real loop: how they are started, and how their ends are seen. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "loop_child.h"

struct scene {
    int pid;
    struct loop *loop;
    struct loop_child *child;
    struct exit_status exit_status;
    unsigned ends;
};

static int set_up(void **state)
{
    static struct scene scene;
    scene = (struct scene){ 0 };
    *state = &scene;
    return loop_new(&scene.loop, NULL) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    loop_free(((struct scene *)*state)->loop);
    return 0;
}

static void ended(void *user, const struct exit_status *exit_status)
{
    struct scene *scene = user;
    scene->exit_status = *exit_status;
    scene->ends++;
}

static bool has_ended(void *user)
{
    return ((struct scene *)user)->ends > 0;
}

static void start(struct scene *scene, struct loop_child_options options)
{
    options.environment = options.environment ? options.environment : environ;
    options.ended = ended;
    options.user = scene;
    scene->ends = 0;
    assert_int_equal(loop_child_new(scene->loop, &options, &scene->child, NULL), OK);
    scene->pid = loop_child_pid(scene->child);
}

static void await_end(struct scene *scene)
{
    assert_true(await_loop(scene->loop, has_ended, scene, AWAIT_LIMIT));
    assert_int_equal(scene->ends, 1);
    loop_child_free(scene->child);
}

static void ends(void **state)
{
    static const struct {
        const char *why, *file, *script;
        int status, signal;
    } rows[] = {
        { "a good end", "/bin/sh", "exit 0", 0, 0 },
        { "a code of its own", "/bin/sh", "exit 3", 3, 0 },
        { "a signal", "/bin/sh", "kill -KILL $$", 0, SIGKILL },
        { "there is no such file", "/no/such/file", "", 127, 0 },
        { "it cannot be executed", "/etc/passwd", "", 126, 0 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene *scene = *state;
        char *arguments[] = { (char *)rows[i].file, (char *)"-c", (char *)rows[i].script, NULL };
        print_message("%s\n", rows[i].why);
        start(scene, (struct loop_child_options){ .file = rows[i].file, .arguments = arguments });
        await_end(scene);
        assert_int_equal(scene->exit_status.status, rows[i].status);
        assert_int_equal(scene->exit_status.signal, rows[i].signal);
        assert_int_equal(scene->exit_status.oom, -1);
    }
}

/* 1 is a pipe, the others are /dev/null. */
static void run_with_streams(struct scene *scene, const char *file, const char *script, char *ret, size_t size)
{
    char *arguments[] = { (char *)file, (char *)"-c", (char *)script, NULL };
    char *environment[] = { (char *)"WORD=of its own", NULL };
    int out[2];
    ssize_t len;
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    const int streams[] = { -1, out[1], -1 };
    start(scene, (struct loop_child_options){ .file = file,
                                              .arguments = arguments,
                                              .environment = environment,
                                              .directory = "/",
                                              .streams = streams,
                                              .stream_count = 3,
                                              .leads_session = true });
    close(out[1]);
    await_end(scene);
    len = read(out[0], ret, size - 1);
    ret[len > 0 ? len : 0] = '\0';
    close(out[0]);
}

static void what_it_gets(void **state)
{
    char text[256], want[256];
    int left_open = open("/", O_RDONLY); /* as libraries do */
    assert_true(left_open > 2);
    run_with_streams(*state, "/bin/sh",
                     "echo $WORD; pwd; cut -d' ' -f5,6 /proc/self/stat; ls /proc/self/fd | tr '\\n' ' '; cat", text,
                     sizeof text);
    int pid = ((struct scene *)*state)->pid;
    snprintf(want, sizeof want, "of its own\n/\n%d %d\n0 1 2 3 ", pid, pid); /* the last one is of ls itself */
    assert_string_equal(text, want);
    close(left_open);
}

/* Waits until nobody else holds the pipe. */
static int wait_for_end_of_pipe(void *user)
{
    char byte;
    const int *pipe = user;
    sigset_t mask;
    close(pipe[1]);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    return read(pipe[0], &byte, 1) == 0 && sigismember(&mask, SIGTERM) ? 5 : 6;
}

/* A process that takes long to become the program: the loop goes on, and the pid is known. */
static void nobody_waits_for_the_start(void **state)
{
    struct scene *scene = *state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    start(scene, (struct loop_child_options){ .run = wait_for_end_of_pipe, .run_user = ends });
    assert_true(loop_child_pid(scene->child) > 0);
    await_span(scene->loop, 50);
    assert_int_equal(scene->ends, 0);
    close(ends[0]);
    close(ends[1]);
    await_end(scene);
    assert_int_equal(scene->exit_status.status, 5);
}

static bool has_no_children(void *user)
{
    siginfo_t info;
    (void)user;
    return waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG) != 0 && errno == ECHILD;
}

static void who_is_forgotten_is_waited_for(void **state)
{
    struct scene *scene = *state;
    char *arguments[] = { (char *)"/bin/sh", (char *)"-c", (char *)"exit 1", NULL };
    start(scene, (struct loop_child_options){ .file = "/bin/sh", .arguments = arguments });
    loop_child_free(scene->child);
    assert_true(await_loop(scene->loop, has_no_children, NULL, AWAIT_LIMIT));
    assert_int_equal(scene->ends, 0);
}

/* As for the first process of a container. One of them has ended before the loop looks. */
static void orphans_are_waited_for(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    assert_int_equal(system("/bin/sh -c '/bin/true & sleep 0.2 & exit 0'"), 0);
    assert_int_equal(loop_reap(scene->loop), OK);
    assert_true(await_loop(scene->loop, has_no_children, NULL, AWAIT_LIMIT));
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_it_gets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_waits_for_the_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_forgotten_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(orphans_are_waited_for, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("loop_child", tests, NULL, NULL);
}
