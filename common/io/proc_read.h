/* proc_read.h - what the kernel says of a process and its descendants, and of this process's control group. */
#ifndef SKEP_PROC_READ_H
#define SKEP_PROC_READ_H

#include "err.h"
#include "procfs.h"

#define PROC_TREE_MAX 1024 /* processes that are looked at; what is beyond is not counted */

struct proc_usage {
    struct proc_stat process; /* the process itself */
    uint64_t cpu_ticks;       /* of the whole tree */
    uint64_t rss_bytes;       /* of the whole tree; memory shared within it counts more than once */
};

/* The file's first PROC_FILE_SIZE bytes, which is all of the kernel's small tables in one read; empty when it cannot be
 * read. Borrowed from `bytes`. */
#define PROC_FILE_SIZE 4096
struct text proc_read_file(const char *path, char bytes[PROC_FILE_SIZE]);

/* ERR_NOT_FOUND when it is gone. */
enum err proc_read_stat(int64_t pid, struct proc_stat *ret);

/* Calls `fn` for every process that there is. False: they cannot be listed, or one of them cannot be looked at though
 * it is there. */
bool proc_read_all(void (*fn)(void *user, const struct proc_stat *stat), void *user) MUST_CHECK;

/* The process and all that it has started and that did not leave it. ERR_NOT_FOUND when it is gone. */
enum err proc_read_usage(int64_t pid, struct proc_usage *ret);

/* How often the kernel has killed for want of memory in this process's control group; -1 when that cannot be read. */
int64_t proc_read_oom_kills(void);

#endif
