#include "read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trust.h"

enum err read_file_open(const char *path, int *ret_fd, struct errbuf *e)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat status;
    enum err err = OK;
    if (fd < 0)
        return err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s%s", path, strerror(errno),
                       errno == EACCES ? ": the user of this program must be able to read it" : "");
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        err = err_set(e, ERR_IO, "%s: not a regular file", path);
    else if (geteuid() == 0)
        err = trust_check(fd, TRUST_GIVEN, path, e);
    if (err == OK)
        *ret_fd = fd;
    else
        close(fd);
    return err;
}

void read_file_name(int fd, char ret[READ_FILE_NAME_SIZE])
{
    snprintf(ret, READ_FILE_NAME_SIZE, "/proc/self/fd/%d", fd);
}

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
