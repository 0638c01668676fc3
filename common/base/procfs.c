#include "procfs.h"

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

static bool is_number_of_interest(enum stat_field field)
{
    return field == STAT_PARENT || field == STAT_SESSION || (field >= STAT_UTIME && field <= STAT_CSTIME) ||
           field == STAT_STARTED || field == STAT_RSS;
}

static enum err read_stat_field(enum stat_field field, struct text value, struct proc_stat *stat)
{
    int64_t number = 0;

    if (field == STAT_STATE) {
        stat->state = value.len == 1 ? value.at[0] : 0;
        return stat->state ? OK : ERR_SYNTAX;
    }
    if (!is_number_of_interest(field))
        return OK;
    if (text_to_int(value, &number) != OK || number < 0)
        return ERR_SYNTAX;
    if (field == STAT_PARENT)
        stat->parent = number;
    else if (field == STAT_SESSION)
        stat->session = number;
    else if (field == STAT_STARTED)
        stat->started = (uint64_t)number;
    else if (field == STAT_RSS)
        stat->rss_pages = (uint64_t)number;
    else
        stat->cpu_ticks += (uint64_t)number;
    return OK;
}

enum err proc_stat_parse(struct text text, struct proc_stat *ret)
{
    struct proc_stat stat = { 0 };
    struct text pid, rest;

    if (text.len == 0 || !split_command(text, &pid, &rest) || text_to_int(pid, &stat.pid) != OK || stat.pid < 1)
        return ERR_SYNTAX;
    for (int field = STAT_STATE; field <= STAT_RSS; field++) {
        if (!rest.at || read_stat_field((enum stat_field)field, text_split(&rest, ' '), &stat) != OK)
            return ERR_SYNTAX;
    }
    *ret = stat;
    return OK;
}

bool proc_children_next(struct text *rest, int64_t *ret_pid)
{
    int64_t pid;

    if (!rest->at || text_to_int(text_split(rest, ' '), &pid) != OK || pid < 1)
        return false;
    *ret_pid = pid;
    return true;
}

struct text proc_cgroup_path(struct text cgroup)
{
    static const struct text prefix = { "0::/", 4 };
    static const struct text outside = { "/..", 3 };

    while (cgroup.at) {
        struct text line = text_split(&cgroup, '\n');

        if (line.len < prefix.len || memcmp(line.at, prefix.at, prefix.len) != 0)
            continue;
        line.at += prefix.len - 1;
        line.len -= prefix.len - 1;
        if (line.len >= outside.len && memcmp(line.at, outside.at, outside.len) == 0)
            break;
        return line;
    }
    return (struct text){ NULL, 0 };
}

enum err cgroup_event_parse(struct text events, const char *name, int64_t *ret)
{
    while (events.at) {
        struct text value = text_split(&events, '\n');

        if (text_is(text_split(&value, ' '), name))
            return value.at ? text_to_int(value, ret) : ERR_SYNTAX;
    }
    return ERR_NOT_FOUND;
}
