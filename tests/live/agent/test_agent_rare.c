/* What happens to the agent only at a certain moment, or on a machine that lacks something. */
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
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "child.h"
#include "notify_socket.h"
#include "notify_taker.h"

/* Shared with the processes that take datagrams off. */
struct takers {
    bool hang; /* when they have taken one */
    unsigned count;
    pid_t pids[2 * NOTIFY_TAKERS_MAX];
};

struct scene {
    pid_t self;
    struct loop *loop;
    struct child *child;
    struct exit_status exit_status;
    bool has_ended;
    bool is_full;    /* the file system takes no socket */
    bool forks_once; /* only the guard can be started */
    bool forks_not, kills_forked;
    pid_t forked;         /* the latest */
    bool reads_link_late; /* when the guard is gone */
    bool is_unkillable;   /* the command, and time is short */
    unsigned paths_tried, signals_to_nobody;
    unsigned heard; /* datagrams */
    struct takers *takers;
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
    pid_t pid;
    if (!scene.forks_not && (!scene.forks_once || getpid() == scene.self)) {
        if ((pid = __real_fork()) == 0 && scene.kills_forked)
            _exit(EXIT_FAILURE);
        scene.forked = pid;
        return pid;
    }
    errno = EAGAIN;
    return -1;
}

int __real_eventfd_write(int fd, eventfd_t count);
int __wrap_eventfd_write(int fd, eventfd_t count);
int __wrap_eventfd_write(int fd, eventfd_t count)
{
    struct takers *takers = scene.takers;
    if (getpid() == scene.self || !takers)
        return __real_eventfd_write(fd, count);
    takers->pids[takers->count++ % ARRAY_LEN(takers->pids)] = getpid();
    (void)__real_eventfd_write(fd, count);
    while (takers->hang)
        pause();
    return 0;
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
    scene.heard++;
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

struct pipes {
    struct notify_socket *socket;
    struct sockaddr_un address;
    int sender, reader, writer, descriptors;
};

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void pipes_begin(struct pipes *pipes)
{
    static const struct notify_socket_events events = { .refuse = refuse, .received = received, .drained = nothing };
    int ends[2];
    scene.takers = mmap(NULL, sizeof *scene.takers, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(scene.takers, MAP_FAILED);
    assert_int_equal(notify_socket_new(scene.loop, &events, NULL, &pipes->socket, NULL), OK);
    pipes->address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(pipes->address.sun_path, sizeof pipes->address.sun_path, "%s", notify_socket_name(pipes->socket));
    pipes->sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(pipe(ends), 0);
    pipes->reader = ends[0];
    pipes->writer = ends[1];
    pipes->descriptors = count_descriptors();
}

static void pipes_send(struct pipes *pipes, const char *text, size_t descriptors)
{
    union {
        char bytes[CMSG_SPACE(253 * sizeof(int))];
        struct cmsghdr align;
    } control = { { 0 } };
    struct iovec iovec = { (char *)text, strlen(text) };
    struct msghdr header = {
        .msg_name = &pipes->address, .msg_namelen = sizeof pipes->address, .msg_iov = &iovec, .msg_iovlen = 1
    };
    if (descriptors > 0) {
        header.msg_control = &control;
        header.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
        *CMSG_FIRSTHDR(&header) = (struct cmsghdr){ .cmsg_len = CMSG_LEN(descriptors * sizeof(int)),
                                                    .cmsg_level = SOL_SOCKET,
                                                    .cmsg_type = SCM_RIGHTS };
        for (size_t i = 0; i < descriptors; i++)
            memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)) + i * sizeof(int), &pipes->writer, sizeof(int));
    }
    assert_int_equal(sendmsg(pipes->sender, &header, 0), strlen(text));
}

static void pipes_end(struct pipes *pipes)
{
    close(pipes->sender);
    close(pipes->reader);
    close(pipes->writer);
    notify_socket_free(pipes->socket);
    munmap(scene.takers, sizeof *scene.takers);
}

static bool has_heard(void *user)
{
    return scene.heard >= *(const unsigned *)user;
}

static void await_heard(unsigned count)
{
    assert_true(await_loop(scene.loop, has_heard, &count, AWAIT_LIMIT));
    assert_int_equal(scene.heard, count);
}

static bool is_at_end(void *user)
{
    const struct pipes *pipes = user;
    char byte;
    return read(pipes->reader, &byte, 1) == 0;
}

/* Also where this process has no room for them. */
static void descriptors_come_to_an_end_elsewhere(void **state)
{
    struct rlimit before, few;
    struct pipes pipes;
    (void)state;
    pipes_begin(&pipes);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){ .rlim_cur = 64, .rlim_max = before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    pipes_send(&pipes, "", 0);
    pipes_send(&pipes, "", 1);
    pipes_send(&pipes, "A=1", 253);
    pipes_send(&pipes, "", 253);
    pipes_send(&pipes, "B=1", 0);
    await_heard(5);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(scene.takers->count, 3);
    assert_int_equal(count_descriptors(), pipes.descriptors);
    close(pipes.writer);
    assert_int_equal(fcntl(pipes.reader, F_SETFL, O_NONBLOCK), 0);
    assert_true(await_loop(scene.loop, is_at_end, &pipes, AWAIT_LIMIT));
    pipes_end(&pipes);
}

/* As one does not end that closes a file of a FUSE daemon which does not answer. */
static void those_that_do_not_end_are_few(void **state)
{
    static const unsigned more = 3;
    struct pipes pipes;
    (void)state;
    pipes_begin(&pipes);
    scene.takers->hang = true;
    for (unsigned i = 0; i < NOTIFY_TAKERS_MAX + more; i++) {
        pipes_send(&pipes, "A=1", 1);
        await_heard(i <= NOTIFY_TAKERS_MAX ? i + 1 : NOTIFY_TAKERS_MAX + 1);
    }
    notify_socket_drain(pipes.socket);
    assert_int_equal(scene.takers->count, NOTIFY_TAKERS_MAX);
    assert_int_equal(scene.heard, NOTIFY_TAKERS_MAX + 1);
    scene.takers->hang = false;
    for (unsigned i = 0; i < NOTIFY_TAKERS_MAX; i++)
        assert_int_equal(kill(scene.takers->pids[i], SIGKILL), 0);
    await_heard(NOTIFY_TAKERS_MAX + more);
    pipes_end(&pipes);
}

static bool is_gone(void *user)
{
    (void)user;
    return kill(scene.forked, 0) != 0;
}

/* It is heard once all the same. */
static void what_was_not_taken_off_is_tried_again(void **state)
{
    struct pipes pipes;
    (void)state;
    pipes_begin(&pipes);
    scene.forks_not = true;
    pipes_send(&pipes, "A=1", 1);
    pipes_send(&pipes, "B=1", 0);
    await_heard(1);
    notify_socket_drain(pipes.socket);
    assert_int_equal(scene.heard, 1);
    scene.forks_not = false;
    scene.kills_forked = true;
    notify_socket_drain(pipes.socket);
    assert_true(await_loop(scene.loop, is_gone, NULL, AWAIT_LIMIT));
    scene.kills_forked = false;
    assert_int_equal(scene.heard, 1);
    notify_socket_drain(pipes.socket);
    await_heard(2);
    pipes_end(&pipes);
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
        cmocka_unit_test_setup_teardown(descriptors_come_to_an_end_elsewhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(those_that_do_not_end_are_few, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_not_taken_off_is_tried_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_guard_that_is_gone_takes_no_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_cannot_be_killed_has_not_succeeded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_machine_that_takes_no_more_processes_is_no_fault_of_the_command, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
