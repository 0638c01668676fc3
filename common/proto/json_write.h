/* json_write.h - writes JSON straight into a buffer: commas, quoting and numbers are its job.
 *
 *     json_open(&w, '{'); json_add_str(&w, "state", "online"); json_close(&w, '}');
 *
 * Why not cJSON's printer: it prints 16-digit integers in exponent form, cannot embed a stored document as it came, and
 * builds a tree first (docs/decisions/). */
#ifndef SKEP_JSON_WRITE_H
#define SKEP_JSON_WRITE_H

#include "buf.h"

struct json_write {
    struct buf *buf; /* borrowed */
    bool comma;      /* a comma is due before the next value */
};

static inline struct json_write json_write_to(struct buf *buf)
{
    return (struct json_write){ .buf = buf };
}

void json_open(struct json_write *w, char bracket);  /* '{' or '[' */
void json_close(struct json_write *w, char bracket); /* '}' or ']' */
void json_key(struct json_write *w, const char *key);

void json_put_null(struct json_write *w);
void json_put_bool(struct json_write *w, bool value);
void json_put_int(struct json_write *w, int64_t value);
void json_put_number(struct json_write *w, double value);    /* shortest form that reads back; not finite: null */
void json_put_text(struct json_write *w, struct text value); /* absent: null; invalid UTF-8: U+FFFD */
void json_put_str(struct json_write *w, const char *value);  /* NULL: null */
void json_put_hex64(struct json_write *w, uint64_t value);   /* 0: null */
void json_put_time(struct json_write *w, ms_t wall);         /* TIME_ABSENT (INT64_MIN): null */
void json_put_raw(struct json_write *w, struct text json);   /* a valid document, embedded as it is; absent: null */

/* The same as members of an object. */
void json_open_member(struct json_write *w, const char *key, char bracket);
void json_add_null(struct json_write *w, const char *key);
void json_add_bool(struct json_write *w, const char *key, bool value);
void json_add_int(struct json_write *w, const char *key, int64_t value);
void json_add_int_if(struct json_write *w, const char *key, bool known, int64_t value); /* else null */
void json_add_number(struct json_write *w, const char *key, double value);
void json_add_str(struct json_write *w, const char *key, const char *value);
void json_add_hex64(struct json_write *w, const char *key, uint64_t value);
void json_add_time(struct json_write *w, const char *key, ms_t wall);
void json_add_raw(struct json_write *w, const char *key, struct text json);

#endif
