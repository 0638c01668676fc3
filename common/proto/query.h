/* query.h - the parameters behind `?`, percent-decoded. Pure. */
#ifndef SKEP_QUERY_H
#define SKEP_QUERY_H

#include "arena.h"

#define QUERY_MAX_PARAMETERS 32
#define QUERY_MAX_BYTES 4096

struct parameter {
    struct text name, value; /* decoded; terminated as well */
};

struct query {
    struct parameter parameters[QUERY_MAX_PARAMETERS];
    size_t count;
};

/* `name=value&name=value`; `+` and %20 are a space; a name without `=` has the value "". Absent text: no parameters.
 * Strings live in the arena. ERR_SYNTAX (bad escape, NUL, empty name), ERR_UTF8, ERR_DUPLICATE, ERR_TOO_LARGE,
 * ERR_NOMEM. */
enum err query_parse(struct arena *arena, struct text text, struct query *ret, struct errbuf *e);

/* One path segment, percent-decoded (`+` stays). ERR_SYNTAX, ERR_NOMEM. */
enum err query_decode_segment(struct arena *arena, struct text segment, struct text *ret);

#endif
