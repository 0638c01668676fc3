/* daemon_program.h - the program of a daemon, which is installed next to skep: reads its settings, and starts it. */
#ifndef SKEP_CLI_DAEMON_PROGRAM_H
#define SKEP_CLI_DAEMON_PROGRAM_H

#include <limits.h>

#include "daemon_files.h"
#include "inifile.h"

struct daemon_program {
    char path[PATH_MAX]; /* of skep-KIND */
    const char *first;   /* an option that is set besides those that were given; NULL = none */
    char **argv;         /* borrowed: two places, which the child fills in; the options for it; NULL */
};

/* Fills in the path. ERR_NOT_FOUND no such program, ERR_IO when the own path cannot be found. */
enum err daemon_program_find(const char *kind, struct daemon_program *ret, struct errbuf *e);

/* Lets it check its options, files and environment with --check-config, or print what they come to with --print-config:
 * an INI file, which `fn` (NULL: nobody) gets key by key. ERR_SYNTAX when it refuses its options: it has printed why
 * itself. ERR_NOT_FOUND it cannot be run, ERR_TOO_LARGE, ERR_IO and the errors of `fn`. */
enum err daemon_program_run(const struct daemon_program *program, const char *option, inifile_key *fn, void *user,
                            struct errbuf *e);

/* Starts it in a session of its own, with the log for what it says. ERR_CONFLICT: another one took the pid file
 * meanwhile. ERR_IO. */
enum err daemon_program_start(const struct daemon_program *program, const struct daemon_files *files, pid_t *ret,
                              struct errbuf *e);

#endif
