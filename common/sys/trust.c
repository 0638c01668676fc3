#include "trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum err trust_check(int fd, enum trust trust, const char *path, struct errbuf *e)
{
    unsigned us = geteuid(), mode;
    struct stat status;
    const char *unless;
    bool is_folder;
    if (fstat(fd, &status) != 0)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    mode = status.st_mode & 07777;
    is_folder = S_ISDIR(status.st_mode);
    unless = is_folder ? ", if nothing else uses it" : "";
    if (status.st_uid != us && (trust != TRUST_GIVEN || status.st_uid != 0))
        return err_set(e, ERR_REFUSED, "%s: belongs to another user (uid %u, and this runs as uid %u): chown %u %s%s",
                       path, status.st_uid, us, us, path, is_folder ? unless : ", or run this as its owner");
    if (mode & (S_IWGRP | S_IWOTH))
        return err_set(e, ERR_REFUSED, "%s: others than its owner may write it (mode %04o): chmod go-w %s%s", path,
                       mode, path, unless);
    if (trust == TRUST_CLOSED && (mode & (S_IRWXG | S_IRWXO)))
        return err_set(e, ERR_REFUSED, "%s: others than its owner may read it (mode %04o): chmod go-rwx %s%s", path,
                       mode, path, unless);
    if (trust != TRUST_GIVEN && S_ISREG(status.st_mode) && status.st_nlink != 1)
        return err_set(e, ERR_REFUSED, "%s: has another name as well (hard link): remove one, see find -samefile %s",
                       path, path);
    return OK;
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
                       errno == ENOTDIR ? "no folder, or a link to one: name the folder itself" : strerror(errno));
    if ((err = trust_check(fd, trust, path, e)) == OK)
        *ret_fd = fd;
    else
        close(fd);
    return err;
}

enum err trust_file(int folder, const char *path, int flags, int *ret_fd, struct errbuf *e)
{
    const char *slash = strrchr(path, '/');
    int fd = openat(folder, slash ? slash + 1 : path, flags | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, S_IRUSR | S_IWUSR);
    struct stat status;
    enum err err;
    if (fd < 0)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode))
        err = err_set(e, ERR_IO, "%s: not a regular file", path);
    else
        err = trust_check(fd, TRUST_OWN, path, e);
    if (err == OK)
        *ret_fd = fd;
    else
        close(fd);
    return err;
}
