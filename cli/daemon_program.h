/* daemon_program.h - the program of a daemon, which is installed next to skep: reads its settings, and starts it. */
#ifndef SKEP_CLI_DAEMON_PROGRAM_H
#define SKEP_CLI_DAEMON_PROGRAM_H

#include "arena.h"
#include "daemon_files.h"

struct daemon_program {
    const char *path; /* of skep-KIND */
    char **argv;      /* path, the options for it, NULL */
};

/* `options` ends with NULL and is borrowed, like its texts. ERR_NOMEM; ERR_IO when the own path cannot be found. */
enum err daemon_program_find(const char *kind, char *const *options, struct arena *arena, struct daemon_program *ret,
                             struct errbuf *e);

/* Adds --NAME=VALUE behind them. ERR_NOMEM. */
enum err daemon_program_add(struct daemon_program *program, const char *name, const char *value, struct arena *arena,
                            struct errbuf *e);

/* What it prints to --print-config, in the arena. ERR_SYNTAX when it refuses its options: it has said why itself.
 * ERR_NOT_FOUND no such program, ERR_IO. */
enum err daemon_program_settings(const struct daemon_program *program, struct arena *arena, struct text *ret,
                                 struct errbuf *e);

/* Starts it in a session of its own, with the log for what it says. ERR_CONFLICT: another one took the pid file
 * meanwhile. ERR_IO. */
enum err daemon_program_start(const struct daemon_program *program, const struct daemon_files *files, pid_t *ret,
                              struct errbuf *e);

#endif
