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
    unsigned us = geteuid(), closed_to = trust == TRUST_CLOSED ? 0077 : trust == TRUST_MENDABLE ? 0002 : 0022;
    struct stat status;
    const char *unless;
    if (fstat(fd, &status) != 0)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))
        return err_set(e, ERR_IO, "%s: not a regular file", path);
    unless = S_ISDIR(status.st_mode) ? ", if nothing else uses it" : "";
    if (status.st_uid != us && (trust != TRUST_GIVEN || status.st_uid != 0))
        return err_set(e, ERR_REFUSED,
                       "%s: belongs to another user (uid %u, and this runs as uid %u): chown %u %s%s, or run this as "
                       "its owner",
                       path, status.st_uid, us, us, path, unless);
    if (status.st_mode & closed_to)
        return err_set(e, ERR_REFUSED, "%s: others than its owner may %s it (mode %04o): chmod %s %s%s", path,
                       status.st_mode & 0022 ? "write" : "read", status.st_mode & 07777,
                       trust == TRUST_CLOSED ? "go-rwx" : "go-w", path, unless);
    if (trust != TRUST_GIVEN && S_ISREG(status.st_mode) && status.st_nlink != 1)
        return err_set(e, ERR_REFUSED, "%s: has another name as well (hard link): remove one, see find -samefile %s",
                       path, path);
    if (trust == TRUST_MENDABLE && (status.st_mode & S_IWGRP))
        return err_set(e, OK, "%s: its group could write it (mode %04o)", path, status.st_mode & 07777);
    return OK;
}

/* `fd` becomes *ret_fd, or is closed. */
static enum err hand_over(int fd, enum trust trust, const char *path, int *ret_fd, struct errbuf *e)
{
    enum err err = trust_check(fd, trust, path, e);
    if (err == OK)
        *ret_fd = fd;
    else
        close(fd);
    return err;
}

/* errno. */
static bool could_make(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path ? 1 : 0] = '\0';
    return eaccess(slash ? path : ".", W_OK | X_OK) == 0;
}

/* *ret_fd is untouched where it does not make the folder, and could. */
static enum err folder_open(const char *path, enum trust trust, bool makes, int *ret_fd, struct errbuf *e)
{
    char name[PATH_MAX]; /* with a slash at its end O_NOFOLLOW would have no effect */
    size_t len = strlen(path);
    int fd = -1;
    while (len > 1 && path[len - 1] == '/')
        len--;
    if ((size_t)snprintf(name, sizeof name, "%.*s", (int)len, path) >= sizeof name)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(ENAMETOOLONG));
    if (!makes || mkdir(name, S_IRWXU) == 0 || errno == EEXIST)
        fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && !makes && errno == ENOENT && could_make(name))
        return OK;
    if (fd < 0)
        return err_set(e, errno == ENOTDIR || errno == ELOOP ? ERR_REFUSED : ERR_IO, "%s: %s", path,
                       errno == ENOTDIR ? "no folder, or a link to one: name the folder itself" : strerror(errno));
    return hand_over(fd, trust, path, ret_fd, e);
}

enum err trust_folder(const char *path, enum trust trust, int *ret_fd, struct errbuf *e)
{
    return folder_open(path, trust, true, ret_fd, e);
}

enum err trust_folder_find(const char *path, enum trust trust, int *ret_fd, struct errbuf *e)
{
    *ret_fd = -1;
    return folder_open(path, trust, false, ret_fd, e);
}

enum err trust_file(int folder, const char *path, enum trust trust, int flags, int *ret_fd, struct errbuf *e)
{
    const char *slash = strrchr(path, '/');
    struct stat status;
    int fd = openat(folder, slash ? slash + 1 : path, flags | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(fd);
        return err_set(e, ERR_IO, "%s: %s", path, strerror(EISDIR));
    }
    return hand_over(fd, trust, path, ret_fd, e);
}
