#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read_file.h"
#include "text.h"

#define SECRET_MAX 4096

/* What stands at the file's beginning, up to `size` bytes. */
static enum err head_read(int fd, const char *path, char *ret, size_t size, ssize_t *ret_len, struct errbuf *e)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    if (status.st_mode & (S_IWGRP | S_IWOTH))
        return err_set(e, ERR_REFUSED, "%s: others than its owner may write it", path);
    *ret_len = read_up_to(fd, ret, size);
    return *ret_len >= 0 ? OK : err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
}

static enum err line_copy(struct text text, const char *path, char **ret, struct errbuf *e)
{
    struct text line = text_split(&text, '\n');
    char *copy;
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    if (line.len > SECRET_MAX)
        return err_set(e, ERR_TOO_LARGE, "%s: first line longer than %d bytes", path, SECRET_MAX);
    if (line.len == 0)
        return err_set(e, ERR_MISSING, "%s: first line is empty", path);
    if (memchr(line.at, '\0', line.len))
        return err_set(e, ERR_SYNTAX, "%s: NUL in the first line", path);
    copy = strndup(line.at, line.len);
    if (!copy)
        return err_set(e, ERR_NOMEM, "%s: out of memory", path);
    *ret = copy;
    return OK;
}

enum err secret_read(const char *path, char **ret, struct errbuf *e)
{
    char head[SECRET_MAX + 2]; /* a line that is just too long, or the longest with its end of two bytes */
    ssize_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err err;
    if (fd < 0)
        return err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path, strerror(errno));
    err = head_read(fd, path, head, sizeof head, &len, e);
    close(fd);
    if (err == OK)
        err = line_copy((struct text){ head, (size_t)len }, path, ret, e);
    explicit_bzero(head, sizeof head);
    return err;
}

void secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}
