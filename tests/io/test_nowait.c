/* A reader that takes nothing: a write returns at once, and what others share stays as it was. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base.h"
#include "nowait.h"

static bool open_pipe(int ends[2])
{
    return pipe(ends) == 0;
}

static bool open_stream(int ends[2])
{
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0;
}

static bool open_terminal(int ends[2])
{
    return openpty(&ends[0], &ends[1], NULL, NULL, NULL) == 0;
}

static const struct {
    const char *what;
    bool (*open)(int ends[2]);
    bool is_own; /* opened again */
} rows[] = {
    { "a pipe", open_pipe, true },
    { "a stream", open_stream, false },
    { "a terminal that nobody reads", open_terminal, true },
};

static void it_takes_what_it_can_and_then_nothing(void **state)
{
    char bytes[1000] = "", taken[65536];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int polled = 0; polled <= 1; polled++) { /* also where it cannot be opened again */
            struct nowait nowait;
            long sum = 0;
            ssize_t done;
            int ends[2];
            assert_true(rows[i].open(ends));
            nowait_open(&nowait, ends[1]);
            assert_int_equal(nowait.own >= 0, rows[i].is_own);
            if (polled)
                nowait_close(&nowait);
            while ((done = nowait_write(&nowait, bytes, sizeof bytes)) > 0)
                sum += done;
            assert_int_equal(errno, EAGAIN);
            assert_true(sum > 0);
            assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
            while (read(ends[0], taken, sizeof taken) > 0 && (done = nowait_write(&nowait, bytes, 1)) < 0)
                ;
            assert_int_equal(done, 1); /* there is room again */
            nowait_close(&nowait);
            close(ends[0]);
            close(ends[1]);
        }
    }
}

static void a_file_takes_all(void **state)
{
    char path[] = "/tmp/test_nowait.XXXXXX", bytes[NOWAIT_MAX + 1] = "";
    struct nowait nowait;
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    nowait_open(&nowait, fd);
    assert_true(nowait.own < 0); /* a second opening has a place of its own to write at */
    assert_int_equal(nowait_write(&nowait, bytes, sizeof bytes), NOWAIT_MAX);
    nowait_close(&nowait);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), NOWAIT_MAX);
    close(fd);
    unlink(path);
}

static void a_reader_that_has_gone_is_an_error(void **state)
{
    struct nowait nowait;
    int ends[2];
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_true(open_pipe(ends));
    nowait_open(&nowait, ends[1]);
    close(ends[0]);
    for (int polled = 0; polled <= 1; polled++) {
        assert_int_equal(nowait_write(&nowait, "x", 1), -1);
        assert_int_equal(errno, EPIPE);
        nowait_close(&nowait);
    }
    close(ends[1]);
    assert_int_equal(nowait_write(&nowait, "x", 1), -1); /* nor is there a descriptor */
    assert_int_not_equal(errno, EAGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_takes_what_it_can_and_then_nothing),
        cmocka_unit_test(a_file_takes_all),
        cmocka_unit_test(a_reader_that_has_gone_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
