/* entropy.h - random bytes from the kernel's generator (getrandom): for sessions, nonces, hash keys. Any thread. */
#ifndef SKEP_ENTROPY_H
#define SKEP_ENTROPY_H

#include "err.h"

/* Fills `bytes`. ERR_IO: the kernel has no generator, and `bytes` must not be used. */
enum err entropy_read(void *bytes, size_t len) MUST_CHECK;

/* The same for programs that cannot do without: aborts if there is no generator. */
void entropy_need(void *bytes, size_t len);

#endif
