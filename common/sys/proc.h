/* proc.h - the kernel's tables of processes and control groups: the parsers (text in, numbers out), and readers of this
 * machine's /proc. */
#ifndef SKEP_PROC_H
#define SKEP_PROC_H

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

/* The path of the process in the unified hierarchy, from /proc/PID/cgroup: "/system.slice/x.service". Absent when there
 * is none, or when it leads out of the namespace ("/.."). */
struct text proc_cgroup_path(struct text cgroup);

/* The group of that path is `name`, or lies below one of that name: /system.slice/x.service/sub for x.service. */
bool cgroup_is_below(struct text path, const char *name);

/* The count of an event in a control group's memory.events. ERR_NOT_FOUND, ERR_SYNTAX. */
enum err cgroup_event_parse(struct text events, const char *name, int64_t *ret);

struct proc_usage {
    struct proc_stat process; /* the process itself */
    uint64_t cpu_ticks;       /* of all */
    uint64_t rss_bytes;       /* of all; memory that they share counts more than once */
};

/* The file's first PROC_FILE_SIZE bytes, which is all of the kernel's small tables in one read; empty when it cannot be
 * read. Borrowed from `bytes`. */
#define PROC_FILE_SIZE 4096
struct text proc_read_file(const char *path, char bytes[PROC_FILE_SIZE]);

/* ERR_NOT_FOUND when it is gone, ERR_IO when this process is short of what it takes to look. */
enum err proc_read_stat(int64_t pid, struct proc_stat *ret);

typedef void proc_fn(void *user, const struct proc_stat *stat);

/* Calls `fn` for every process that there is. False: they cannot be listed, or one of them cannot be looked at though
 * it is there. */
bool proc_read_all(proc_fn *fn, void *user) MUST_CHECK;

typedef bool proc_wanted(void *user, int64_t parent, int64_t pid);

/* Calls `fn` for every process below `root`, parents first, and reads no other: nor those that are not `wanted` (NULL:
 * all are), with what is below them. False: the same, or the kernel lists no children. While processes end, others may
 * be missing. */
bool proc_read_tree(int64_t root, proc_wanted *wanted, proc_fn *fn, void *user) MUST_CHECK;

/* It has ended, and waits to be waited for. */
bool proc_is_gone(const struct proc_stat *stat);

/* To that process, and never to another that has its pid by now. ERR_NOT_FOUND when it is gone, ERR_REFUSED when it is
 * another user's, ERR_IO when this process is short of what it takes to look. */
enum err proc_signal(const struct proc_stat *process, int number);

/* The same to one of which the caller holds a descriptor (pidfd_open): takes no other. */
enum err proc_signal_held(int pidfd, int number);

/* A process, and all that live below `root`, which is it or above it; where those cannot be seen, the process alone.
 * The time is also of those that `root` has waited for. ERR_NOT_FOUND when the process is gone. */
enum err proc_read_usage(int64_t pid, int64_t root, struct proc_usage *ret);

/* OK: it is `ancestor`, or was started by it, or by what it started, or is in a session that it made. ERR_UNKNOWN: it
 * is none of those. ERR_NOT_FOUND when it is gone before that shows, ERR_IO as above. */
enum err proc_is_below(int64_t pid, int64_t ancestor);

/* As proc_cgroup_path, of the process; borrowed from `bytes`. */
struct text proc_read_cgroup(int64_t pid, char bytes[PROC_FILE_SIZE]);

/* How often the kernel has killed for want of memory in this process's control group: where that is counted, which the
 * caller closes, and the count there. -1 when it cannot be read. */
int proc_open_oom_kills(void);
int64_t proc_read_oom_kills(int fd);

#endif
