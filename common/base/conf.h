/* conf.h - options as a table. --help, --print-config, the environment, the INI reader and the manual read the same
 * rows. Pure: text in, a struct out; the caller reads files and the environment.
 *
 *     struct queen_conf { const char *id; ms_t stale_after; };
 *     static const struct conf_option options[] = {
 *         { "id", CONF_ID, offsetof(struct queen_conf, id), .fallback = "queen", .arg = "ID", .help = "name of this
 * queen" }, { "stale-after", CONF_DURATION, offsetof(struct queen_conf, stale_after), .min = 3000, .max = 86400000,
 *           .fallback = "90s", .arg = "TIME", .help = "lease of senders that declare none: silence after which they are
 * stale" },
 *     };
 */
#ifndef SKEP_CONF_H
#define SKEP_CONF_H

#include "arena.h"
#include "buf.h"

/* What a row's value is, and the type of the member at its offset. */
enum conf_type {
    CONF_TEXT,     /* const char *; min and max bound its length when max > 0 */
    CONF_URI,      /* as CONF_TEXT, without a user or a password: what may hold one is never quoted or stored */
    CONF_ID,       /* const char *; an id as protocol.md defines it */
    CONF_FLAG,     /* bool; `--name` alone is true, else true|false|yes|no|on|off|1|0 */
    CONF_INT,      /* int64_t; min..max */
    CONF_DURATION, /* ms_t; min..max in milliseconds */
    CONF_SIZE,     /* int64_t bytes; min..max */
    CONF_HEX64,    /* uint64_t; 16 hexadecimal digits; absent = 0 */
    CONF_CHOICE,   /* const char *; one of .choices, separated by '|' */
};

struct conf_option {
    const char *name; /* long option without the dashes; SKEP_NAME in the environment; the key in an INI file */
    enum conf_type type;
    size_t offset;        /* of the member in the target struct */
    int64_t min, max;     /* both 0: no bounds */
    const char *fallback; /* default as text; NULL = absent (NULL, 0 or false) */
    const char *choices;
    char short_name;        /* 0 = none */
    bool command_line_only; /* not read from the environment or INI, e.g. --help */
    bool outside_file;      /* not read from INI, e.g. --config */
    const char *arg;        /* what --help shows for the value; NULL for flags */
    const char *help;       /* one line; the default is appended */
};

enum conf_origin { CONF_FROM_DEFAULT, CONF_FROM_FILE, CONF_FROM_ENVIRONMENT, CONF_FROM_OPTION };

#define CONF_OPTIONS_MAX 64

/* One option and its index over all tables. */
struct conf_row {
    const struct conf_option *option;
    size_t index;
};

/* Moves `row`, { 0 } at first, to the next one. False at the end. `tables` is the caller's place in its list. */
bool conf_row_next(const struct conf_option *const **tables, struct conf_row *row);

/* The variable that holds the option: SKEP_ and the name in capitals, with `_` for `-`; cut to fit. */
#define CONF_VARIABLE_SIZE 64
void conf_variable(const char *name, char ret[CONF_VARIABLE_SIZE]);

/* A target struct being filled. Later sources win by rank of their origin, whatever the order of the calls. Values are
 * copied into `arena` and live as long as it does. */
struct conf {
    const struct conf_option *const *tables; /* NULL-terminated list of tables, each ended by a row without a name */
    void *target;
    struct arena *arena;              /* borrowed */
    uint8_t origin[CONF_OPTIONS_MAX]; /* enum conf_origin per row, tables one after the other */
};

/* Sets every member to its default. ERR_NOMEM. */
enum err conf_init(struct conf *conf, const struct conf_option *const *tables, void *target, struct arena *arena,
                   struct errbuf *e);

/* Sets one value. ERR_UNKNOWN for a name that is not in the tables; for a bad value the sentence names the option, the
 * value and what is allowed. `label` is how the user wrote it (`--http`, `SKEP_HTTP`, `queen.ini:3: http`). */
enum err conf_set(struct conf *conf, struct text name, struct text value, enum conf_origin origin, const char *label,
                  struct errbuf *e);

/* Reads `argv[1..argc)`: `--name value`, `--name=value`, `-x value`; stops behind `--` or at the first word that is no
 * option. *ret_next is the index of what follows. No abbreviations. An option given twice: the last one counts. */
enum err conf_args(struct conf *conf, int argc, char *const *argv, int *ret_next, struct errbuf *e);

/* The option's value as text that conf_set reads back, borrowed: from `number` if it is one. NULL: it is absent. */
#define CONF_NUMBER_SIZE 24
const char *conf_value(const struct conf *conf, const struct conf_option *option, char number[CONF_NUMBER_SIZE]);

/* The first row whose value another target of these tables does not have, in *ret; false: there is none. Not those that
 * the command line alone knows. */
bool conf_differs(const struct conf *conf, const void *other, struct conf_row *ret);

/* Reads every SKEP_* variable that names an option; others are left alone. `environ` is NULL-terminated. */
enum err conf_environment(struct conf *conf, char *const *environ, struct errbuf *e);

/* The options part of --help: one row each, wrapped at `width` columns. */
void conf_help(const struct conf_option *const *tables, int width, struct buf *ret);

/* `name = value` below a comment with its origin, for the INI reader, which gets the same values from it; a comment for
 * what is not set and what a file cannot set. Without the options that only the command line knows. */
void conf_print(const struct conf *conf, struct buf *ret);

#endif
