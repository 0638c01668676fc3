/* query.h - parameters by name: those behind `?`, percent-decoded, and those of a request over MQTT (responder.h).
 * Pure.
 */
#ifndef SKEP_QUERY_H
#define SKEP_QUERY_H

#include "arena.h"

#define QUERY_MAX_PARAMETERS 32 /* behind `?` */
#define QUERY_MAX_BYTES 4096

struct parameter {
    struct text name, value; /* decoded; terminated as well. An absent value: of JSON, neither string nor number */
    bool is_number;          /* of JSON, as text: behind `?` there are none */
};

struct query {
    struct parameter *parameters; /* in the arena */
    size_t count;
};

/* `name=value&name=value`; `+` and %20 are a space; a name without `=` has the value "". Absent text: no parameters.
 * Strings live in the arena. ERR_SYNTAX (bad escape, NUL, empty name), ERR_UTF8, ERR_DUPLICATE, ERR_TOO_LARGE,
 * ERR_NOMEM. */
enum err query_parse(struct arena *arena, struct text text, struct query *ret, struct errbuf *e);

/* The parameter of that name, NULL if it is not given. */
const struct parameter *query_find(const struct query *query, const char *name);

/* The value must be an id where it is given. *ret is NULL when it is not, which is ERR_MISSING if it is `required`;
 * else borrowed. ERR_TYPE, ERR_ID. */
enum err query_id(const struct query *query, const char *name, bool required, const char **ret, struct errbuf *e);

/* ERR_RANGE when the value is no whole number from `low` to `high`. */
enum err parameter_number(const struct parameter *parameter, int64_t low, int64_t high, int64_t *ret, struct errbuf *e);

/* All parameters must be among these whole numbers, whose values are replaced where they are given; on failure some may
 * be already. ERR_UNKNOWN, ERR_RANGE. */
struct query_number {
    const char *name;
    int64_t low, high, *ret;
};
enum err query_numbers(const struct query *query, const struct query_number *known, size_t count);

/* One path segment, percent-decoded (`+` stays). ERR_SYNTAX, ERR_UTF8, ERR_NOMEM. */
enum err query_decode_segment(struct arena *arena, struct text segment, struct text *ret);

#endif
