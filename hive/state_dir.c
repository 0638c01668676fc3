#include "state_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "proc.h"
#include "trust.h"

#define SUFFIX ".agent"
#define LOCK "lock"
#define FILE_NAME_SIZE (NAME_SIZE + 8)

struct state_dir {
    const char *path;
    int fd, lock; /* -1 until opened */
    bool mends;   /* else it only reads */
    char boot_id[BOOT_ID_SIZE];
};

static enum err fail(const struct state_dir *dir, const char *name, struct errbuf *e)
{
    return err_set(e, ERR_IO, "%s/%s: %s", dir->path, name, strerror(errno));
}

static enum err file_open(const struct state_dir *dir, const char *name, int flags, int *ret_fd, struct errbuf *e)
{
    char path[PATH_MAX];
    enum err err;
    snprintf(path, sizeof path, "%s/%s", dir->path, name); /* --state-dir has 4,000 bytes at most */
    err = trust_file(dir->fd, path, TRUST_MENDABLE, flags, ret_fd, e);
    if (err == OK && dir->mends && e->text[0])
        (void)fchmod(*ret_fd, S_IRUSR | S_IWUSR);
    return err;
}

static enum err lock(struct state_dir *dir, struct errbuf *e)
{
    enum err err = file_open(dir, LOCK, O_RDWR | O_CREAT, &dir->lock, e);
    if (err != OK)
        return err;
    if (fd_lock(dir->lock))
        return OK;
    return errno == EWOULDBLOCK ? err_set(e, ERR_CONFLICT, "--state-dir %s: another hive uses it", dir->path)
                                : fail(dir, LOCK, e);
}

static enum err read_boot_id(struct state_dir *dir, struct errbuf *e)
{
    char bytes[PROC_FILE_SIZE];
    struct text id = proc_read_file("/proc/sys/kernel/random/boot_id", bytes);
    id = text_split(&id, '\n');
    if (id.len == 0 || id.len >= BOOT_ID_SIZE)
        return err_set(e, ERR_IO, "/proc/sys/kernel/random/boot_id cannot be read");
    memcpy(dir->boot_id, id.at, id.len);
    return OK;
}

enum err state_dir_open(const char *path, struct state_dir **ret, struct errbuf *e)
{
    auto_free(state_dir) dir = calloc(1, sizeof *dir);
    enum err err;
    if (!dir)
        return err_set(e, ERR_NOMEM, "out of memory");
    dir->path = path;
    dir->fd = dir->lock = -1;
    dir->mends = true;
    if ((err = trust_folder(path, TRUST_MENDABLE, &dir->fd, e)) != OK)
        return err_set(e, err, "--state-dir %s", e->text);
    if (e->text[0])
        (void)fchmod(dir->fd, S_IRWXU);
    if ((err = lock(dir, e)) != OK || (err = read_boot_id(dir, e)) != OK)
        return err;
    *ret = HAND_OVER(dir);
    return OK;
}

void state_dir_free(struct state_dir *dir)
{
    if (!dir)
        return;
    fd_close(dir->lock);
    fd_close(dir->fd);
    free(dir);
}

/* *ret is zeroed where the bytes are lost, or may be somebody else's: it is of no boot. */
static enum err read_record(struct state_dir *dir, const char *name, struct agent_record *ret, struct errbuf *e)
{
    struct errbuf found = { 0 };
    char bytes[512];
    enum err err;
    ssize_t len;
    int fd;
    if ((err = file_open(dir, name, O_RDONLY, &fd, &found)) != OK)
        return err_set(e, err, "%s", found.text);
    len = read(fd, bytes, sizeof bytes);
    close(fd);
    if (len < 0)
        return fail(dir, name, e);
    *ret = (struct agent_record){ 0 };
    if (found.text[0])
        return err_set(e, OK, "%s: the agent that it names is not adopted", found.text);
    if (state_text_is_lost((struct text){ bytes, (size_t)len }))
        return OK;
    if (state_text_read((struct text){ bytes, (size_t)len }, ret) == OK)
        return OK;
    return err_set(e, ERR_SYNTAX,
                   "%s/%s is not as a hive writes it: end the worker's processes by hand, then remove the file",
                   dir->path, name);
}

