#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "fd.h"

/* proc(5) counts the fields of stat from 1; these are the ones behind the command's name. */
enum stat_field {
    STAT_STATE = 3,
    STAT_PARENT = 4,
    STAT_SESSION = 6,
    STAT_UTIME = 14,
    STAT_CSTIME = 17,
    STAT_STARTED = 22,
    STAT_RSS = 24
};

/* Where the command's name ends: at the last parenthesis, for the name may hold some itself. */
static bool split_command(struct text stat, struct text *ret_pid, struct text *ret_rest)
{
    const char *open = memchr(stat.at, '(', stat.len);
    const char *close = memrchr(stat.at, ')', stat.len);
    if (!open || !close || close < open || open == stat.at || (size_t)(close - stat.at) + 2 > stat.len)
        return false;
    *ret_pid = (struct text){ stat.at, (size_t)(open - stat.at) - 1 };
    *ret_rest = (struct text){ close + 2, stat.len - (size_t)(close - stat.at) - 2 };
    return true;
}

enum err proc_stat_parse(struct text text, struct proc_stat *ret)
{
    int64_t own, number[STAT_RSS + 1];
    uint64_t cpu_ticks = 0;
    struct text pid, rest, state;
    if (text.len == 0 || !split_command(text, &pid, &rest) || text_to_int(pid, &own) != OK || own < 1)
        return ERR_SYNTAX;
    state = text_split(&rest, ' ');
    for (int field = STAT_STATE + 1; field <= STAT_RSS; field++)
        if (!rest.at || text_to_int(text_split(&rest, ' '), &number[field]) != OK)
            return ERR_SYNTAX;
    for (int field = STAT_UTIME; field <= STAT_CSTIME; field++) {
        if (number[field] < 0)
            return ERR_SYNTAX;
        cpu_ticks += (uint64_t)number[field];
    }
    if (state.len != 1 || number[STAT_PARENT] < 0 || number[STAT_SESSION] < 0 || number[STAT_STARTED] < 0 ||
        number[STAT_RSS] < 0)
        return ERR_SYNTAX;
    *ret = (struct proc_stat){ .pid = own,
                               .parent = number[STAT_PARENT],
                               .session = number[STAT_SESSION],
                               .state = state.at[0],
                               .cpu_ticks = cpu_ticks,
                               .rss_pages = (uint64_t)number[STAT_RSS],
                               .started = (uint64_t)number[STAT_STARTED] };
    return OK;
}

struct text proc_cgroup_path(struct text cgroup)
{
    while (cgroup.at) {
        struct text line = text_split(&cgroup, '\n');
        struct text outside = line;
        if (!text_skip(&outside, TEXT("0::/")))
            continue;
        (void)text_skip(&line, TEXT("0::"));
        return text_skip(&outside, TEXT("..")) ? (struct text){ NULL, 0 } : line;
    }
    return (struct text){ NULL, 0 };
}

bool cgroup_is_below(struct text path, const char *name)
{
    while (path.at)
        if (text_is(text_split(&path, '/'), name))
            return true;
    return false;
}

enum err cgroup_event_parse(struct text events, const char *name, int64_t *ret)
{
    while (events.at) {
        struct text value = text_split(&events, '\n');
        int64_t count;
        if (!text_is(text_split(&value, ' '), name))
            continue;
        if (!value.at || text_to_int(value, &count) != OK || count < 0)
            return ERR_SYNTAX;
        *ret = count;
        return OK;
    }
    return ERR_NOT_FOUND;
}

struct text proc_read_file(const char *path, char bytes[PROC_FILE_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, bytes, PROC_FILE_SIZE);
    fd_close(fd);
    return (struct text){ bytes, len > 0 ? (size_t)len : 0 };
}

/* A process that cannot be read is gone, unless this one is short of what it takes to look. */
static bool lacks_means(int fault)
{
    return fault == EMFILE || fault == ENFILE || fault == ENOMEM;
}

enum err proc_read_stat(int64_t pid, struct proc_stat *ret)
{
    char path[PATH_MAX], bytes[PROC_FILE_SIZE];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    errno = 0;
    if (proc_stat_parse(proc_read_file(path, bytes), ret) == OK)
        return OK;
    return lacks_means(errno) ? ERR_IO : ERR_NOT_FOUND;
}

