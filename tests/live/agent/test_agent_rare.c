/* What happens to the agent only at a certain moment, or on a machine that lacks something. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "child.h"
#include "notify_socket.h"

struct scene {
    pid_t self;
    struct loop *loop;
    struct child *child;
    struct exit_status exit_status;
    bool has_ended;
    bool is_full;         /* the file system takes no socket */
    bool forks_once;      /* only the guard can be started */
    bool reads_link_late; /* when the guard is gone */
    bool is_unkillable;   /* the command, and time is short */
    unsigned paths_tried, signals_to_nobody;
};

static struct scene scene;

int __real_bind(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len)
{
    bool is_path = address->sa_family == AF_UNIX && address->sa_data[0];
    scene.paths_tried += is_path;
    if (!is_path || !scene.is_full)
        return __real_bind(fd, address, len);
    errno = ENOSPC;
    return -1;
}

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
    if (!scene.forks_once || getpid() == scene.self)
        return __real_fork();
    errno = EAGAIN;
    return -1;
}

int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
    int result = __real_kill(pid, number);
    scene.signals_to_nobody += result != 0 && errno == ESRCH;
    return result;
}

void __real_loop_fd_want(struct loop_fd *watch, int events);
void __wrap_loop_fd_want(struct loop_fd *watch, int events);
void __wrap_loop_fd_want(struct loop_fd *watch, int events)
{
    if (!scene.reads_link_late)
        __real_loop_fd_want(watch, events);
}

int __real_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags);
int __wrap_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags);
int __wrap_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags)
{
    return scene.is_unkillable ? 0 : __real_pidfd_send_signal(pidfd, number, info, flags);
}

void __real_loop_timer_in(struct loop_timer *timer, ms_t after);
void __wrap_loop_timer_in(struct loop_timer *timer, ms_t after);
void __wrap_loop_timer_in(struct loop_timer *timer, ms_t after)
{
    __real_loop_timer_in(timer, scene.is_unkillable && after <= CHILD_TIMEOUT_MS ? ms_min(after, 100) : after);
}

static int set_up(void **state)
{
    (void)state;
    scene = (struct scene){ .self = getpid() };
    return loop_new(&scene.loop, NULL) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(scene.loop);
    return 0;
}

static const char *refuse(void *user, const struct ucred *sender)
{
    (void)user;
    (void)sender;
    return NULL;
}

static void received(void *user, struct text datagram)
{
    (void)user;
    (void)datagram;
}

static void nothing(void *user)
{
    (void)user;
}

/* The folder could be made. An abstract name is none that somebody removes. */
static void a_full_file_system_leaves_no_folder(void **state)
{
    static const struct notify_socket_events events = { .refuse = refuse, .received = received, .drained = nothing };
    char folder[] = "/tmp/skep-test-XXXXXX";
    struct notify_socket *socket;
    unsigned tried;
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0755), 0); /* root uses one that others may pass */
    assert_int_equal(setenv("TMPDIR", folder, 1), 0);
    assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
    scene.is_full = true;
    assert_int_equal(notify_socket_new(scene.loop, &events, NULL, &socket, NULL), OK);
    assert_int_equal(notify_socket_name(socket)[0], '@');
    assert_int_equal(scene.paths_tried, 2); /* the other one is below /tmp */
    tried = scene.paths_tried;
    notify_socket_restore(socket);
    assert_int_equal(scene.paths_tried, tried);
    notify_socket_free(socket);
    assert_int_equal(rmdir(folder), 0);
}

static void ended(void *user, const struct exit_status *exit_status)
{
    (void)user;
    scene.exit_status = *exit_status;
    scene.has_ended = true;
}

static bool has_ended(void *user)
{
    (void)user;
    return scene.has_ended;
}

/* As MAINPID does that waits in the socket. */
static void follow(void *user)
{
    (void)user;
    child_follow(scene.child, getpid());
}

static enum err start(const char *command, const char *argument, void (*ending)(void *user), struct errbuf *e)
{
    char *words[] = { (char *)command, (char *)argument, NULL };
    struct child_options options = { .command = words,
                                     .notify_socket = "",
                                     .output = STDOUT_FILENO,
                                     .errors = STDERR_FILENO,
                                     .ending = ending,
                                     .main_changed = nothing,
                                     .ended = ended };
    struct arena arena = { 0 };
    enum err err = child_new(scene.loop, &options, &arena, &scene.child, e);
    arena_clear(&arena);
    return err;
}

/* Its pid may be another's by then. */
static void a_guard_that_is_gone_takes_no_order(void **state)
{
    (void)state;
    scene.reads_link_late = true;
    assert_int_equal(start("true", NULL, follow, NULL), OK);
    assert_true(await_loop(scene.loop, has_ended, NULL, AWAIT_LIMIT));
    assert_int_equal(scene.signals_to_nobody, 0);
    child_free(scene.child);
}

/* As one that waits for a device that is gone. */
static void who_cannot_be_killed_has_not_succeeded(void **state)
{
    (void)state;
    scene.is_unkillable = true;
    assert_int_equal(start("sleep", "1000", nothing, NULL), OK);
    child_stop(scene.child);
    (void)await_loop(scene.loop, has_ended, NULL, AWAIT_LIMIT);
    assert_int_equal(kill(child_pid(scene.child), SIGKILL), 0);
    assert_true(scene.has_ended);
    assert_int_equal(exit_status_code(&scene.exit_status), 1);
    assert_true(scene.exit_status.is_unknown && scene.exit_status.was_asked_for);
    child_free(scene.child);
}

static void a_machine_that_takes_no_more_processes_is_no_fault_of_the_command(void **state)
{
    struct errbuf e = { 0 };
    (void)state;
    scene.forks_once = true;
    assert_int_equal(start("true", NULL, nothing, &e), ERR_IO);
    assert_string_equal(e.text, "cannot execute true: Resource temporarily unavailable");
    scene.forks_once = false;
    assert_int_equal(start("/etc/passwd", NULL, nothing, &e), ERR_REFUSED);
    assert_int_equal(start("/no/such/command", NULL, nothing, &e), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_file_system_leaves_no_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_guard_that_is_gone_takes_no_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_cannot_be_killed_has_not_succeeded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_machine_that_takes_no_more_processes_is_no_fault_of_the_command, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
