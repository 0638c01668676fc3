#include "json_token.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "c_locale.h"

enum byte_class {
    DIGIT = 1,
    HEX = 2,
    PLAIN = 4,   /* stands for itself in a string */
    ESCAPED = 8, /* may follow a backslash */
};

/* The table's letters: Plain, Digit, A to F that is no escape, Escape, Hex escape (b, f), Quoted only. */
#define P PLAIN
#define D (PLAIN | DIGIT | HEX)
#define A (PLAIN | HEX)
#define E (PLAIN | ESCAPED)
#define H (PLAIN | HEX | ESCAPED)
#define Q ESCAPED
static const uint8_t classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* control characters */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    P, P, Q, P, P, P, P, P, P, P, P, P, P, P, P, E, /* blank ! " # $ % & ' ( ) * + , - . / */
    D, D, D, D, D, D, D, D, D, D, P, P, P, P, P, P, /* 0 1 2 3 4 5 6 7 8 9 : ; < = > ? */
    P, A, A, A, A, A, A, P, P, P, P, P, P, P, P, P, /* @ A B C D E F G H I J K L M N O */
    P, P, P, P, P, P, P, P, P, P, P, P, Q, P, P, P, /* P Q R S T U V W X Y Z [ \ ] ^ _ */
    P, A, H, A, A, A, H, P, P, P, P, P, P, P, E, P, /* ` a b c d e f g h i j k l m n o */
    P, P, E, P, E, P, P, P, P, P, P, P, P, P, P, P, /* p q r s t u v w x y z { | } ~ DEL */
};
#undef P
#undef D
#undef A
#undef E
#undef H
#undef Q

enum err json_fault(const struct json_cursor *cursor, enum err err, const char *what)
{
    return err_set(cursor->e, err, "JSON, byte %zu: %s", (size_t)(cursor->at - cursor->start), what);
}

/* Passes over bytes of the class; false if there was none. */
static bool take_all(struct json_cursor *cursor, enum byte_class class)
{
    const unsigned char *first = cursor->at;
    while (classes[*cursor->at] & class)
        cursor->at++;
    return cursor->at > first;
}

/* Up to 15 digits are exact, as is the power of ten below them, so that one division rounds as it should (Clinger). */
static bool read_short(const unsigned char *at, const unsigned char *end, double *ret)
{
    bool negative = *at == '-', fraction = false;
    uint64_t digits = 0;
    double divisor = 1;
    if (FLT_EVAL_METHOD != 0 || end - at > DBL_DIG)
        return false;
    for (at += negative; at < end; at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        if (!(classes[*at] & DIGIT))
            return false;
        digits = digits * 10 + (*at - 0x30u);
        divisor *= fraction ? 10 : 1;
    }
    *ret = (negative ? -(double)digits : (double)digits) / divisor;
    return true;
}

static double read_long(const unsigned char *at)
{
    struct c_locale locale = c_locale_enter();
    double number = strtod((const char *)at, NULL);
    c_locale_leave(locale);
    return number;
}

enum err json_read_number(struct json_cursor *cursor, double *ret)
{
    const unsigned char *first = cursor->at;
    json_take(cursor, '-');
    if (!json_take(cursor, '0') && !take_all(cursor, DIGIT))
        return json_fault(cursor, ERR_SYNTAX, "expected a value");
    if (json_take(cursor, '.') && !take_all(cursor, DIGIT))
        return json_fault(cursor, ERR_SYNTAX, "expected a digit");
    if (json_take(cursor, 'e') || json_take(cursor, 'E')) {
        if (!json_take(cursor, '-'))
            json_take(cursor, '+');
        if (!take_all(cursor, DIGIT))
            return json_fault(cursor, ERR_SYNTAX, "expected a digit");
    }
    if (cursor->at - first > JSON_NUMBER_MAX)
        return json_fault(cursor, ERR_TOO_LARGE, "the number is too long");
    if (!read_short(first, cursor->at, ret))
        *ret = read_long(first);
    return isfinite(*ret) ? OK : err_set(cursor->e, ERR_RANGE, "JSON: a number is too large");
}

