/* Which descriptors another program inherits: the standard ones, and no others. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fd.h"

/* Named by the linker's --wrap: kernels before 5.11 do not have this, or not its flag. */
static bool kernel_is_old;
int __real_close_range(unsigned first, unsigned last, int flags);
int __wrap_close_range(unsigned first, unsigned last, int flags);

int __wrap_close_range(unsigned first, unsigned last, int flags)
{
    errno = EINVAL;
    return kernel_is_old ? -1 : __real_close_range(first, last, flags);
}

static bool closes_on_exec(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    assert_true(flags >= 0);
    return (flags & FD_CLOEXEC) != 0;
}

static void all_but_the_standard_ones_close_on_exec(void **state)
{
    (void)state;
    for (int old = 0; old < 2; old++) {
        int last = getdtablesize() - 1;
        kernel_is_old = old;
        assert_int_equal(dup2(STDERR_FILENO, STDERR_FILENO + 1), STDERR_FILENO + 1);
        assert_int_equal(dup2(STDERR_FILENO, last), last);
        fd_close_all_on_exec();
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
            assert_false(closes_on_exec(fd));
        assert_true(closes_on_exec(STDERR_FILENO + 1));
        assert_true(closes_on_exec(last));
        close(STDERR_FILENO + 1);
        close(last);
    }
}

static void what_is_above_is_closed(void **state)
{
    (void)state;
    for (int old = 0; old < 2; old++) {
        int last = getdtablesize() - 1;
        kernel_is_old = old;
        assert_int_equal(dup2(STDERR_FILENO, STDERR_FILENO + 1), STDERR_FILENO + 1);
        for (int fd = STDERR_FILENO + 2; fd < STDERR_FILENO + 200; fd++)
            assert_int_equal(dup2(STDERR_FILENO, fd), fd);
        assert_int_equal(dup2(STDERR_FILENO, last), last);
        fd_close_above(STDERR_FILENO + 1);
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO + 1; fd++)
            assert_false(closes_on_exec(fd));
        for (int fd = STDERR_FILENO + 2; fd < STDERR_FILENO + 200; fd++)
            assert_int_equal(fcntl(fd, F_GETFD), -1);
        assert_int_equal(fcntl(last, F_GETFD), -1);
        close(STDERR_FILENO + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(all_but_the_standard_ones_close_on_exec),
                                        cmocka_unit_test(what_is_above_is_closed) };
    return cmocka_run_group_tests_name("fd", tests, NULL, NULL);
}
