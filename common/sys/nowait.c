#include "nowait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "fd.h"
#include "read_file.h"

void nowait_open(struct nowait *ret, int fd)
{
    char name[READ_FILE_NAME_SIZE];
    struct stat status;
    *ret = (struct nowait){ .fd = fd, .own = -1 };
    if (fstat(fd, &status) != 0 || S_ISREG(status.st_mode))
        return;
    ret->is_socket = S_ISSOCK(status.st_mode);
    if (ret->is_socket)
        return;
    read_file_name(fd, name);
    ret->own = open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ret->is_polled = ret->own < 0;
}

void nowait_close(struct nowait *nowait)
{
    nowait->own = fd_close(nowait->own);
    nowait->is_polled = true; /* whoever writes on does so through the one that it shares */
}

static bool is_writable(int fd)
{
    struct pollfd watched = { .fd = fd, .events = POLLOUT };
    return poll(&watched, 1, 0) == 1; /* also when the reader is gone: the write says so */
}

ssize_t nowait_write(const struct nowait *nowait, const char *bytes, size_t len)
{
    size_t piece = len < NOWAIT_MAX ? len : NOWAIT_MAX;
    ssize_t done;
    if (nowait->is_polled && !is_writable(nowait->fd)) {
        errno = EAGAIN;
        return -1;
    }
    do
        done = nowait->is_socket ? send(nowait->fd, bytes, piece, MSG_DONTWAIT | MSG_NOSIGNAL)
                                 : write(nowait->own >= 0 ? nowait->own : nowait->fd, bytes, piece);
    while (done < 0 && errno == EINTR);
    return done;
}
