/* command.h - what a subcommand is, and what it gets. */
#ifndef SKEP_CLI_COMMAND_H
#define SKEP_CLI_COMMAND_H

#include "api.h"
#include "conf.h"
#include "printable.h"

/* Options of every subcommand; the struct of a command's own options begins with it. */
struct cli_conf {
    const char *queen, *token_file;
    bool token_in_clear, no_color, help, version;
};

struct cli {
    const char *command; /* its name */
    struct api *api;
    struct display display; /* stdout */
    const char *word;       /* e.g. the WORKER of the command line; NULL where the command takes none */
    char **rest;            /* what stands behind `--`, ended by NULL; NULL where the command takes none */
};

struct command {
    const char *name, *summary;
    const char *examples; /* shown first by --help */
    const char *usage;
    const char *notes; /* shown last; may be NULL */
    const struct conf_option *options;
    const struct conf_option *more[2]; /* further tables for the same struct; NULL = none */
    size_t conf_size;                  /* of its own options, with the struct cli_conf */
    const char *word;                  /* what its one word is, for people; NULL: it takes none */
    bool takes_rest;                   /* what stands behind `--` is not for skep */

    /* Does it. An error comes with its sentence; main prints that and turns it into the exit code. */
    enum err (*run)(struct cli *cli, const void *conf, struct errbuf *e);
};

extern const struct command command_ps, command_describe, command_wait, command_events, command_forget, command_health,
    command_hive, command_queen, command_verify;

#endif
