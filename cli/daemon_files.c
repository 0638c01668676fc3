#include "daemon_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fd.h"
#include "output.h"
#include "trust.h"

#define LINES_SHOWN 10
#define LOG_SHOWN 4096 /* bytes of its end that are looked at */

static enum err folder_find(char ret[DAEMON_PATH_SIZE], int *ret_fd, struct errbuf *e)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    enum err err;
    int len;
    if (runtime && *runtime)
        len = snprintf(ret, DAEMON_PATH_SIZE, "%s", runtime);
    else
        len = snprintf(ret, DAEMON_PATH_SIZE, "/tmp/skep-%u", (unsigned)geteuid());
    if (len >= DAEMON_PATH_SIZE)
        return err_set(e, ERR_TOO_LARGE, "XDG_RUNTIME_DIR: the path is too long");
    err = (runtime && *runtime ? trust_folder_find : trust_folder)(ret, TRUST_CLOSED, ret_fd, e);
    if (err == OK && *ret_fd < 0)
        return err_set(e, ERR_NOT_FOUND, "%s: there is no such folder: make it, or unset XDG_RUNTIME_DIR", ret);
    return err != ERR_REFUSED
               ? err
               : err_set(e, err,
                         "%s; XDG_RUNTIME_DIR must be a folder of your own that is closed to others (mode 0700)",
                         e->text);
}

static enum err name_all(struct daemon_files *files, const char *folder, const char *kind, const char *id,
                         struct errbuf *e)
{
    const struct {
        char *path;
        const char *suffix;
    } all[] = { { files->pid_path, "pid" }, { files->log_path, "log" }, { files->state_path, "state" } };

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (snprintf(all[i].path, DAEMON_PATH_SIZE, "%s/%s-%s.%s", folder, kind, id, all[i].suffix) >= DAEMON_PATH_SIZE)
            return err_set(e, ERR_TOO_LARGE, "%s: the path is too long", folder);
    return OK;
}

enum err daemon_files_open(const char *kind, const char *id, struct daemon_files *ret, struct errbuf *e)
{
    char folder[DAEMON_PATH_SIZE];
    int folder_fd = -1;
    *ret = (struct daemon_files){ .pid_fd = -1, .log_fd = -1 };
    enum err err = folder_find(folder, &folder_fd, e);
    if (err == OK)
        err = name_all(ret, folder, kind, id, e);
    if (err == OK)
        err = trust_file(folder_fd, ret->pid_path, TRUST_OWN, O_RDWR | O_CREAT, &ret->pid_fd, e);
    if (err == OK)
        err = trust_file(folder_fd, ret->log_path, TRUST_OWN, O_RDWR | O_CREAT | O_APPEND, &ret->log_fd, e);
    fd_close(folder_fd);
    if (err == OK)
        ret->log_start = lseek(ret->log_fd, 0, SEEK_END);
    else
        daemon_files_close(ret);
    return err;
}

void daemon_files_close(struct daemon_files *files)
{
    files->pid_fd = fd_close(files->pid_fd);
    files->log_fd = fd_close(files->log_fd);
}

enum err daemon_files_holder(const struct daemon_files *files, pid_t *ret, struct errbuf *e)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(files->pid_fd, F_GETLK, &lock) != 0)
        return err_set(e, ERR_IO, "%s: %s", files->pid_path, strerrordesc_np(errno));
    if (lock.l_type != F_UNLCK && lock.l_pid <= 0) /* -1 to kill() is everybody */
        return err_set(e, ERR_REFUSED, "%s: locked by a process that is not a daemon of skep", files->pid_path);
    *ret = lock.l_type == F_UNLCK ? 0 : lock.l_pid;
    return OK;
}

bool daemon_files_take(const struct daemon_files *files)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char pid[24];
    int len = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    return fcntl(files->pid_fd, F_SETLK, &lock) == 0 && ftruncate(files->pid_fd, 0) == 0 &&
           pwrite(files->pid_fd, pid, (size_t)len, 0) == len && fcntl(files->pid_fd, F_SETFD, 0) == 0;
}

/* Where the last LINES_SHOWN lines of `text` begin. */
static const char *last_lines(const char *text, size_t len)
{
    const char *at = text + len;
    for (int lines = 0; at > text; at--)
        if (at[-1] == '\n' && at != text + len && ++lines == LINES_SHOWN)
            break;
    return at;
}

void daemon_files_show_log(const struct daemon_files *files)
{
    char text[LOG_SHOWN + 1];
    off_t end = lseek(files->log_fd, 0, SEEK_END);
    off_t from = end - files->log_start > LOG_SHOWN ? end - LOG_SHOWN : files->log_start;
    ssize_t len = pread(files->log_fd, text, LOG_SHOWN, from);
    if (len <= 0)
        return;
    text[len] = '\0';
    output_note("the end of %s:", files->log_path);
    for (struct text rest = text_of(last_lines(text, (size_t)len)); rest.at && rest.len > 0;) {
        struct text line = text_split(&rest, '\n');
        output_note("  %.*s", (int)line.len, line.at);
    }
}
