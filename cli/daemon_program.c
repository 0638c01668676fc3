#include "daemon_program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "own_path.h"
#include "read_file.h"

#define PRINTED_MAX (64 * 1024)
#define CANNOT_EXECUTE 127

enum err daemon_program_find(const char *kind, struct daemon_program *ret, struct errbuf *e)
{
    char name[32];
    snprintf(name, sizeof name, "skep-%s", kind);
    return own_path_next_to(name, ret->path, e);
}

/* In the child. `first` goes before all other options, so that it is one whatever else was given. */
static void execute(const struct daemon_program *program, const char *first)
{
    char **argv = program->argv + (first ? 0 : 1);
    program->argv[1] = (char *)first;
    argv[0] = (char *)program->path;
    execv(program->path, argv);
}

/* In the child, which becomes the daemon. False: errno. */
static bool become(const struct daemon_files *files)
{
    int nothing = fd_open_null();
    return setsid() >= 0 && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
           dup2(files->log_fd, STDOUT_FILENO) >= 0 && dup2(files->log_fd, STDERR_FILENO) >= 0 &&
           daemon_files_take(files);
}

/* Starts it as the daemon of `files`, or, with NULL, for what it prints to `out`. The pipe closes when the program is
 * executed; else what went wrong comes through it. */
static enum err spawn(const struct daemon_program *program, const char *first, const struct daemon_files *files,
                      int out, pid_t *ret, struct errbuf *e)
{
    int ends[2], fault;
    pid_t child;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(e, ERR_IO, "pipe: %s", strerrordesc_np(errno));
    child = fork();
    if (child == 0) {
        fd_close_all_on_exec();
        if (files ? become(files) : dup2(out, STDOUT_FILENO) >= 0)
            execute(program, first);
        fault = errno;
        _exit(write(ends[1], &fault, sizeof fault) == (ssize_t)sizeof fault ? EXIT_FAILURE : CANNOT_EXECUTE);
    }
    fault = child < 0 ? errno : 0;
    close(ends[1]);
    if (child > 0 && read_up_to(ends[0], (char *)&fault, sizeof fault) > 0)
        (void)waitpid(child, NULL, 0);
    close(ends[0]);
    if (files && fault == EAGAIN) /* of the lock */
        return err_set(e, ERR_CONFLICT, "%s: another process is starting it", files->pid_path);
    if (fault)
        return err_set(e, child < 0 ? ERR_IO : ERR_NOT_FOUND, "cannot run %s: %s", program->path,
                       strerrordesc_np(fault));
    *ret = child;
    return OK;
}

enum err daemon_program_run(const struct daemon_program *program, const char *option, inifile_key *fn, void *user,
                            struct errbuf *e)
{
    char printed[PRINTED_MAX];
    int status = 0, out = memfd_create("printed", MFD_CLOEXEC);
    ssize_t len = 0;
    pid_t child = -1;
    enum err err = out >= 0 ? OK : err_set(e, ERR_IO, "memfd_create: %s", strerrordesc_np(errno));
    if (err == OK)
        err = spawn(program, option, NULL, out, &child, e);
    if (err == OK && (waitpid(child, &status, 0) != child || status != 0))
        err = err_set(e, ERR_SYNTAX, "%s refuses its options", program->path);
    if (err == OK && fn)
        len = pread(out, printed, sizeof printed, 0);
    close(out);
    if (len < 0 || (size_t)len == sizeof printed)
        return err_set(e, ERR_TOO_LARGE, "%s prints more than %d KiB", program->path, PRINTED_MAX / 1024);
    return err == OK && fn ? inifile_parse_text((struct text){ printed, (size_t)len }, program->path, fn, user, e)
                           : err;
}

enum err daemon_program_start(const struct daemon_program *program, const struct daemon_files *files, pid_t *ret,
                              struct errbuf *e)
{
    return spawn(program, program->first, files, -1, ret, e);
}
