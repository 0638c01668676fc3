/* nowait.h - writing to a descriptor that other processes share, without waiting for its reader.
 *
 * O_NONBLOCK belongs to the open file and so to all who share it, which may not expect it: it is never set on what was
 * inherited. A pipe or a terminal is opened again, a socket has a flag for each call, a file takes what is written.
 * What cannot be opened again (a pipe of another user) is polled before each write; only a second writer that takes the
 * last room in between could make this one wait. */
#ifndef SKEP_NOWAIT_H
#define SKEP_NOWAIT_H

#include <stdbool.h>
#include <sys/types.h>

#define NOWAIT_MAX 4096 /* PIPE_BUF: a pipe takes so much as a whole or not at all */

struct nowait {
    int fd;  /* borrowed */
    int own; /* the same, opened again; -1 = none */
    bool is_socket, is_polled;
};

void nowait_open(struct nowait *ret, int fd);
void nowait_close(struct nowait *nowait);

/* As write, of at most NOWAIT_MAX bytes; -1 with EAGAIN: it takes nothing at present. */
ssize_t nowait_write(const struct nowait *nowait, const char *bytes, size_t len);

#endif
