#include "fd.h"

#include <fcntl.h>
#include <stdio.h>

int fd_open_null(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return fd >= 0 ? fd : open("/", O_PATH | O_CLOEXEC);
}

void fd_close_all_on_exec(void)
{
    const int first = STDERR_FILENO + 1, end = getdtablesize();
    if (close_range((unsigned)first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    for (int fd = first; fd < end; fd++) /* before Linux 5.11 */
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}
