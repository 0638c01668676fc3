#include "fd.h"

#include <fcntl.h>
#include <stdio.h>

void fd_close_all_on_exec(void)
{
    const int first = STDERR_FILENO + 1, end = getdtablesize();
    if (close_range((unsigned)first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    for (int fd = first; fd < end; fd++) /* before Linux 5.11 */
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}
