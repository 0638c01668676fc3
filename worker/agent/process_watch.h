/* process_watch.h - looks at the process that does a worker's work, of --exec or one that somebody else has started:
 * what it uses, and whether it stands still. On the loop's thread. */
#ifndef SKEP_PROCESS_WATCH_H
#define SKEP_PROCESS_WATCH_H

#include "agent.h"
#include "child_verify.h"
#include "child_watch.h"
#include "cpu_meter.h"

#define PROCESS_LOOK_EVERY 5000 /* ms between two looks, at the most */

struct process_watch {
    struct agent *agent;
    struct loop_timer *timer;
    struct child_watch stall;
    struct child_verify verify;
    struct cpu_meter meter;
    ms_t look_at;        /* the next look, whatever is reported in between */
    ms_t usage_at;       /* ... that reads also what it uses */
    bool tells_progress; /* it reports its progress itself; a feed may, where it does not */
};

/* `due` is called when it is time for process_watch_look. ERR_NOMEM. */
enum err process_watch_init(struct process_watch *watch, struct agent *agent, void (*due)(void *user), void *user);

/* A look at agent->pid and what lives below `root`, as proc_read_usage has them; the next one is due `every` ms later
 * at the latest. */
void process_watch_look(struct process_watch *watch, int64_t root, ms_t every);

/* Something was reported: judged anew. */
void process_watch_judge(struct process_watch *watch);

/* As `verify` of struct source; its first call should come behind a look. */
enum skep_work process_watch_verify(struct process_watch *watch, bool is_first, uint32_t left_ms);

#endif
