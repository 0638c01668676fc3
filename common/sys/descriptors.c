#include "descriptors.h"

#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <sys/resource.h>

static struct rlimit before; /* soft limit 0: it is as it was */

static void give_back(void)
{
    if (before.rlim_cur > 0)
        (void)setrlimit(RLIMIT_NOFILE, &before);
}

unsigned descriptors_want(unsigned wanted)
{
    struct rlimit limit, raised;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    raised = limit;
    raised.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (raised.rlim_cur > limit.rlim_cur && (before.rlim_cur > 0 || pthread_atfork(NULL, NULL, give_back) == 0) &&
        setrlimit(RLIMIT_NOFILE, &raised) == 0) {
        before = before.rlim_cur > 0 ? before : limit;
        limit = raised;
    }
    return limit.rlim_cur < UINT_MAX ? (unsigned)limit.rlim_cur : UINT_MAX;
}

/* Without the one of the folder, and what is no number. */
unsigned descriptors_open(void)
{
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    unsigned count = 0;
    if (!folder)
        return 0;
    while ((entry = readdir(folder)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count > 0 ? count - 1 : 0;
}

unsigned descriptors_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    return limit.rlim_cur < UINT_MAX ? (unsigned)limit.rlim_cur : UINT_MAX;
}
