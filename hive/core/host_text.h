/* host_text.h - the host's memory, from the kernel's table. Pure: text in, numbers out. */
#ifndef SKEP_HOST_TEXT_H
#define SKEP_HOST_TEXT_H

#include "text.h"

/* A row of /proc/meminfo, in bytes; INT_ABSENT (-1) when it is not there. */
int64_t host_memory(struct text meminfo, const char *row);

#endif
