#include "daemon_program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "own_path.h"

#define PRINTED_MAX (64 * 1024)
#define CANNOT_EXECUTE 127

static enum err find_program(const char *kind, struct arena *arena, const char **ret, struct errbuf *e)
{
    char name[32], path[PATH_MAX];
    enum err err;
    snprintf(name, sizeof name, "skep-%s", kind);
    if ((err = own_path_next_to(name, path, e)) != OK)
        return err;
    *ret = arena_copy(arena, text_of(path));
    return *ret ? OK : err_set(e, ERR_NOMEM, "out of memory");
}

enum err daemon_program_find(const char *kind, char *const *options, struct arena *arena, struct daemon_program *ret,
                             struct errbuf *e)
{
    size_t count = 0;
    enum err err = find_program(kind, arena, &ret->path, e);
    if (err != OK)
        return err;
    while (options[count])
        count++;
    ret->first = NULL;
    ret->argv = arena_alloc(arena, (count + 3) * sizeof *ret->argv);
    if (!ret->argv)
        return err_set(e, ERR_NOMEM, "out of memory");
    memcpy(ret->argv + 2, options, (count + 1) * sizeof *options);
    return OK;
}

static enum err cannot_run(const struct daemon_program *program, int fault, struct errbuf *e)
{
    return err_set(e, fault == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot run %s: %s", program->path,
                   strerrordesc_np(fault));
}

/* In the child. `first` goes before all other options, so that it is one whatever else was given. */
static void execute(const struct daemon_program *program, const char *first)
{
    char **argv = program->argv + (first ? 0 : 1);
    program->argv[1] = (char *)first;
    argv[0] = (char *)program->path;
    execv(program->path, argv);
}

static void print(const struct daemon_program *program, const char *option, int out)
{
    if (dup2(out, STDOUT_FILENO) >= 0)
        execute(program, option);
    fprintf(stderr, "skep: cannot run %s: %s\n", program->path, strerrordesc_np(errno));
    _exit(CANNOT_EXECUTE);
}

static void read_all(int fd, struct buf *ret)
{
    char chunk[4096];
    ssize_t got;
    while ((got = read(fd, chunk, sizeof chunk)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            buf_add(ret, chunk, (size_t)got);
}

/* Runs the child with a pipe for what it prints; *ret_status is from waitpid. */
static enum err capture(const struct daemon_program *program, const char *option, struct buf *ret, int *ret_status,
                        struct errbuf *e)
{
    int ends[2];
    pid_t child;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(e, ERR_IO, "pipe: %s", strerrordesc_np(errno));
    child = fork();
    if (child == 0)
        print(program, option, ends[1]);
    close(ends[1]);
    if (child > 0)
        read_all(ends[0], ret);
    close(ends[0]);
    if (child < 0 || waitpid(child, ret_status, 0) != child)
        return err_set(e, ERR_IO, "fork: %s", strerrordesc_np(errno));
    return OK;
}

/* What it prints with `option`; on stderr it says itself what it refuses. */
static enum err run_with(const struct daemon_program *program, const char *option, struct buf *ret, struct errbuf *e)
{
    int status = 0;
    enum err err = capture(program, option, ret, &status, e);
    if (err != OK)
        return err;
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_EXECUTE)
        return err_set(e, ERR_NOT_FOUND, "%s cannot be run", program->path);
    if (status != 0)
        return err_set(e, ERR_SYNTAX, "%s refuses its options", program->path);
    return buf_ok(ret) ? OK : err_set(e, ERR_NOMEM, "out of memory");
}

enum err daemon_program_settings(const struct daemon_program *program, inifile_key *fn, void *user, struct errbuf *e)
{
    auto_clear(buf) printed = { .limit = PRINTED_MAX };
    enum err err = run_with(program, "--print-config", &printed, e);
    return err != OK ? err : inifile_parse_text(buf_text(&printed), program->path, fn, user, e);
}

enum err daemon_program_check(const struct daemon_program *program, struct errbuf *e)
{
    auto_clear(buf) printed = { .limit = PRINTED_MAX };
    return run_with(program, "--check-config", &printed, e);
}

/* In the child, which becomes the daemon. Comes back only when something failed. */
static void become(const struct daemon_program *program, const struct daemon_files *files)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (setsid() >= 0 && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(files->log_fd, STDOUT_FILENO) >= 0 &&
        dup2(files->log_fd, STDERR_FILENO) >= 0 && daemon_files_take(files))
        execute(program, program->first);
}

/* The pipe closes when the program is executed; else what went wrong comes through it. */
static int start_fault(int fd)
{
    int fault = 0;
    ssize_t got;
    while ((got = read(fd, &fault, sizeof fault)) < 0 && errno == EINTR)
        continue;
    return got == (ssize_t)sizeof fault ? fault : 0;
}

enum err daemon_program_start(const struct daemon_program *program, const struct daemon_files *files, pid_t *ret,
                              struct errbuf *e)
{
    int ends[2], fault;
    pid_t child;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(e, ERR_IO, "pipe: %s", strerrordesc_np(errno));
    child = fork();
    if (child == 0) {
        become(program, files);
        fault = errno;
        _exit(write(ends[1], &fault, sizeof fault) == (ssize_t)sizeof fault ? EXIT_FAILURE : CANNOT_EXECUTE);
    }
    fault = child < 0 ? errno : 0;
    close(ends[1]);
    if (!fault)
        fault = start_fault(ends[0]);
    close(ends[0]);
    if (!fault) {
        *ret = child;
        return OK;
    }
    if (child > 0)
        (void)waitpid(child, NULL, 0);
    if (fault == EAGAIN) /* of the lock */
        return err_set(e, ERR_CONFLICT, "%s: another process is starting it", files->pid_path);
    return cannot_run(program, fault, e);
}
