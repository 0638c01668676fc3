/* daemon_files.h - the pid file and the log of a daemon that skep starts, and the name of a folder for its state:
 * KIND-ID.pid, KIND-ID.log and KIND-ID.state in $XDG_RUNTIME_DIR, or in /tmp/skep-UID, which must be the user's own and
 * closed to others.
 *
 * The daemon itself holds a POSIX lock on its pid file, taken between fork and exec. The kernel ends that lock with the
 * process and names its holder, so a stale file or a reused pid deceives nobody, and the daemon's children do not
 * inherit it. */
#ifndef SKEP_CLI_DAEMON_FILES_H
#define SKEP_CLI_DAEMON_FILES_H

#include <sys/types.h>

#include "err.h"

#define DAEMON_PATH_SIZE 512

struct daemon_files {
    char pid_path[DAEMON_PATH_SIZE], log_path[DAEMON_PATH_SIZE];
    char state_path[DAEMON_PATH_SIZE]; /* not made here */
    int pid_fd, log_fd;                /* close on exec */
    off_t log_start;                   /* what was in the log before */
};

/* Makes the folder and the files if need be. ERR_REFUSED for a folder or file of somebody else's, ERR_IO, ERR_TOO_LARGE
 * for a path that is too long; each with a sentence. */
enum err daemon_files_open(const char *kind, const char *id, struct daemon_files *ret, struct errbuf *e);
void daemon_files_close(struct daemon_files *files);

/* Whoever holds the lock; 0 = nobody. ERR_REFUSED for a lock that is of no process, ERR_IO. */
enum err daemon_files_holder(const struct daemon_files *files, pid_t *ret, struct errbuf *e);

/* For the daemon's process, before it executes its program: locks, writes the pid, keeps the file open over exec.
 * False: errno. */
bool daemon_files_take(const struct daemon_files *files);

/* Prints the last lines that were logged since the files were opened, on stderr. */
void daemon_files_show_log(const struct daemon_files *files);

#endif
