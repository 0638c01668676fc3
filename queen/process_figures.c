#include "process_figures.h"

#include <unistd.h>

#include "clock.h"
#include "descriptors.h"
#include "proc.h"

static int64_t resident_bytes(void)
{
    struct proc_stat stat;
    return proc_read_stat(getpid(), &stat) == OK ? (int64_t)stat.rss_pages * sysconf(_SC_PAGESIZE) : 0;
}

struct queen_process process_figures(const struct daemon_loop *loop, ms_t started)
{
    return (struct queen_process){ .cpu_us = clock_process_us(),
                                   .resident_bytes = resident_bytes(),
                                   .descriptors = descriptors_open(),
                                   .descriptors_max = descriptors_limit(),
                                   .started = started,
                                   .turns = &loop->turns };
}