static unsigned hex_value(unsigned char digit)
{
    return digit <= '9' ? digit - 0x30u : (digit | 0x20u) - 0x57u; /* '0'; 'a' - 10 */
}

/* The four digits behind \u; false if they are not there. */
static bool take_hex4(struct json_cursor *cursor, uint32_t *ret)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        if (!(classes[cursor->at[i]] & HEX))
            return false;
        value = value << 4 | hex_value(cursor->at[i]);
    }
    cursor->at += 4;
    *ret = value;
    return true;
}

static unsigned char *put_utf8(unsigned char *out, uint32_t code)
{
    static const unsigned char leads[] = { 0, 0xC0, 0xE0, 0xF0 };
    unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    *out++ = (unsigned char)(leads[more] | code >> 6 * more);
    while (more-- > 0)
        *out++ = (unsigned char)(0x80 | (code >> 6 * more & 0x3F));
    return out;
}

static enum err scan_unicode(struct json_cursor *cursor, unsigned char **out)
{
    uint32_t unit, low;
    if (!take_hex4(cursor, &unit))
        return json_fault(cursor, ERR_SYNTAX, "expected four hexadecimal digits");
    if (unit == 0)
        return json_fault(cursor, ERR_SYNTAX, "\\u0000 is not allowed");
    if (unit >= 0xD800 && unit <= 0xDFFF) {
        if (unit > 0xDBFF || !json_take(cursor, '\\') || !json_take(cursor, 'u') || !take_hex4(cursor, &low) ||
            low < 0xDC00 || low > 0xDFFF)
            return json_fault(cursor, ERR_UTF8, "half a surrogate pair");
        unit = 0x10000 + ((unit & 0x3FF) << 10 | (low & 0x3FF));
    }
    *out = put_utf8(*out, unit);
    return OK;
}

static enum err scan_escape(struct json_cursor *cursor, unsigned char **out)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *escape;
    cursor->at++;
    if (json_take(cursor, 'u'))
        return scan_unicode(cursor, out);
    if (!(classes[*cursor->at] & ESCAPED) || !(escape = strchr(escapes, *cursor->at)))
        return json_fault(cursor, ERR_SYNTAX, "no such escape");
    *(*out)++ = (unsigned char)meanings[escape - escapes];
    cursor->at++;
    return OK;
}

static enum err scan_beyond_ascii(struct json_cursor *cursor)
{
    unsigned char *behind = cursor->at;
    while (*behind >= 0x80)
        behind++;
    if (!text_is_utf8((struct text){ (const char *)cursor->at, (size_t)(behind - cursor->at) }))
        return json_fault(cursor, ERR_UTF8, "not UTF-8");
    cursor->at = behind;
    return OK;
}

/* What is neither plain nor the end of the string. */
static enum err scan_special(struct json_cursor *cursor, unsigned char **out)
{
    if (*cursor->at == '\\')
        return scan_escape(cursor, out);
    if (*cursor->at >= 0x80)
        return scan_beyond_ascii(cursor);
    return json_fault(cursor, ERR_SYNTAX,
                      cursor->at == cursor->end ? "the string does not end" : "control character in a string");
}

enum err json_read_string(struct json_cursor *cursor, struct text *ret)
{
    unsigned char *first = cursor->at + 1, *out;
    enum err err;
    if (!json_take(cursor, '"'))
        return json_fault(cursor, ERR_SYNTAX, "expected a string");
    take_all(cursor, PLAIN);
    out = cursor->at;
    while (!json_take(cursor, '"')) {
        unsigned char *run = cursor->at;
        bool escape = *run == '\\';
        if ((err = scan_special(cursor, &out)) != OK)
            return err;
        run = escape ? cursor->at : run;
        take_all(cursor, PLAIN);
        memmove(out, run, (size_t)(cursor->at - run));
        out += cursor->at - run;
    }
    *out = '\0';
    *ret = (struct text){ (const char *)first, (size_t)(out - first) };
    return OK;
}

enum err json_take_word(struct json_cursor *cursor, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(cursor->end - cursor->at) < len || memcmp(cursor->at, word, len) != 0)
        return json_fault(cursor, ERR_SYNTAX, "expected a value");
    cursor->at += len;
    return OK;
}
