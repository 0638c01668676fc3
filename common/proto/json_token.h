/* json_token.h - what JSON is made of: strings, numbers, words and the space between them, byte by byte. Pure. Part of
 * json_scan. */
#ifndef SKEP_JSON_TOKEN_H
#define SKEP_JSON_TOKEN_H

#include "text.h"

#define JSON_NUMBER_MAX 63 /* characters; cJSON silently cuts longer ones */

/* Goes over bytes that may be changed: strings are terminated and their escapes resolved where they lie. A zero byte,
 * which no token has, follows the last one, so that no run needs to look for the end. Borrowed. */
struct json_cursor {
    unsigned char *start, *at, *end;
    struct errbuf *e;
};

/* `err`, with a sentence that begins with the offset of the byte. */
enum err json_fault(const struct json_cursor *cursor, enum err err, const char *what);

/* False, and nothing is taken, where another byte comes. */
static inline bool json_take(struct json_cursor *cursor, char c)
{
    if (*cursor->at != (unsigned char)c)
        return false;
    cursor->at++;
    return true;
}

static inline void json_take_space(struct json_cursor *cursor)
{
    while (*cursor->at == ' ' || *cursor->at == '\n' || *cursor->at == '\r' || *cursor->at == '\t')
        cursor->at++;
}

enum err json_take_word(struct json_cursor *cursor, const char *word); /* ERR_SYNTAX: another one comes */

/* ERR_SYNTAX ERR_UTF8. `ret` points to the cursor's bytes, and is terminated. */
enum err json_read_string(struct json_cursor *cursor, struct text *ret);
enum err json_read_number(struct json_cursor *cursor, double *ret); /* ERR_SYNTAX ERR_TOO_LARGE ERR_RANGE; finite */

#endif
