#include "fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>

#include "clock.h"

#define LOCK_MS 1000
#define UNLISTED_MAX (1 << 20) /* those above are not searched for one by one */

int fd_open_null(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return fd >= 0 ? fd : open("/", O_PATH | O_CLOEXEC);
}

static void close_on_exec(int fd)
{
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void close_now(int fd)
{
    (void)close(fd);
}

/* Those that are open, as the kernel lists them: there may be room for a billion. False: it shows no list. */
static bool each_listed(int first, void (*fn)(int fd))
{
    union {
        char bytes[1024];
        struct dirent64 align;
    } entries;
    int list = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ssize_t len;
    if (list < 0)
        return false;
    while ((len = getdents64(list, &entries, sizeof entries)) > 0)
        for (ssize_t at = 0; at < len;) {
            const struct dirent64 *entry = (const struct dirent64 *)(entries.bytes + at);
            int fd = entry->d_name[0] == '.' ? -1 : (int)strtol(entry->d_name, NULL, 10);
            if (fd >= first && fd != list)
                fn(fd);
            at += entry->d_reclen;
        }
    close(list);
    return len == 0;
}

/* Without close_range(2), which kernels lack before 5.11, and containers forbid. */
static void each_above(int last, void (*fn)(int fd))
{
    const int end = getdtablesize();
    if (each_listed(last + 1, fn))
        return;
    for (int fd = last + 1; fd < end && fd < UNLISTED_MAX; fd++)
        fn(fd);
}

void fd_close_all_on_exec(void)
{
    if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
        each_above(STDERR_FILENO, close_on_exec);
}

void fd_close_above(int last)
{
    if (close_range((unsigned)last + 1, ~0U, 0) != 0)
        each_above(last, close_now);
}

bool fd_lock(int fd)
{
    static const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
    ms_t until = clock_mono() + LOCK_MS;
    int code;
    while ((code = flock(fd, LOCK_EX | LOCK_NB)) != 0 && errno == EWOULDBLOCK && clock_mono() < until)
        nanosleep(&pause, NULL);
    return code == 0;
}
