/* oom_watch.h - was a process killed for want of memory? The kernel counts such kills in this process's control group,
 * and does not say whom it killed: so the count must have risen just before the death. */
#ifndef SKEP_OOM_WATCH_H
#define SKEP_OOM_WATCH_H

#include "exit_status.h"
#include "loop.h"

struct oom_watch;

/* Where the count cannot be read, nothing is ever known. ERR_NOMEM. */
enum err oom_watch_new(struct loop *loop, struct oom_watch **ret);
void oom_watch_free(struct oom_watch *watch); /* NULL is fine */

/* Reads the count, for where the kernel does not tell when it rises. */
void oom_watch_see(struct oom_watch *watch);

/* Of a process that has ended now: as exit_status.oom. */
int oom_watch_judge(struct oom_watch *watch, const struct exit_status *exit_status);

#endif
