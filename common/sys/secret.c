#include "secret.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "read_file.h"
#include "text.h"
#include "trust.h"

#define SECRET_MAX 4096

enum err secret_open(const char *path, int *ret_fd, struct errbuf *e)
{
    enum err err = read_file_open(path, ret_fd, e);
    if (err == OK && (err = trust_check(*ret_fd, TRUST_GIVEN, path, e)) != OK)
        close(*ret_fd);
    return err;
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
    ssize_t len;
    int fd;
    enum err err = secret_open(path, &fd, e);
    if (err != OK)
        return err;
    len = read_up_to(fd, head, sizeof head);
    err = len < 0 ? err_set(e, ERR_IO, "%s: %s", path, strerror(errno))
                  : line_copy((struct text){ head, (size_t)len }, path, ret, e);
    close(fd);
    explicit_bzero(head, sizeof head);
    return err;
}

void secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}