bool proc_read_all(proc_fn *fn, void *user)
{
    DIR *processes = opendir("/proc");
    struct proc_stat stat;
    struct dirent *entry;
    bool is_whole = true;
    enum err err;
    int64_t pid;
    if (!processes)
        return false;
    while ((entry = readdir(processes)) != NULL) {
        if (text_to_int(text_of(entry->d_name), &pid) != OK)
            continue;
        err = proc_read_stat(pid, &stat);
        if (err == OK)
            fn(user, &stat);
        is_whole &= err != ERR_IO;
    }
    closedir(processes);
    return is_whole;
}

/* Grows while it is walked. */
struct tree {
    int64_t *pids;
    size_t count, room;
    bool is_whole;
};

static void tree_add(struct tree *tree, int64_t pid)
{
    size_t room = tree->room ? 2 * tree->room : 64;
    int64_t *pids = tree->count < tree->room ? tree->pids : realloc(tree->pids, room * sizeof *pids);
    if (!pids) {
        tree->is_whole = false;
        return;
    }
    if (tree->count == tree->room)
        tree->room = room;
    tree->pids = pids;
    tree->pids[tree->count++] = pid;
}

/* A list of pids, each with a space behind it, which may be cut anywhere between two reads. */
static void add_list(struct tree *tree, int fd)
{
    char bytes[PROC_FILE_SIZE];
    int64_t pid = 0;
    ssize_t len;
    while ((len = read(fd, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < len; i++)
            if (bytes[i] >= '0' && bytes[i] <= '9') {
                pid = 10 * pid + (bytes[i] - '0');
            } else if (pid > 0) {
                tree_add(tree, pid);
                pid = 0;
            }
}

/* False: there is no such file. That of a thread that has ended is gone as well, but then so is the thread. */
static bool add_children_of_thread(struct tree *tree, int64_t pid, const char *thread)
{
    char path[PATH_MAX];
    int fd;
    snprintf(path, sizeof path, "/proc/%lld/task/%s/children", (long long)pid, thread);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        tree->is_whole &= !lacks_means(errno);
        return false;
    }
    add_list(tree, fd);
    close(fd);
    return true;
}

/* Children belong to the thread that started them. False: none of the lists can be read. */
static bool add_children(struct tree *tree, int64_t pid)
{
    bool any = false;
    char path[PATH_MAX];
    const struct dirent *entry;
    DIR *threads;
    snprintf(path, sizeof path, "/proc/%lld/task", (long long)pid);
    threads = opendir(path);
    if (!threads) {
        tree->is_whole &= !lacks_means(errno);
        return false;
    }
    while ((entry = readdir(threads)) != NULL)
        if (entry->d_name[0] != '.')
            any |= add_children_of_thread(tree, pid, entry->d_name);
    closedir(threads);
    return any;
}

static void visit(struct tree *tree, int64_t pid, proc_fn *fn, void *user)
{
    struct proc_stat stat;
    enum err err = proc_read_stat(pid, &stat);
    if (err == OK)
        fn(user, &stat);
    tree->is_whole &= err != ERR_IO;
}

/* Those that are not wanted, and whatever is below them, are not looked at. */
static void drop_unwanted(struct tree *tree, size_t from, int64_t parent, proc_wanted *wanted, void *user)
{
    size_t count = from;
    for (size_t i = from; i < tree->count; i++)
        if (wanted(user, parent, tree->pids[i]))
            tree->pids[count++] = tree->pids[i];
    tree->count = count;
}

static bool descend(struct tree *tree, int64_t parent, proc_wanted *wanted, void *user)
{
    size_t from = tree->count;
    bool is_listed = add_children(tree, parent);
    if (wanted)
        drop_unwanted(tree, from, parent, wanted, user);
    return is_listed;
}

bool proc_read_tree(int64_t root, proc_wanted *wanted, proc_fn *fn, void *user)
{
    struct tree tree = { .is_whole = true };
    bool is_listed = descend(&tree, root, wanted, user);
    for (size_t i = 0; i < tree.count; i++) {
        (void)descend(&tree, tree.pids[i], wanted, user); /* before `fn`, which may end it */
        visit(&tree, tree.pids[i], fn, user);
    }
    free(tree.pids);
    return is_listed && tree.is_whole;
}

static void add_usage(void *user, const struct proc_stat *stat)
{
    struct proc_usage *usage = user;
    usage->cpu_ticks += stat->cpu_ticks;
    usage->rss_bytes += stat->rss_pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

enum err proc_read_usage(int64_t pid, int64_t root, struct proc_usage *ret)
{
    struct proc_usage usage = { 0 };
    struct proc_stat process, reaper;
    if (proc_read_stat(pid, &process) != OK)
        return ERR_NOT_FOUND;
    if (proc_read_stat(root, &reaper) == OK)
        usage.cpu_ticks = reaper.cpu_ticks; /* of those that it has waited for */
    if (root == pid)
        usage.rss_bytes = process.rss_pages * (uint64_t)sysconf(_SC_PAGESIZE);
    if (!proc_read_tree(root, NULL, add_usage, &usage)) {
        usage = (struct proc_usage){ 0 };
        add_usage(&usage, &process);
    }
    usage.process = process;
    *ret = usage;
    return OK;
}

#define DEPTH_MAX 1024

enum err proc_is_below(int64_t pid, int64_t ancestor)
{
    struct proc_stat stat;
    for (int up = 0; up < DEPTH_MAX; up++) {
        enum err err = proc_read_stat(pid, &stat);
        if (err != OK)
            return err;
        if (stat.pid == ancestor || stat.parent == ancestor || stat.session == ancestor)
            return OK;
        if (stat.parent <= 1)
            break;
        pid = stat.parent;
    }
    return ERR_UNKNOWN;
}

struct text proc_read_cgroup(int64_t pid, char bytes[PROC_FILE_SIZE])
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%lld/cgroup", (long long)pid);
    return proc_cgroup_path(proc_read_file(path, bytes));
}

static enum err result_of_signal(int result)
{
    return result == 0 ? OK : errno == ESRCH ? ERR_NOT_FOUND : errno == EPERM ? ERR_REFUSED : ERR_IO;
}

enum err proc_signal_held(int pidfd, int number)
{
    return result_of_signal(pidfd_send_signal(pidfd, number, NULL, 0));
}

/* Before Linux 5.3, and in a container that forbids descriptors of processes, there is none. Then a pid has to do, that
 * was looked at just before. */
static enum err signal_if_same(const struct proc_stat *process, int pidfd, int number)
{
    struct proc_stat now;
    enum err err;
    if ((err = proc_read_stat(process->pid, &now)) != OK)
        return err;
    if (now.started != process->started)
        return ERR_NOT_FOUND;
    return pidfd >= 0 ? proc_signal_held(pidfd, number) : result_of_signal(kill((pid_t)process->pid, number));
}

enum err proc_signal(const struct proc_stat *process, int number)
{
    int pidfd = pidfd_open((pid_t)process->pid, 0);
    enum err err;
    if (pidfd < 0 && errno == ESRCH)
        return ERR_NOT_FOUND;
    if (pidfd < 0 && lacks_means(errno))
        return ERR_IO;
    err = signal_if_same(process, pidfd, number);
    fd_close(pidfd);
    return err;
}

bool proc_is_gone(const struct proc_stat *stat)
{
    return stat->state == 'Z' || stat->state == 'X';
}

int proc_open_oom_kills(void)
{
    char path[PATH_MAX], bytes[PROC_FILE_SIZE];
    struct text group = proc_read_cgroup(getpid(), bytes);
    if (!group.at)
        return -1;
    snprintf(path, sizeof path, "/sys/fs/cgroup%.*s/memory.events", (int)group.len, group.at);
    return open(path, O_RDONLY | O_CLOEXEC);
}

int64_t proc_read_oom_kills(int fd)
{
    char bytes[PROC_FILE_SIZE];
    ssize_t len = pread(fd, bytes, sizeof bytes, 0);
    int64_t kills;
    return len > 0 && cgroup_event_parse((struct text){ bytes, (size_t)len }, "oom_kill", &kills) == OK ? kills : -1;
}
