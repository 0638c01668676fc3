#include "worker_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_DEFAULT "/bin:/usr/bin" /* where execvp looks without a PATH */
#define PATH_SIZE 4096

/* 0, or the errno of a start there. */
static int fault_of(const char *path, mode_t kind)
{
    struct stat about;
    if (access(path, X_OK) != 0 || stat(path, &about) != 0)
        return errno;
    if ((about.st_mode & S_IFMT) == kind)
        return 0;
    return kind == S_IFDIR ? ENOTDIR : EACCES;
}

/* `folder` is a part of PATH, or empty; what is relative begins in the worker's directory. */
static int program_fault(const struct roster_entry *entry, struct text folder)
{
    char path[PATH_SIZE];
    const char *program = entry->command[0], *slash = folder.len > 0 ? "/" : "";
    char first = folder.len > 0 ? folder.at[0] : program[0];
    const char *directory = entry->directory && first != '/' ? entry->directory : "";
    int len = snprintf(path, sizeof path, "%s%s%.*s%s%s", directory, directory[0] ? "/" : "", (int)folder.len,
                       folder.len > 0 ? folder.at : "", slash, program);
    return len < (int)sizeof path ? fault_of(path, S_IFREG) : ENAMETOOLONG;
}

/* The last of several counts, as in the environment of the agent. */
static struct text path_of(const struct roster_entry *entry)
{
    struct text found = text_of(getenv("PATH"));
    for (size_t i = 0; i < entry->environment_count; i++) {
        struct text value = text_of(entry->environment[i]);
        if (text_skip(&value, TEXT("PATH=")))
            found = value;
    }
    return found.at ? found : TEXT(PATH_DEFAULT);
}

/* As execvp: an empty part is the working directory; what may not be executed is only remembered. */
static int fault_in_path(const struct roster_entry *entry)
{
    int worst = ENOENT;
    for (struct text path = path_of(entry); path.at;) {
        int fault = program_fault(entry, text_split(&path, ':'));
        if (fault == 0)
            return 0;
        worst = fault == EACCES ? EACCES : worst;
    }
    return worst;
}

enum err worker_files_check(const struct roster_entry *entry, struct errbuf *e)
{
    bool is_path = strchr(entry->command[0], '/') != NULL;
    int fault = entry->directory ? fault_of(entry->directory, S_IFDIR) : 0;
    if (fault != 0)
        return err_set(e, ERR_IO, "directory %s: %s", entry->directory, strerror(fault));
    fault = is_path ? program_fault(entry, (struct text){ 0 }) : fault_in_path(entry);
    if (fault == 0)
        return OK;
    return err_set(e, ERR_IO, "command %s: %s%s", entry->command[0], strerror(fault),
                   is_path || fault != ENOENT ? "" : " in PATH");
}
