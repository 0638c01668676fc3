#include "process_watch.h"

#include <unistd.h>

#include "clock.h"
#include "feed_lines.h"
#include "proc.h"

enum err process_watch_init(struct process_watch *watch, struct agent *agent, void (*due)(void *user), void *user)
{
    *watch = (struct process_watch){ .agent = agent };
    child_watch_init(&watch->stall);
    return loop_timer_new(agent->loop, due, user, &watch->timer);
}

void process_watch_judge(struct process_watch *watch)
{
    ms_t now = clock_mono();
    enum child_stall stall = child_watch_judge(&watch->stall, now);
    agent_set_stalled(watch->agent, stall != CHILD_STALL_NONE, child_stall_sentence(stall));
    loop_timer_in(watch->timer, ms_min(watch->look_at - now, child_watch_timeout(&watch->stall, now)));
}

static void report_usage(struct process_watch *watch, const struct proc_usage *usage)
{
    struct skep_worker *worker = watch->agent->worker;
    skep_worker_set_metric(worker, "cpu",
                           cpu_meter_read(&watch->meter, clock_mono(), usage->cpu_ticks, sysconf(_SC_CLK_TCK)));
    skep_worker_set_metric(worker, "rss_bytes", (double)usage->rss_bytes);
}

/* All that lives below it may be many: what they use is read three times for a heartbeat, at the most. One that cannot
 * be looked at is ending: its exit is on the way. */
static void observe(struct process_watch *watch, int64_t root, ms_t now)
{
    struct proc_usage usage;
    bool is_due = now >= watch->usage_at;
    if ((is_due ? proc_read_usage(watch->agent->pid, root, &usage)
                : proc_read_stat(watch->agent->pid, &usage.process)) != OK)
        return;
    child_watch_observe(&watch->stall, usage.process.state, usage.process.cpu_ticks);
    if (!is_due)
        return;
    watch->usage_at = now + watch->agent->conf->settings.interval / 3;
    report_usage(watch, &usage);
}

void process_watch_look(struct process_watch *watch, int64_t root, ms_t every)
{
    ms_t now = clock_mono();
    observe(watch, root, now);
    watch->look_at = now + every;
    process_watch_judge(watch);
}

/* One that cannot be looked at is ending: its exit is on the way. */
enum skep_work process_watch_verify(struct process_watch *watch, bool is_first, uint32_t left_ms)
{
    enum skep_work work;
    struct proc_stat stat;
    if (is_first)
        watch->verify = (struct child_verify){ 0 };
    if (proc_read_stat(watch->agent->pid, &stat) != OK)
        return SKEP_WORK_LATER;
    work = child_verify_check(&watch->verify, stat.state, watch->tells_progress, left_ms);
    return work == SKEP_WORK_UNKNOWN && watch->agent->feed ? feed_lines_verify(watch->agent, left_ms) : work;
}
