#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc.h"

#define BEHIND_NAME                                                                                                   \
    " 1 4321 4321 0 -1 4194304 900 5 0 0 120 30 7 3 20 0 4 0 8821 230000000 1500 18446744073709551615 1 1 0 0 0 0 0 " \
    "4096 2 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

static void stat_lines(void **state)
{
    static const struct {
        const char *reason, *line;
        enum err err;
        int64_t pid, parent;
        char state;
        uint64_t ticks, pages;
    } rows[] = {
        { "a plain line", "4321 (python3) S" BEHIND_NAME, OK, 4321, 1, 'S', 160, 1500 },
        { "spaces in the name", "77 (Web Content) R" BEHIND_NAME, OK, 77, 1, 'R', 160, 1500 },
        { "parentheses in the name", "78 ((sd-pam)) T" BEHIND_NAME, OK, 78, 1, 'T', 160, 1500 },
        { "a name that looks like the rest", "79 (a) Z 9 (b) D" BEHIND_NAME, OK, 79, 1, 'D', 160, 1500 },
        { "a line end in the name", "80 (a\nb) t" BEHIND_NAME, OK, 80, 1, 't', 160, 1500 },
        { "the kernel's first thread has no parent",
          "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 12 0 0 20 0 1 0 5 0 0 18446744073709551615 0\n", OK, 2, 0, 'S',
          12, 0 },
        { "an empty read: the process is gone", "", ERR_SYNTAX, 0, 0, 0, 0, 0 },
        { "no name", "4321 S 1 2", ERR_SYNTAX, 0, 0, 0, 0, 0 },
        { "cut behind the name", "4321 (x)", ERR_SYNTAX, 0, 0, 0, 0, 0 },
        { "cut in the middle", "4321 (x) S 1 4321 4321 0 -1", ERR_SYNTAX, 0, 0, 0, 0, 0 },
        { "a state of two letters", "4321 (x) SS" BEHIND_NAME, ERR_SYNTAX, 0, 0, 0, 0, 0 },
        { "a name without a pid", "(x) S" BEHIND_NAME, ERR_SYNTAX, 0, 0, 0, 0, 0 },
        { "negative time", "5 (x) S 1 1 1 0 -1 0 0 0 0 0 -4 0 0 0 20 0 1 0 5 0 0 1 0\n", ERR_SYNTAX, 0, 0, 0, 0, 0 },
        { "negative time beside more", "5 (x) S 1 1 1 0 -1 0 0 0 0 0 -4 9 0 0 20 0 1 0 5 0 0 1 0\n", ERR_SYNTAX, 0, 0,
          0, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct proc_stat stat = { 0 };
        print_message("%s\n", rows[i].reason);
        assert_int_equal(proc_stat_parse(text_of(rows[i].line), &stat), rows[i].err);
        assert_int_equal(stat.pid, rows[i].pid);
        assert_int_equal(stat.parent, rows[i].parent);
        assert_int_equal(stat.state, rows[i].state);
        assert_int_equal(stat.cpu_ticks, rows[i].ticks);
        assert_int_equal(stat.rss_pages, rows[i].pages);
    }
}

static void a_process_is_named_by_pid_and_start(void **state)
{
    struct proc_stat stat = { 0 };
    (void)state;
    assert_int_equal(proc_stat_parse(TEXT("99 (x) S 1 98 97 0 -1 0 0 0 0 0 4 0 0 0 20 0 1 0 8821 0 1 0\n"), &stat), OK);
    assert_int_equal(stat.session, 97);
    assert_int_equal(stat.started, 8821);
}

static void groups_below_a_name(void **state)
{
    (void)state;
    assert_true(cgroup_is_below(TEXT("/system.slice/x.service"), "x.service"));
    assert_true(cgroup_is_below(TEXT("/system.slice/x.service/payload"), "x.service"));
    assert_false(cgroup_is_below(TEXT("/system.slice/xx.service"), "x.service"));
    assert_false(cgroup_is_below(TEXT("/system.slice/x.servic"), "x.service"));
    assert_false(cgroup_is_below(TEXT("/"), "x.service"));
    assert_false(cgroup_is_below((struct text){ NULL, 0 }, "x.service"));
}

static void cgroup_paths(void **state)
{
    static const struct {
        const char *reason, *cgroup, *path;
    } rows[] = {
        { "unified", "0::/user.slice/user-0.slice/session-1.scope\n", "/user.slice/user-0.slice/session-1.scope" },
        { "hybrid: the unified line counts", "4:memory:/a\n1:name=systemd:/b\n0::/c\n", "/c" },
        { "in a namespace of its own", "0::/\n", "/" },
        { "version 1 only", "4:memory:/a\n", NULL },
        { "outside of the namespace", "0::/../other\n", NULL },
        { "nothing", "", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct text path = proc_cgroup_path(text_of(rows[i].cgroup));
        print_message("%s\n", rows[i].reason);
        assert_int_equal(path.at == NULL, rows[i].path == NULL);
        assert_true(text_is(path, rows[i].path));
    }
}

static void memory_events(void **state)
{
    static const struct {
        const char *reason, *events;
        enum err err;
        int64_t count;
    } rows[] = {
        { "a whole file", "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n", OK, 2 },
        { "oom alone is another count", "oom 3\n", ERR_NOT_FOUND, -1 },
        { "no count", "oom_kill\n", ERR_SYNTAX, -1 },
        { "no number", "oom_kill many\n", ERR_SYNTAX, -1 },
        { "a number that no count is", "oom_kill -13\n", ERR_SYNTAX, -1 },
        { "empty", "", ERR_NOT_FOUND, -1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t count = -1;
        print_message("%s\n", rows[i].reason);
        assert_int_equal(cgroup_event_parse(text_of(rows[i].events), "oom_kill", &count), rows[i].err);
        assert_int_equal(count, rows[i].count);
    }
}

static pid_t reaped_before_signal; /* 0 = none */
static unsigned kills;

int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
    kills++;
    return __real_kill(pid, number);
}

int __real_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags);
int __wrap_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags);
int __wrap_pidfd_send_signal(int pidfd, int number, siginfo_t *info, unsigned flags)
{
    if (reaped_before_signal) {
        assert_int_equal(__real_kill(reaped_before_signal, SIGKILL), 0);
        assert_int_equal(waitpid(reaped_before_signal, NULL, 0), reaped_before_signal);
    }
    return __real_pidfd_send_signal(pidfd, number, info, flags);
}

