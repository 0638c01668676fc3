/* procfs.h - reads the kernel's tables of processes and control groups. Pure: text in, numbers out. */
#ifndef SKEP_PROCFS_H
#define SKEP_PROCFS_H

#include "text.h"

struct proc_stat {
    int64_t pid, parent;
    int64_t session;    /* pid of the process that made it (setsid) */
    char state;         /* R S D Z T t X I ... as in proc(5) */
    uint64_t cpu_ticks; /* user and system time, its own and of children it has waited for; in clock ticks */
    uint64_t rss_pages; /* resident memory */
    uint64_t started;   /* when it was started, in clock ticks since the machine was: with the pid it names a process */
};

/* One /proc/PID/stat. The command's name may hold spaces, parentheses and line ends. ERR_SYNTAX. */
enum err proc_stat_parse(struct text stat, struct proc_stat *ret);

/* The next pid of /proc/PID/task/TID/children; false at the end, or at what is no pid. */
bool proc_children_next(struct text *rest, int64_t *ret_pid);

/* The path of the process in the unified hierarchy, from /proc/PID/cgroup: "/system.slice/x.service". Absent when there
 * is none, or when it leads out of the namespace ("/.."). */
struct text proc_cgroup_path(struct text cgroup);

/* The count of an event in a control group's memory.events. ERR_NOT_FOUND, ERR_SYNTAX. */
enum err cgroup_event_parse(struct text events, const char *name, int64_t *ret);

#endif
