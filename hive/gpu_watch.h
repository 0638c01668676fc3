/* gpu_watch.h - what the hive knows of its GPUs: keeps the process that reads them (gpu_reader.h), requests a report
 * from it once per interval, and goes on without where none comes. Nothing here waits.
 *
 * Where there is no GPU it looks again after a while, since drivers are loaded late. */
#ifndef SKEP_GPU_WATCH_H
#define SKEP_GPU_WATCH_H

#include "gpu_report.h"
#include "loop.h"

struct gpu_watch;

struct gpu_watch_options {
    const char *file; /* the program, and its arguments; borrowed for good */
    char *const *arguments;
    ms_t interval;
    /* NULL: nothing is known any more. Borrowed during the call. */
    void (*report)(void *user, const struct gpu_report *report);
    void *user;
};

/* ERR_NOMEM. */
enum err gpu_watch_new(struct loop *loop, const struct gpu_watch_options *options, struct gpu_watch **ret);

/* The process ends, too. NULL is fine. */
void gpu_watch_free(struct gpu_watch *watch);

#endif
