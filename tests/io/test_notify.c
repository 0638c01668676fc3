/* Datagrams to a real socket, named in the environment as the service manager does it. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "notify.h"

/* A bound datagram socket; `name` begins with @ for an abstract one. */
static int manager_socket(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    memcpy(address.sun_path, name, len);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    assert_int_equal(bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    return fd;
}

static void expect_datagram(int fd, const char *want)
{
    char got[256];
    ssize_t len = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    assert_true(len >= 0);
    got[len] = '\0';
    assert_string_equal(got, want);
}

static void path_socket(void **state)
{
    char folder[] = "/tmp/test_notify.XXXXXX", path[64];
    int fd;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/notify", folder);
    fd = manager_socket(path);
    setenv("NOTIFY_SOCKET", path, 1);
    assert_true(notify_send("READY=1\nSTATUS=12 online"));
    expect_datagram(fd, "READY=1\nSTATUS=12 online");
    close(fd);
    assert_false(notify_send("STOPPING=1")); /* nobody listens any more */
    unlink(path);
    assert_false(notify_send("STOPPING=1"));
    rmdir(folder);
}

static void reloading_has_the_time(void **state)
{
    char name[64], got[256];
    ms_t before = clock_mono();
    int64_t at;
    ssize_t len;
    int fd;
    (void)state;
    snprintf(name, sizeof name, "@test_notify_reloading.%d", (int)getpid());
    fd = manager_socket(name);
    setenv("NOTIFY_SOCKET", name, 1);
    notify_reloading();
    len = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    assert_true(len > 0);
    got[len] = '\0';
    assert_int_equal(sscanf(got, "RELOADING=1\nMONOTONIC_USEC=%" SCNd64, &at), 1);
    assert_in_range(at / 1000, before, clock_mono());
    close(fd);
}

static void abstract_socket(void **state)
{
    char name[64];
    int fd;
    (void)state;
    snprintf(name, sizeof name, "@test_notify/%d", (int)getpid());
    fd = manager_socket(name);
    setenv("NOTIFY_SOCKET", name, 1);
    assert_true(notify_send("WATCHDOG=1"));
    expect_datagram(fd, "WATCHDOG=1");
    close(fd);
}

static void no_socket_is_fine(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    assert_true(notify_send("READY=1"));
    setenv("NOTIFY_SOCKET", "", 1);
    assert_true(notify_send("READY=1"));
}

static void names_that_cannot_be(void **state)
{
    char longest[200];
    (void)state;
    memset(longest, 'a', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    setenv("NOTIFY_SOCKET", longest, 1);
    assert_false(notify_send("READY=1"));
    setenv("NOTIFY_SOCKET", "relative/path", 1);
    assert_false(notify_send("READY=1"));
    setenv("NOTIFY_SOCKET", "@", 1);
    assert_false(notify_send("READY=1"));
}

static void watchdog(void **state)
{
    char own_pid[24];
    const struct {
        const char *why, *usec, *pid;
        ms_t want;
    } rows[] = {
        { "no watchdog", NULL, NULL, MS_NEVER },
        { "half of the limit", "30000000", NULL, 15000 },
        { "meant for this process", "30000000", own_pid, 15000 },
        { "meant for another process", "30000000", "1", MS_NEVER },
        { "a pid that is none", "30000000", "me", MS_NEVER },
        { "no limit", "0", NULL, MS_NEVER },
        { "negative", "-30000000", NULL, MS_NEVER },
        { "not a number", "soon", NULL, MS_NEVER },
        { "a unit does not belong there", "30s", NULL, MS_NEVER },
        { "more than a number holds", "99999999999999999999", NULL, MS_NEVER },
        { "shorter than the loop's timers", "100", NULL, 1 },
    };

    (void)state;
    snprintf(own_pid, sizeof own_pid, "%d", (int)getpid());
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
        if (rows[i].usec)
            setenv("WATCHDOG_USEC", rows[i].usec, 1);
        if (rows[i].pid)
            setenv("WATCHDOG_PID", rows[i].pid, 1);
        if (notify_watchdog_interval() != rows[i].want)
            fail_msg("%s: %lld", rows[i].why, (long long)notify_watchdog_interval());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_socket),          cmocka_unit_test(reloading_has_the_time),
        cmocka_unit_test(abstract_socket),      cmocka_unit_test(no_socket_is_fine),
        cmocka_unit_test(names_that_cannot_be), cmocka_unit_test(watchdog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
