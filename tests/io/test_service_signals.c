/* Real signals to a real loop; each scene in a process of its own, as signals belong to a process. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "service.h"
#include "service_signals.h"

struct scene {
    struct loop *loop;
    struct loop_timer *step;
    const int *numbers; /* signals to raise, one per step; 0 ends the loop */
    int stops, reloads;
};

static void stopped(void *user)
{
    ((struct scene *)user)->stops++;
}

static void reloaded(void *user)
{
    ((struct scene *)user)->reloads++;
}

static void step(void *user)
{
    struct scene *scene = user;
    if (*scene->numbers == 0) {
        loop_stop(scene->loop);
        return;
    }
    raise(*scene->numbers++);
    loop_timer_in(scene->step, 1);
}

/* In a child: raises the signals and ends with 10 x stops + reloads, unless a signal ended it before. */
static void scene_play(const int *numbers, void (*reload)(void *user))
{
    struct scene scene = { .numbers = numbers };
    bool ready = loop_new(&scene.loop, NULL) == OK && service_signals(scene.loop, stopped, reload, &scene) == OK &&
                 loop_timer_new(scene.loop, step, &scene, &scene.step) == OK;
    if (!ready)
        _exit(99);
    loop_timer_in(scene.step, 1);
    loop_run(scene.loop, NULL, NULL);
    loop_free(scene.loop);
    _exit(10 * scene.stops + scene.reloads);
}

static int exit_code_of(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void signals(void **state)
{
    static const struct {
        const char *why;
        int numbers[4];
        void (*reload)(void *user);
        int want;
    } rows[] = {
        { "nothing came", { 0 }, reloaded, 0 },
        { "TERM stops", { SIGTERM }, reloaded, 10 },
        { "INT stops", { SIGINT }, reloaded, 10 },
        { "stopping begins once", { SIGTERM, SIGTERM }, reloaded, 10 },
        { "INT during a stop is the first one", { SIGTERM, SIGINT }, reloaded, 10 },
        { "the second INT ends at once", { SIGINT, SIGINT }, reloaded, 130 },
        { "and after TERM too", { SIGINT, SIGTERM, SIGINT }, reloaded, 130 },
        { "HUP reloads each time", { SIGHUP, SIGHUP }, reloaded, 2 },
        { "HUP without anything to reload", { SIGHUP, SIGTERM }, NULL, 10 },
        { "a closed pipe kills nobody", { SIGPIPE, SIGTERM }, NULL, 10 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        pid_t child = fork();
        int code;
        assert_true(child >= 0);
        if (child == 0)
            scene_play(rows[i].numbers, rows[i].reload);
        code = exit_code_of(child);
        if (code != rows[i].want)
            fail_msg("%s: %d instead of %d", rows[i].why, code, rows[i].want);
    }
}

static void watchdog_is_fed(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval timeout = { .tv_sec = 20 };
    char name[64], got[64] = "";
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    pid_t child;
    (void)state;
    assert_true(fd >= 0);
    snprintf(name, sizeof name, "@test_service/%d", (int)getpid());
    memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("WATCHDOG_USEC", "20000", 1);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct loop *loop;
        if (loop_new(&loop, NULL) != OK || service_signals(loop, stopped, NULL, NULL) != OK)
            _exit(99);
        loop_run(loop, NULL, NULL);
        _exit(98);
    }
    for (int i = 0; i < 3; i++) { /* more than once */
        memset(got, 0, sizeof got);
        assert_int_equal(recv(fd, got, sizeof got - 1, 0), 10);
        assert_string_equal(got, "WATCHDOG=1");
    }
    kill(child, SIGKILL);
    assert_int_equal(exit_code_of(child), -SIGKILL);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals),
        cmocka_unit_test(watchdog_is_fed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
