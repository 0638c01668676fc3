/* fd.h - descriptors of which -1 means none. */
#ifndef SKEP_FD_H
#define SKEP_FD_H

#include <stdbool.h>
#include <unistd.h>

/* Closes it if there is one. -1, so that `fd = fd_close(fd)` leaves none. */
static inline int fd_close(int fd)
{
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Reads nothing and takes everything: /dev/null, or, where a bare root lacks it, what can be neither read nor written.
 * Closes when another program is executed. -1 with errno. */
int fd_open_null(void);

/* All but the standard ones close when another program is executed: for who starts one, since libraries open some that
 * do not (libmosquitto its sockets). Safe after a fork of a process with threads, as is the next. */
void fd_close_all_on_exec(void);

/* All above `last` are closed. */
void fd_close_above(int last);

/* Locks the file for this process and those that have the descriptor from it. A process that was killed while it
 * started a program has a child that executes nothing yet, and that has the lock till then: waits for up to a second.
 * False with errno; EWOULDBLOCK when another has it. */
bool fd_lock(int fd);

#endif
