/* daemon_program.h - the program of a daemon, which is installed next to skep: reads its settings, and starts it. */
#ifndef SKEP_CLI_DAEMON_PROGRAM_H
#define SKEP_CLI_DAEMON_PROGRAM_H

#include "arena.h"
#include "daemon_files.h"
#include "inifile.h"

struct daemon_program {
    const char *path;  /* of skep-KIND */
    const char *first; /* an option that is set besides those that were given; NULL = none */
    char **argv;       /* two places, which the child fills in; the options for it; NULL */
};

/* `options` ends with NULL and is borrowed, like its texts. ERR_NOMEM; ERR_IO when the own path cannot be found. */
enum err daemon_program_find(const char *kind, char *const *options, struct arena *arena, struct daemon_program *ret,
                             struct errbuf *e);

/* Its settings, as --print-config prints them: an INI file, key by key. ERR_SYNTAX when it refuses its options: it has
 * printed why itself. ERR_NOT_FOUND no such program, ERR_IO, ERR_NOMEM and the errors of `fn`. */
enum err daemon_program_settings(const struct daemon_program *program, inifile_key *fn, void *user, struct errbuf *e);

/* Lets the program check its options, files and environment: errors as above. */
enum err daemon_program_check(const struct daemon_program *program, struct errbuf *e);

/* Starts it in a session of its own, with the log for what it says. ERR_CONFLICT: another one took the pid file
 * meanwhile. ERR_IO. */
enum err daemon_program_start(const struct daemon_program *program, const struct daemon_files *files, pid_t *ret,
                              struct errbuf *e);

#endif
