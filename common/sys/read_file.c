#include "read_file.h"

#include <errno.h>
#include <unistd.h>

ssize_t read_up_to(int fd, char *ret, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, ret + len, size - len);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return -1;
        if (got > 0)
            len += (size_t)got;
    }
    return (ssize_t)len;
}