/* NAME.agent -> NAME */
static bool worker_of(const char *file, char ret[NAME_SIZE])
{
    size_t len = strlen(file), suffix = strlen(SUFFIX);
    struct text name = { file, len > suffix ? len - suffix : 0 };
    if (!text_is_id(name) || strcmp(file + name.len, SUFFIX) != 0)
        return false;
    memcpy(ret, name.at, name.len);
    ret[name.len] = '\0';
    return true;
}

static enum err take_file(struct state_dir *dir, const char *file, state_dir_record *fn, void *user, struct errbuf *e)
{
    struct agent_record record;
    char worker[NAME_SIZE];
    enum err err;
    if (!worker_of(file, worker))
        return OK;
    if ((err = read_record(dir, file, &record, e)) != OK || !fn)
        return err == ERR_NOT_FOUND ? OK : err; /* it has ended meanwhile */
    if (record.is_over || strcmp(record.boot_id, dir->boot_id) == 0)
        return fn(user, worker, &record, e);
    state_dir_forget(dir, worker);
    return OK;
}

enum err state_dir_read(struct state_dir *dir, state_dir_record *fn, void *user, struct errbuf *e)
{
    int fd = dup(dir->fd);
    DIR *files = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    enum err err = OK;
    if (!files) {
        fd_close(fd);
        return fail(dir, ".", e);
    }
    while (err == OK && (entry = readdir(files)) != NULL)
        err = take_file(dir, entry->d_name, fn, user, e);
    closedir(files);
    return err;
}

enum err state_dir_check(const char *path, struct errbuf *e)
{
    struct state_dir dir = { .path = path, .lock = -1 };
    enum err err = trust_folder_find(path, TRUST_MENDABLE, &dir.fd, e);
    if (err != OK)
        return err_set(e, err, "--state-dir %s", e->text);
    if (dir.fd >= 0 && ((err = file_open(&dir, LOCK, O_RDWR, &dir.lock, e)) == OK || err == ERR_NOT_FOUND))
        err = state_dir_read(&dir, NULL, NULL, e);
    fd_close(dir.lock);
    fd_close(dir.fd);
    return err;
}

/* One that is left over and was open to its group is not used again: somebody may still have it open. */
static enum err open_fresh(const struct state_dir *dir, const char *name, int *ret_fd, struct errbuf *e)
{
    struct errbuf found = { 0 };
    enum err err = file_open(dir, name, O_WRONLY | O_CREAT, ret_fd, &found);
    if (err != OK)
        return err_set(e, err, "%s", found.text);
    if (!found.text[0])
        return OK;
    *ret_fd = fd_close(*ret_fd);
    (void)unlinkat(dir->fd, name, 0);
    return file_open(dir, name, O_WRONLY | O_CREAT | O_EXCL, ret_fd, e);
}

/* A regular file takes so little in one piece. */
static enum err replace(struct state_dir *dir, const char *worker, struct text text, struct errbuf *e)
{
    char name[FILE_NAME_SIZE], fresh[FILE_NAME_SIZE + 1];
    enum err err;
    bool written;
    int fd;
    snprintf(name, sizeof name, "%s" SUFFIX, worker);
    snprintf(fresh, sizeof fresh, ".%s", name); /* no id begins with a dot */
    if ((err = open_fresh(dir, fresh, &fd, e)) != OK)
        return err;
    written = ftruncate(fd, 0) == 0 && write(fd, text.at, text.len) == (ssize_t)text.len;
    if (close(fd) != 0 || !written || renameat(dir->fd, fresh, dir->fd, name) != 0)
        return fail(dir, fresh, e);
    return OK;
}

enum err state_dir_save(struct state_dir *dir, const char *worker, struct agent_record record, struct errbuf *e)
{
    auto_clear(buf) text = BUF_INIT;
    memcpy(record.boot_id, dir->boot_id, sizeof record.boot_id);
    state_text_write(&record, &text);
    return buf_ok(&text) ? replace(dir, worker, buf_text(&text), e) : err_set(e, ERR_NOMEM, "out of memory");
}

void state_dir_forget(struct state_dir *dir, const char *worker)
{
    char name[FILE_NAME_SIZE];
    snprintf(name, sizeof name, "%s" SUFFIX, worker);
    (void)unlinkat(dir->fd, name, 0); /* a record that stays is of a process that is gone, which its reader sees */
}
