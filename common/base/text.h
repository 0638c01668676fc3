/* text.h - views of text and the small parsers that options, topics and messages share. Pure. */
#ifndef SKEP_TEXT_H
#define SKEP_TEXT_H

#include <string.h>

#include "err.h"

/* A view of bytes, not terminated; borrowed from whatever it points into. `at` is NULL only for "absent". */
struct text {
    const char *at;
    size_t len;
};

#define TEXT(literal) ((struct text){ (literal), sizeof(literal) - 1 })

static inline struct text text_of(const char *terminated)
{
    return (struct text){ terminated, terminated ? strlen(terminated) : 0 };
}

static inline bool text_equal(struct text a, struct text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool text_is(struct text a, const char *terminated)
{
    return text_equal(a, text_of(terminated));
}

/* Both are absent (NULL), or the same. */
static inline bool str_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Takes the prefix away; false, and nothing, if it is not there. */
static inline bool text_skip(struct text *t, struct text prefix)
{
    if (t->len < prefix.len || memcmp(t->at, prefix.at, prefix.len) != 0)
        return false;
    *t = (struct text){ t->at + prefix.len, t->len - prefix.len };
    return true;
}

/* Without the blanks (spaces and tabs) around it. */
struct text text_trim(struct text t);

/* Splits off what stands before the first `separator`: returns it and leaves the rest in *rest. Without a separator
 * the whole is returned and rest->at becomes NULL. */
struct text text_split(struct text *rest, char separator);

/* Valid UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
bool text_is_utf8(struct text t);

/* Bytes of the character that `t`, which is not empty, begins with, and its code point; 0 if it is not valid UTF-8. */
size_t text_character(struct text t, uint32_t *ret);

/* An id as the protocol defines it: [A-Za-z0-9][A-Za-z0-9._-]{0,63}. */
#define TEXT_ID_MAX 64
bool text_is_id(struct text t);

/* Nothing but ASCII letters, digits and what is in `more`. */
bool text_consists_of(struct text t, const char *more);

/* Control characters of ASCII other than the tabulator. */
bool text_has_control(struct text t);

/* Those that write a number as text return `ret`; those in capitals write it into the block around the call. */

#define INT_TEXT_SIZE 24
char *int_to_text(int64_t number, char ret[INT_TEXT_SIZE]);
#define INT_TEXT(number) int_to_text((int64_t)(number), (char[INT_TEXT_SIZE]){ 0 })

/* Decimal integer, optional sign, nothing else around it. ERR_SYNTAX or ERR_RANGE; *ret untouched on failure. */
enum err text_to_int(struct text t, int64_t *ret);

/* Duration: a whole number with a unit, `ms` `s` `m` `h` `d`, e.g. 250ms, 30s; `0` needs no unit. */
enum err text_to_duration(struct text t, ms_t *ret);

/* The shortest form that text_to_duration reads back, e.g. 90000 -> 90s. */
#define DURATION_SIZE 24
char *duration_to_text(ms_t duration, char ret[DURATION_SIZE]);
#define DURATION_TEXT(duration) duration_to_text((duration), (char[DURATION_SIZE]){ 0 })

/* Size in bytes: a whole number with an optional unit KiB, MiB or GiB. */
enum err text_to_size(struct text t, int64_t *ret);

/* The shortest form that text_to_size reads back, e.g. 65536 -> 64KiB. */
#define SIZE_TEXT_SIZE 24
char *size_to_text(int64_t bytes, char ret[SIZE_TEXT_SIZE]);

int text_hex_digit(char c); /* either case; -1 if it is none */

/* 16 hexadecimal digits, either case; not all zero. ERR_SYNTAX. */
enum err text_to_hex64(struct text t, uint64_t *ret);
#define HEX64_SIZE 17
char *hex64_to_text(uint64_t value, char ret[HEX64_SIZE]);
#define HEX64_TEXT(value) hex64_to_text((value), (char[HEX64_SIZE]){ 0 })

/* Could harm a terminal, a log line or a reader: a control character, or what makes a reader see another order or
 * another line than there is (C1 and bidi controls, line separators). */
bool text_is_harmful(uint32_t code);

/* Writes `t` with everything that could harm a terminal, a log line or a reader (control characters, DEL, C1 and bidi
 * controls, line separators, invalid UTF-8) replaced by '?', cut at `size - 1` bytes on a character border, terminated.
 */
void text_to_printable(struct text t, char *ret, size_t size);

/* How many bytes must be added, dropped, replaced or swapped with their neighbour to turn one into the other: for "did
 * you mean". SIZE_MAX when either is longer than TEXT_DISTANCE_MAX. */
#define TEXT_DISTANCE_MAX 64
size_t text_distance(struct text a, struct text b);

#endif
