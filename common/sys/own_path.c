#include "own_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum err own_path_next_to(const char *name, char ret[PATH_MAX], struct errbuf *e)
{
    char own[PATH_MAX], path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
    const char *slash;
    if (len <= 0)
        return err_set(e, ERR_IO, "/proc/self/exe: %s", strerrordesc_np(errno));
    own[len] = '\0';
    slash = strrchr(own, '/');
    if (!slash || snprintf(path, sizeof path, "%.*s/%s", (int)(slash - own), own, name) >= PATH_MAX ||
        access(path, X_OK) != 0)
        return err_set(e, ERR_NOT_FOUND, "%s is not installed next to %s", name, own);
    memcpy(ret, path, sizeof path);
    return OK;
}
