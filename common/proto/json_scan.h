/* json_scan.h - the strict pass over one JSON value: one look at each byte says whether it is what json.h calls strict,
 * and leaves the values in a flat list, which messages are decoded from without a tree. Pure. */
#ifndef SKEP_JSON_SCAN_H
#define SKEP_JSON_SCAN_H

#include "arena.h"

#define JSON_MAX_MEMBERS 256 /* of one object or array */
#define JSON_FOREIGN_DEPTH 64

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* One value; what it contains lies right behind it. Texts are terminated, their escapes resolved. */
struct json_value {
    struct text key; /* of a member of an object; else absent */
    union {
        struct text string; /* JSON_STRING */
        double number;      /* JSON_NUMBER; finite */
    };
    uint32_t span; /* itself and what it contains, so that value + span is what follows */
    enum json_type type;
};

/* What an object or array holds, one after the other; the loop needs braces. */
#define JSON_EACH(value, container)                                                                        \
    for (const struct json_value *value = (container) + 1, *value##_end = (container) + (container)->span; \
         value < value##_end; value += value->span)

/* The value lives in the arena, as does all that it points to. ERR_SYNTAX ERR_UTF8 ERR_DEPTH ERR_DUPLICATE
 * ERR_TOO_LARGE ERR_RANGE ERR_NOMEM; where the fault is one of syntax, the sentence begins with the offset of the byte.
 */
enum err json_scan(struct arena *arena, struct text text, const struct json_value **ret, struct errbuf *e);

/* A document that is none of the fleet's: JSON_FOREIGN_DEPTH levels, as many members as the arena's limit lets in, and
 * of keys that are the same the first one counts. */
enum err json_scan_foreign(struct arena *arena, struct text text, const struct json_value **ret, struct errbuf *e);

/* Member by exact name, NULL if absent. `object` may be NULL or no object. */
const struct json_value *json_value_member(const struct json_value *object, const char *name);

#endif
