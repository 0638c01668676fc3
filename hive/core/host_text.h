/* host_text.h - the host's load and memory, from the kernel's tables. Pure: text in, numbers out. */
#ifndef SKEP_HOST_TEXT_H
#define SKEP_HOST_TEXT_H

#include "text.h"

/* The first number of /proc/loadavg; NAN when it is not there. */
double host_load1(struct text loadavg);

/* A row of /proc/meminfo, in bytes; INT_ABSENT (-1) when it is not there. */
int64_t host_memory(struct text meminfo, const char *row);

#endif