/* As many descriptors are left as are given. Returns the limit that was there. */
static struct rlimit leave_descriptors(unsigned left)
{
    struct rlimit before, tight;
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = (struct rlimit){ (rlim_t)next + left, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    return before;
}

struct sight {
    unsigned count;
    bool saw_this;
};

static void look(void *user, const struct proc_stat *stat)
{
    struct sight *sight = user;
    sight->count++;
    sight->saw_this |= stat->pid == getpid();
}

static void this_process_is_among_all(void **state)
{
    struct sight sight = { 0 };
    (void)state;
    assert_true(proc_read_all(look, &sight));
    assert_true(sight.saw_this);
}

/* Else a worker's remains would count as gone, and the worker would be started beside them. */
static void who_lacks_descriptors_does_not_see_all(void **state)
{
    struct sight sight = { 0 };
    struct rlimit before = leave_descriptors(1); /* which the list itself takes */
    bool is_whole = proc_read_all(look, &sight);
    (void)state;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_false(is_whole);
    assert_int_equal(sight.count, 0);
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* A process that lives until it is ended, and so does its child, whose pid is *ret_child. */
static pid_t start_two(pid_t *ret_child)
{
    int ends[2];
    pid_t pid;
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        pid_t child, self = getpid();
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        child = fork();
        if (child == 0)
            prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (child == 0 && getppid() != self) /* it has been ended already */
            _exit(1);
        if (child > 0 && write(ends[1], &child, sizeof child) != sizeof child)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ends[0], ret_child, sizeof *ret_child), sizeof *ret_child);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static void who_is_below_whom(void **state)
{
    pid_t child, parent = start_two(&child), other_child, other = start_two(&other_child);
    (void)state;
    assert_int_equal(proc_is_below(getpid(), getpid()), OK);
    assert_int_equal(proc_is_below(parent, getpid()), OK);
    assert_int_equal(proc_is_below(child, getpid()), OK);
    assert_int_equal(proc_is_below(child, parent), OK);
    assert_int_equal(proc_is_below(child, other), ERR_UNKNOWN);
    assert_int_equal(proc_is_below(parent, child), ERR_UNKNOWN);
    assert_int_equal(proc_is_below(1, getpid()), ERR_UNKNOWN);
    end(other);
    assert_int_equal(proc_is_below(other, getpid()), ERR_NOT_FOUND);
    end(parent);
}

struct family {
    int64_t pids[8];
    size_t count;
};

static void note(void *user, const struct proc_stat *stat)
{
    struct family *family = user;
    assert_true(family->count < ARRAY_LEN(family->pids));
    family->pids[family->count++] = stat->pid;
}

static bool is_in(const struct family *family, int64_t pid)
{
    for (size_t i = 0; i < family->count; i++)
        if (family->pids[i] == pid)
            return true;
    return false;
}

/* In a child that nobody waits for: a grandchild in a session of its own, whose pid it tells, and waits. */
static void beget(int tell)
{
    pid_t grandchild = fork();
    if (grandchild == 0)
        setsid();
    else if (write(tell, &grandchild, sizeof grandchild) != sizeof grandchild)
        _exit(1);
    for (;;)
        pause();
}

/* Both, and not the child that started neither. */
static void a_tree_is_all_that_is_below(void **state)
{
    struct family family = { 0 }, below = { 0 };
    int ends[2];
    pid_t child, grandchild = 0;
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child = fork();
    if (child == 0)
        beget(ends[1]);
    assert_int_equal(read(ends[0], &grandchild, sizeof grandchild), sizeof grandchild);
    assert_true(proc_read_tree(getpid(), NULL, note, &family));
    assert_true(proc_read_tree(child, NULL, note, &below));
    assert_int_equal(family.count, 2);
    assert_true(is_in(&family, child) && is_in(&family, grandchild));
    assert_int_equal(below.count, 1);
    assert_true(is_in(&below, grandchild));
    assert_int_equal(kill(grandchild, SIGKILL), 0);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    family.count = 0;
    assert_false(proc_read_tree(child, NULL, note, &family)); /* it is no more */
    assert_int_equal(family.count, 0);
    close(ends[0]);
    close(ends[1]);
}

static pid_t start_one(struct proc_stat *ret)
{
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    assert_int_equal(proc_read_stat(child, ret), OK);
    return child;
}

/* A pid alone does not name a process. */
static void a_signal_goes_to_the_process_that_was_meant(void **state)
{
    struct proc_stat stat, another;
    pid_t child = start_one(&stat);
    int status;
    (void)state;
    another = stat;
    another.started++;
    assert_int_equal(proc_signal(&another, SIGKILL), ERR_NOT_FOUND);
    assert_int_equal(waitpid(child, &status, WNOHANG), 0);
    assert_int_equal(proc_signal(&stat, SIGTERM), OK);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_int_equal(proc_signal(&stat, SIGTERM), ERR_NOT_FOUND);
}

/* Its pid may be another's by then. */
static void who_is_gone_before_the_signal_is_sent_gets_none(void **state)
{
    struct proc_stat stat;
    pid_t child = start_one(&stat);
    (void)state;
    kills = 0;
    reaped_before_signal = child;
    assert_int_equal(proc_signal(&stat, SIGTERM), ERR_NOT_FOUND);
    reaped_before_signal = 0;
    assert_int_equal(kills, 0);
}

/* It is not gone because it cannot be looked at; of one that is held nothing has to be looked at. */
static void who_lacks_descriptors_does_not_lose_a_signal(void **state)
{
    struct proc_stat stat;
    pid_t child = start_one(&stat);
    int held = pidfd_open(child, 0), status;
    struct rlimit before = leave_descriptors(0);
    enum err looked_up = proc_signal(&stat, SIGKILL), by_held = proc_signal_held(held, SIGTERM);
    (void)state;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(looked_up, ERR_IO);
    assert_int_equal(by_held, OK);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_int_equal(proc_signal_held(held, SIGTERM), ERR_NOT_FOUND);
    close(held);
}

static void what_a_tree_uses(void **state)
{
    struct proc_usage usage = { 0 }, alone = { 0 };
    pid_t child = fork();
    (void)state;
    if (child == 0)
        for (;;)
            pause();
    assert_int_equal(proc_read_usage(child, getpid(), &usage), OK);
    assert_int_equal(usage.process.pid, child);
    assert_true(usage.rss_bytes > 0);
    assert_int_equal(proc_read_usage(child, 0, &alone), OK); /* nothing is known of what is beside it */
    assert_int_equal(alone.rss_bytes, usage.rss_bytes);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(proc_read_usage(child, getpid(), &usage), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stat_lines),
        cmocka_unit_test(a_process_is_named_by_pid_and_start),
        cmocka_unit_test(cgroup_paths),
        cmocka_unit_test(groups_below_a_name),
        cmocka_unit_test(memory_events),
        cmocka_unit_test(this_process_is_among_all),
        cmocka_unit_test(who_is_below_whom),
        cmocka_unit_test(a_tree_is_all_that_is_below),
        cmocka_unit_test(a_signal_goes_to_the_process_that_was_meant),
        cmocka_unit_test(who_is_gone_before_the_signal_is_sent_gets_none),
        cmocka_unit_test(who_lacks_descriptors_does_not_lose_a_signal),
        cmocka_unit_test(what_a_tree_uses),
        cmocka_unit_test(who_lacks_descriptors_does_not_see_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
