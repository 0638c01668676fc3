/* read_file.h - reading a descriptor to its end. Any thread. */
#ifndef SKEP_READ_FILE_H
#define SKEP_READ_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Fills `ret` with up to `size` bytes, over several reads if need be. How many there were; -1 with errno. */
ssize_t read_up_to(int fd, char *ret, size_t size);

#endif
