/* service.h - the shared body of every program: options, environment, INI file, --help, --version, --check-config,
 * --print-config, logging, exit codes. */
#ifndef SKEP_SERVICE_H
#define SKEP_SERVICE_H

#include "broker_login.h"
#include "conf.h"
#include "exit_status.h"

/* Of a daemon that has an id. */
#define SERVICE_EXIT_CODES                  \
    "    0  stopped\n"                      \
    "    1  failure\n"                      \
    "    2  wrong usage or configuration\n" \
    "    6  another process holds the id\n" \
    "  130  stopped at once by a second SIGINT\n"

/* What every program takes; the program's own struct begins with it. */
struct service_conf {
    const char *config;        /* --config FILE */
    struct broker_login login; /* --broker, --username, --password-file, --cafile, --cert, --key */
    const char *root;
    const char *log_format, *log_level;
    bool help, version, check_config, print_config;
};

struct service {
    const char *name;                  /* "skep-queen" */
    const char *summary;               /* one line */
    const char *examples;              /* shown first by --help; whole lines, as they shall appear */
    const char *usage;                 /* e.g. "skep-worker [OPTIONS] --exec -- COMMAND [ARG...]" */
    const char *exit_codes;            /* shown last by --help; whole lines */
    const char *section;               /* of the INI file, e.g. "queen" */
    const struct conf_option *options; /* the program's own, ended by a row without a name */
    bool has_no_broker;                /* nor the options for one */
    bool takes_words;                  /* behind the options; without it service_configure refuses them */
    /* Fills in what was not given and has no constant default, before --print-config prints it; NULL = nothing. */
    void (*complete)(void *target);
    /* Sections beside `section` that the program reads by itself; NULL = none. `other_sections` names them in
     * errors, e.g. "[agent]"; `owns_section` recognises them, `section_key` gets them as an inifile_key does; file and
     * line are put before its sentence. */
    const char *other_sections;
    bool (*owns_section)(const char *section);
    enum err (*section_key)(void *target, const char *section, const char *key, const char *value, int line,
                            struct errbuf *e);
};

/* Fills `target`, which begins with a struct service_conf, from defaults, INI, environment and options, and sets up the
 * log. Returns -1 to go on, or the exit code: it has printed what was requested (help, version, config) or one sentence
 * about what is wrong. *ret_next: index of the first word that is no option (argc: none). `check` validates the whole
 * and writes the sentence; it runs before --check-config reports. `service` and `argv` are borrowed during the call
 * (its name for good), values live in `arena`. */
int service_configure(const struct service *service, int argc, char **argv, void *target, struct arena *arena,
                      enum err (*check)(void *target, struct errbuf *e), int *ret_next);

/* The sentence on stderr, which may quote what came from outside; the exit code. For a program's own checks. */
int service_refuse(const struct service *service, enum err err, const struct errbuf *e);

/* A sentence on stderr, which may quote what came from outside, of something that is no reason to refuse. */
void service_warn(const struct service *service, const char *format, ...) PRINTF_LIKE(2, 3);

/* Fills another target from the same sources, for a program that is told to read its configuration again. Options
 * cannot change while it runs: one that `before` does not have is ERR_REFUSED, with its line in the file; what may
 * change is in other sections, and in the files that options name. Prints nothing; --help and its like mean nothing
 * here, and the log stays as it is. */
enum err service_reread(const struct service *service, int argc, char **argv, const void *before, void *target,
                        struct arena *arena, enum err (*check)(void *target, struct errbuf *e), struct errbuf *e);

/* What the rows cannot say alone: the form of --broker, and what goes together (broker_login_check). For a `check`. */
enum err service_check_broker(const struct service_conf *conf, struct errbuf *e);

/* The same, and the files of the login: a daemon that starts without one would only retry. For a `check`. */
enum err service_check_login(const struct service_conf *conf, struct errbuf *e);

/* What a daemon's `--http` must be: an address; of the loopback unless there is a token for those who write, which is
 * read into *ret_token (secret_free; untouched without `token_file`). `names` is --http-host. For a `check`. */
enum err service_check_http(const char *http, const char *names, const char *token_file, char **ret_token,
                            struct errbuf *e);

/* The common rows with their defaults, for programs that list their tables by themselves (documentation). Offsets are
 * those in struct service_conf. Ended by a row without a name. */
extern const struct conf_option service_options[];
#define SERVICE_BROKER_ROWS 7 /* the first ones: the broker, the login there, --root */

/* Columns of a terminal: $COLUMNS, else what the terminal says, else 80. 0: no terminal, and no $COLUMNS. */
size_t service_terminal_width(int fd);

#endif
