/* read_file.h - files that are read whole. Any thread. */
#ifndef SKEP_READ_FILE_H
#define SKEP_READ_FILE_H

#include <sys/types.h>

#include "err.h"

/* Opens a regular file, or a link to one; waits for no writer of a FIFO and no device. For root it must be root's,
 * and nobody else may write it: who could would give root orders. The caller closes *ret_fd. ERR_NOT_FOUND,
 * ERR_REFUSED, ERR_IO, with a sentence that names the file. */
enum err read_file_open(const char *path, int *ret_fd, struct errbuf *e);

/* The name by which a library reads what is open as `fd`: the path that was checked may lead to another file by now. */
#define READ_FILE_NAME_SIZE 32
void read_file_name(int fd, char ret[READ_FILE_NAME_SIZE]);

/* Fills `ret` with up to `size` bytes, over several reads if need be. How many there were; -1 with errno. */
ssize_t read_up_to(int fd, char *ret, size_t size);

#endif
