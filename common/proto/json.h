/* json.h - strict reading of JSON into a tree of cJSON: requests, replies, answers. Messages are decoded from
 * json_scan.
 *
 * What cJSON lets pass and this refuses: invalid UTF-8, halves of surrogate pairs, NUL and raw control characters in
 * strings, duplicate keys, more than MSG_MAX_DEPTH levels, more than JSON_MAX_MEMBERS members in one object or array,
 * numbers that are not finite, not of JSON's grammar or longer than 63 characters, anything behind the value. */
#ifndef SKEP_JSON_H
#define SKEP_JSON_H

#include "json_scan.h"

struct cJSON;

/* The tree lives until the arena is reset. ERR_SYNTAX ERR_UTF8 ERR_DEPTH ERR_DUPLICATE ERR_TOO_LARGE ERR_RANGE
 * ERR_NOMEM. */
enum err json_parse(struct arena *arena, struct text text, struct cJSON **ret, struct errbuf *e);

/* Member by exact name, NULL if absent or JSON null. `object` may be NULL. */
const struct cJSON *json_member(const struct cJSON *object, const char *name);

/* The value, or absent: NULL, or false and *ret untouched, when it is no string or number. NULL is fine. */
const char *json_string(const struct cJSON *value);
bool json_number(const struct cJSON *value, double *ret);
bool json_bool(const struct cJSON *value, bool *ret);

#endif
