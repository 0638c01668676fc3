#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc_read.h"

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
    struct rlimit before, tight;
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = (struct rlimit){ (rlim_t)next + 1, before.rlim_max }; /* one is left, which the list itself takes */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    bool is_whole = proc_read_all(look, &sight);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_false(is_whole);
    assert_int_equal(sight.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_process_is_among_all),
        cmocka_unit_test(who_lacks_descriptors_does_not_see_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
