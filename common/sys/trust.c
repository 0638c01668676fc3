#include "trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *find_fault(const struct stat *status, enum trust trust)
{
    if (status->st_uid != geteuid() && (trust != TRUST_GIVEN || status->st_uid != 0))
        return "belongs to another user";
    if (status->st_mode & (S_IWGRP | S_IWOTH))
        return "others than its owner may write it";
    if (trust == TRUST_CLOSED && (status->st_mode & (S_IRWXG | S_IRWXO)))
        return "others than its owner may read it";
    if (trust != TRUST_GIVEN && S_ISREG(status->st_mode) && status->st_nlink != 1)
        return "has another name as well (hard link)";
    return NULL;
}

enum err trust_check(int fd, enum trust trust, const char *path, struct errbuf *e)
{
    struct stat status;
    const char *fault;
    if (fstat(fd, &status) != 0)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    fault = find_fault(&status, trust);
    return fault ? err_set(e, ERR_REFUSED, "%s: %s", path, fault) : OK;
}

enum err trust_folder(const char *path, enum trust trust, int *ret_fd, struct errbuf *e)
{
    char name[PATH_MAX]; /* with a slash at its end O_NOFOLLOW would have no effect */
    size_t len = strlen(path);
    enum err err;
    int fd;
    while (len > 1 && path[len - 1] == '/')
        len--;
    if ((size_t)snprintf(name, sizeof name, "%.*s", (int)len, path) >= sizeof name)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(ENAMETOOLONG));
    if ((mkdir(name, S_IRWXU) != 0 && errno != EEXIST) ||
        (fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
        return err_set(e, errno == ENOTDIR || errno == ELOOP ? ERR_REFUSED : ERR_IO, "%s: %s", path,
                       errno == ENOTDIR ? "no folder, or a link to one" : strerror(errno));
    if ((err = trust_check(fd, trust, path, e)) == OK)
        *ret_fd = fd;
    else
        close(fd);
    return err;
}

enum err trust_file(int folder, const char *name, int flags, int *ret_fd, struct errbuf *e)
{
    int fd = openat(folder, name, flags | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, S_IRUSR | S_IWUSR);
    struct stat status;
    enum err err;
    if (fd < 0)
        return err_set(e, ERR_IO, "%s: %s", name, strerror(errno));
    if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode))
        err = err_set(e, ERR_IO, "%s: not a regular file", name);
    else
        err = trust_check(fd, TRUST_OWN, name, e);
    if (err == OK)
        *ret_fd = fd;
    else
        close(fd);
    return err;
}
