#include "command_tree.h"

#include <unistd.h>

#include "proc.h"

/* Below the command's own group, where it has one: a container's, or that of a unit which it was moved to. */
static bool is_in_its_cgroup(int64_t command, int64_t pid)
{
    char own_bytes[PROC_FILE_SIZE], its_bytes[PROC_FILE_SIZE], sender_bytes[PROC_FILE_SIZE];
    struct text own = proc_read_cgroup(getpid(), own_bytes);
    struct text its = proc_read_cgroup(command, its_bytes);
    struct text sender = proc_read_cgroup(pid, sender_bytes);
    if (!own.at || !its.at || text_equal(own, its) || !text_skip(&sender, its))
        return false;
    return sender.len == 0 || sender.at[0] == '/';
}

const char *command_tree_refuse(int64_t command, const struct ucred *sender)
{
    bool is_trusted = sender->uid == getuid() || sender->uid == 0;
    enum err err = sender->pid > 0 ? proc_is_below(sender->pid, getpid()) : ERR_NOT_FOUND;
    if (err == OK || (err == ERR_UNKNOWN && is_in_its_cgroup(command, sender->pid)))
        return NULL;
    if (err == ERR_UNKNOWN)
        return "its sender is no process of the command";
    return is_trusted ? NULL : "its sender has ended, and had another user: it must wait until it is received";
}
