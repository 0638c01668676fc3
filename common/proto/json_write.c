#include "json_write.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "c_locale.h"
#include "timetext.h"

#define INTEGRAL_MAX 9007199254740992.0 /* 2^53 */
#define REPLACEMENT "\xEF\xBF\xBD"      /* U+FFFD */

static void put_comma(struct json_write *w)
{
    if (w->comma)
        buf_add_char(w->buf, ',');
    w->comma = true;
}

void json_open(struct json_write *w, char bracket)
{
    put_comma(w);
    buf_add_char(w->buf, bracket);
    w->comma = false;
}

void json_close(struct json_write *w, char bracket)
{
    buf_add_char(w->buf, bracket);
    w->comma = true;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void put_escape(struct buf *buf, unsigned char c)
{
    static const char short_forms[][2] = { { '"', '"' },  { '\\', '\\' }, { '\b', 'b' }, { '\f', 'f' },
                                           { '\n', 'n' }, { '\r', 'r' },  { '\t', 't' } };
    for (size_t i = 0; i < ARRAY_LEN(short_forms); i++) {
        if (c == (unsigned char)short_forms[i][0]) {
            buf_add(buf, (char[]){ '\\', short_forms[i][1] }, 2);
            return;
        }
    }
    buf_printf(buf, "\\u%04x", c);
}

/* Writes what begins at `t` and is not plain: one character. Returns the bytes it took. */
static size_t put_special(struct buf *buf, struct text t)
{
    unsigned char c = (unsigned char)t.at[0];
    uint32_t code;
    if (c < 0x80) {
        put_escape(buf, c);
        return 1;
    }
    size_t len = text_character(t, &code);
    buf_add_text(buf, len > 0 ? (struct text){ t.at, len } : TEXT(REPLACEMENT));
    return len > 0 ? len : 1;
}

static void put_quoted(struct buf *buf, struct text t)
{
    size_t at = 0;
    buf_add_char(buf, '"');
    while (at < t.len) {
        size_t first = at;
        while (at < t.len && is_plain((unsigned char)t.at[at]))
            at++;
        buf_add(buf, t.at + first, at - first);
        if (at < t.len)
            at += put_special(buf, (struct text){ t.at + at, t.len - at });
    }
    buf_add_char(buf, '"');
}

void json_key(struct json_write *w, const char *key)
{
    put_comma(w);
    put_quoted(w->buf, text_of(key));
    buf_add_char(w->buf, ':');
    w->comma = false;
}

void json_put_raw(struct json_write *w, struct text json)
{
    put_comma(w);
    buf_add_text(w->buf, json.at ? json : TEXT("null"));
}

void json_put_null(struct json_write *w)
{
    json_put_raw(w, TEXT("null"));
}

void json_put_bool(struct json_write *w, bool value)
{
    json_put_raw(w, value ? TEXT("true") : TEXT("false"));
}

void json_put_int(struct json_write *w, int64_t value)
{
    put_comma(w);
    buf_printf(w->buf, "%" PRId64, value);
}

static void put_fraction(struct json_write *w, double value)
{
    char text[32];
    int precision = 15;
    struct c_locale locale = c_locale_enter();
    do
        snprintf(text, sizeof text, "%.*g", precision, value);
    while (strtod(text, NULL) != value && ++precision <= 17);
    c_locale_leave(locale);
    json_put_raw(w, text_of(text));
}

void json_put_number(struct json_write *w, double value)
{
    if (!isfinite(value))
        json_put_null(w);
    else if (fabs(value) <= INTEGRAL_MAX && value == trunc(value))
        json_put_int(w, (int64_t)value);
    else
        put_fraction(w, value);
}

void json_put_text(struct json_write *w, struct text value)
{
    if (!value.at) {
        json_put_null(w);
        return;
    }
    put_comma(w);
    put_quoted(w->buf, value);
}

void json_put_str(struct json_write *w, const char *value)
{
    json_put_text(w, text_of(value));
}

void json_put_hex64(struct json_write *w, uint64_t value)
{
    json_put_str(w, value ? HEX64_TEXT(value) : NULL);
}

void json_put_time(struct json_write *w, ms_t wall)
{
    char text[TIMETEXT_SIZE];
    if (wall == INT64_MIN) {
        json_put_null(w);
        return;
    }
    time_to_text(wall, text);
    json_put_str(w, text);
}

void json_open_member(struct json_write *w, const char *key, char bracket)
{
    json_key(w, key);
    json_open(w, bracket);
}

void json_add_null(struct json_write *w, const char *key)
{
    json_add_raw(w, key, TEXT("null"));
}

void json_add_int_if(struct json_write *w, const char *key, bool known, int64_t value)
{
    if (known)
        json_add_int(w, key, value);
    else
        json_add_null(w, key);
}

#define DEFINE_ADD(kind, type)                                              \
    void json_add_##kind(struct json_write *w, const char *key, type value) \
    {                                                                       \
        json_key(w, key);                                                   \
        json_put_##kind(w, value);                                          \
    }
DEFINE_ADD(bool, bool)
DEFINE_ADD(int, int64_t)
DEFINE_ADD(number, double)
DEFINE_ADD(str, const char *)
DEFINE_ADD(hex64, uint64_t)
DEFINE_ADD(time, ms_t)
DEFINE_ADD(raw, struct text)
