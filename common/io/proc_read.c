#include "proc_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct tree {
    int64_t pids[PROC_TREE_MAX];
    size_t count;
};

struct text proc_read_file(const char *path, char bytes[PROC_FILE_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, bytes, PROC_FILE_SIZE);

    if (fd >= 0)
        close(fd);
    return (struct text){ bytes, len > 0 ? (size_t)len : 0 };
}

static void add_children(struct tree *tree, int64_t pid, const char *thread)
{
    char path[PATH_MAX], bytes[PROC_FILE_SIZE];
    struct text rest;
    int64_t child;

    snprintf(path, sizeof(path), "/proc/%lld/task/%s/children", (long long)pid, thread);
    rest = proc_read_file(path, bytes);
    while (tree->count < PROC_TREE_MAX && proc_children_next(&rest, &child))
        tree->pids[tree->count++] = child;
}

/* Children belong to the thread that started them. */
static void add_children_of_threads(struct tree *tree, int64_t pid)
{
    char path[PATH_MAX];
    struct dirent *entry;
    DIR *threads;

    snprintf(path, sizeof(path), "/proc/%lld/task", (long long)pid);
    threads = opendir(path);
    if (!threads)
        return;
    while ((entry = readdir(threads)) != NULL) {
        if (entry->d_name[0] != '.')
            add_children(tree, pid, entry->d_name);
    }
    closedir(threads);
}

enum err proc_read_stat(int64_t pid, struct proc_stat *ret)
{
    char path[PATH_MAX], bytes[PROC_FILE_SIZE];

    snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
    return proc_stat_parse(proc_read_file(path, bytes), ret) == OK ? OK : ERR_NOT_FOUND;
}

/* A process that cannot be read is gone, unless this one is short of what it takes to look. */
static bool lacks_means(int fault)
{
    return fault == EMFILE || fault == ENFILE || fault == ENOMEM;
}

bool proc_read_all(void (*fn)(void *user, const struct proc_stat *stat), void *user)
{
    DIR *processes = opendir("/proc");
    struct proc_stat stat;
    struct dirent *entry;
    bool is_whole = true;
    int64_t pid;

    if (!processes)
        return false;
    while ((entry = readdir(processes)) != NULL) {
        if (text_to_int(text_of(entry->d_name), &pid) != OK)
            continue;
        errno = 0;
        if (proc_read_stat(pid, &stat) == OK)
            fn(user, &stat);
        else if (lacks_means(errno))
            is_whole = false;
    }
    closedir(processes);
    return is_whole;
}

enum err proc_read_usage(int64_t pid, struct proc_usage *ret)
{
    struct proc_usage usage = { 0 };
    struct tree tree = { .pids = { pid }, .count = 1 };
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

    if (proc_read_stat(pid, &usage.process) != OK)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < tree.count; i++) { /* grows while it is walked */
        struct proc_stat stat;

        if (proc_read_stat(tree.pids[i], &stat) != OK)
            continue;
        usage.cpu_ticks += stat.cpu_ticks;
        usage.rss_bytes += stat.rss_pages * page;
        add_children_of_threads(&tree, tree.pids[i]);
    }
    *ret = usage;
    return OK;
}

int64_t proc_read_oom_kills(void)
{
    char path[PATH_MAX], bytes[PROC_FILE_SIZE];
    struct text group = proc_cgroup_path(proc_read_file("/proc/self/cgroup", bytes));
    int64_t kills = -1;

    if (!group.at)
        return -1;
    snprintf(path, sizeof(path), "/sys/fs/cgroup%.*s/memory.events", (int)group.len, group.at);
    return cgroup_event_parse(proc_read_file(path, bytes), "oom_kill", &kills) == OK ? kills : -1;
}
