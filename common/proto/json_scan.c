#include "json_scan.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "c_locale.h"
#include "msg.h"

enum byte_class {
    SPACE = 1,
    DIGIT = 2,
    HEX = 4,
    PLAIN = 8,    /* stands for itself in a string */
    ESCAPED = 16, /* may follow a backslash */
};

/* The table's letters: Space, Blank, Plain, Digit, A to F that is no escape, Escape, Hex escape (b, f), Quoted only. */
#define S SPACE
#define B (PLAIN | SPACE)
#define P PLAIN
#define D (PLAIN | DIGIT | HEX)
#define A (PLAIN | HEX)
#define E (PLAIN | ESCAPED)
#define H (PLAIN | HEX | ESCAPED)
#define Q ESCAPED
static const uint8_t classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, S, S, 0, 0, S, 0, 0, /* tab, line feed, carriage return */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* control characters */
    B, P, Q, P, P, P, P, P, P, P, P, P, P, P, P, E, /* blank ! " # $ % & ' ( ) * + , - . / */
    D, D, D, D, D, D, D, D, D, D, P, P, P, P, P, P, /* 0 1 2 3 4 5 6 7 8 9 : ; < = > ? */
    P, A, A, A, A, A, A, P, P, P, P, P, P, P, P, P, /* @ A B C D E F G H I J K L M N O */
    P, P, P, P, P, P, P, P, P, P, P, P, Q, P, P, P, /* P Q R S T U V W X Y Z [ \ ] ^ _ */
    P, A, H, A, A, A, H, P, P, P, P, P, P, P, E, P, /* ` a b c d e f g h i j k l m n o */
    P, P, E, P, E, P, P, P, P, P, P, P, P, P, P, P, /* p q r s t u v w x y z { | } ~ DEL */
};
#undef S
#undef B
#undef P
#undef D
#undef A
#undef E
#undef H
#undef Q

#define VALUES_FIRST 32 /* room at first; a heartbeat of the original seven fields has 8 */

/* What is scanned is a copy: strings are terminated and their escapes resolved where they lie. A zero byte, which is in
 * no class, follows the last one, so that no run needs to look for the end. */
struct scan {
    struct arena *arena;
    unsigned char *start, *at, *end;
    struct json_value *values;
    uint32_t len, size; /* of `values` */
    unsigned depth;
    struct errbuf *e;
};

static enum err fault(const struct scan *s, enum err err, const char *what)
{
    return err_set(s->e, err, "JSON, byte %zu: %s", (size_t)(s->at - s->start), what);
}

static bool take(struct scan *s, char c)
{
    if (*s->at != (unsigned char)c)
        return false;
    s->at++;
    return true;
}

/* Passes over bytes of the class; false if there was none. */
static bool take_all(struct scan *s, enum byte_class class)
{
    const unsigned char *first = s->at;
    while (classes[*s->at] & class)
        s->at++;
    return s->at > first;
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

static enum err scan_number(struct scan *s, double *ret)
{
    const unsigned char *first = s->at;
    take(s, '-');
    if (!take(s, '0') && !take_all(s, DIGIT))
        return fault(s, ERR_SYNTAX, "expected a value");
    if (take(s, '.') && !take_all(s, DIGIT))
        return fault(s, ERR_SYNTAX, "expected a digit");
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '-'))
            take(s, '+');
        if (!take_all(s, DIGIT))
            return fault(s, ERR_SYNTAX, "expected a digit");
    }
    if (s->at - first > JSON_NUMBER_MAX)
        return fault(s, ERR_TOO_LARGE, "the number is too long");
    if (!read_short(first, s->at, ret))
        *ret = read_long(first);
    return isfinite(*ret) ? OK : err_set(s->e, ERR_RANGE, "JSON: a number is too large");
}

static unsigned hex_value(unsigned char digit)
{
    return digit <= '9' ? digit - 0x30u : (digit | 0x20u) - 0x57u; /* '0'; 'a' - 10 */
}

/* The four digits behind \u; false if they are not there. */
static bool take_hex4(struct scan *s, uint32_t *ret)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        if (!(classes[s->at[i]] & HEX))
            return false;
        value = value << 4 | hex_value(s->at[i]);
    }
    s->at += 4;
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

static enum err scan_unicode(struct scan *s, unsigned char **out)
{
    uint32_t unit, low;
    if (!take_hex4(s, &unit))
        return fault(s, ERR_SYNTAX, "expected four hexadecimal digits");
    if (unit == 0)
        return fault(s, ERR_SYNTAX, "\\u0000 is not allowed");
    if (unit >= 0xD800 && unit <= 0xDFFF) {
        if (unit > 0xDBFF || !take(s, '\\') || !take(s, 'u') || !take_hex4(s, &low) || low < 0xDC00 || low > 0xDFFF)
            return fault(s, ERR_UTF8, "half a surrogate pair");
        unit = 0x10000 + ((unit & 0x3FF) << 10 | (low & 0x3FF));
    }
    *out = put_utf8(*out, unit);
    return OK;
}

static enum err scan_escape(struct scan *s, unsigned char **out)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *escape;
    s->at++;
    if (take(s, 'u'))
        return scan_unicode(s, out);
    if (!(classes[*s->at] & ESCAPED) || !(escape = strchr(escapes, *s->at)))
        return fault(s, ERR_SYNTAX, "no such escape");
    *(*out)++ = (unsigned char)meanings[escape - escapes];
    s->at++;
    return OK;
}

static enum err scan_beyond_ascii(struct scan *s)
{
    unsigned char *behind = s->at;
    while (*behind >= 0x80)
        behind++;
    if (!text_is_utf8((struct text){ (const char *)s->at, (size_t)(behind - s->at) }))
        return fault(s, ERR_UTF8, "not UTF-8");
    s->at = behind;
    return OK;
}

/* What is neither plain nor the end of the string. */
static enum err scan_special(struct scan *s, unsigned char **out)
{
    if (*s->at == '\\')
        return scan_escape(s, out);
    if (*s->at >= 0x80)
        return scan_beyond_ascii(s);
    return fault(s, ERR_SYNTAX, s->at == s->end ? "the string does not end" : "control character in a string");
}

static enum err scan_string(struct scan *s, struct text *ret)
{
    unsigned char *first = s->at + 1, *out;
    enum err err;
    if (!take(s, '"'))
        return fault(s, ERR_SYNTAX, "expected a string");
    take_all(s, PLAIN);
    out = s->at;
    while (!take(s, '"')) {
        unsigned char *run = s->at;
        bool escape = *run == '\\';
        if ((err = scan_special(s, &out)) != OK)
            return err;
        run = escape ? s->at : run;
        take_all(s, PLAIN);
        memmove(out, run, (size_t)(s->at - run));
        out += s->at - run;
    }
    *out = '\0';
    *ret = (struct text){ (const char *)first, (size_t)(out - first) };
    return OK;
}

static enum err scan_word(struct scan *s, const char *word, struct json_value *value, enum json_type type)
{
    size_t len = strlen(word);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return fault(s, ERR_SYNTAX, "expected a value");
    s->at += len;
    value->type = type;
    return OK;
}

/* Which keys an object has had so far: a set of hashes that can only say "not yet" for sure. Who writes the document
 * can aim at it, so that a doubt costs no more than putting the keys in order, once. */
struct key_set {
    uint64_t bits[4];
    bool doubt;
};

static void key_set_add(struct key_set *seen, struct text key)
{
    unsigned char first = key.len ? (unsigned char)key.at[0] : 0,
                  last = key.len ? (unsigned char)key.at[key.len - 1] : 0;
    unsigned hash = ((unsigned)key.len * 33 + first * 7u + last) & 255; /* no two fields of a message have the same */
    uint64_t bit = UINT64_C(1) << (hash & 63);
    uint64_t *bits = &seen->bits[hash >> 6];
    seen->doubt |= (*bits & bit) != 0;
    *bits |= bit;
}

static int compare_keys(const void *a, const void *b)
{
    const struct text *one = a, *other = b;
    if (one->len != other->len)
        return one->len < other->len ? -1 : 1;
    return memcmp(one->at, other->at, one->len);
}

static enum err check_keys(const struct scan *s, uint32_t object)
{
    struct text keys[JSON_MAX_MEMBERS];
    size_t count = 0;
    for (uint32_t i = object + 1; i < s->len; i += s->values[i].span)
        keys[count++] = s->values[i].key;
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 1; i < count; i++)
        if (text_equal(keys[i - 1], keys[i])) {
            char shown[65];
            text_to_printable(keys[i], shown, sizeof shown);
            return err_set(s->e, ERR_DUPLICATE, "JSON: the key \"%s\" is given twice", shown);
        }
    return OK;
}

static enum err scan_key(struct scan *s, struct key_set *seen, struct text *ret)
{
    enum err err = scan_string(s, ret);
    if (err != OK)
        return err;
    key_set_add(seen, *ret);
    take_all(s, SPACE);
    if (!take(s, ':'))
        return fault(s, ERR_SYNTAX, "expected ':'");
    take_all(s, SPACE);
    return OK;
}

static enum err scan_value(struct scan *s, struct text key);

static enum err scan_members(struct scan *s, uint32_t container, bool keyed)
{
    struct key_set seen = { 0 };
    unsigned count = 0;
    do {
        struct text key = { 0 };
        enum err err = OK;
        if (++count > JSON_MAX_MEMBERS)
            return fault(s, ERR_TOO_LARGE, "too many members");
        take_all(s, SPACE);
        if (keyed)
            err = scan_key(s, &seen, &key);
        if (err == OK)
            err = scan_value(s, key);
        if (err != OK)
            return err;
        take_all(s, SPACE);
    } while (take(s, ','));
    return seen.doubt ? check_keys(s, container) : OK;
}

static enum err scan_container(struct scan *s, enum json_type type)
{
    char close = type == JSON_OBJECT ? '}' : ']';
    uint32_t container = s->len - 1;
    s->values[container].type = type;
    if (++s->depth > MSG_MAX_DEPTH)
        return fault(s, ERR_DEPTH, "nested too deep");
    s->at++;
    take_all(s, SPACE);
    if (!take(s, close)) {
        enum err err = scan_members(s, container, type == JSON_OBJECT);
        if (err != OK)
            return err;
        if (!take(s, close))
            return fault(s, ERR_SYNTAX, "expected ',' or the end of the object or array");
    }
    s->depth--;
    s->values[container].span = s->len - container;
    return OK;
}

/* NULL: no memory. The values before it may move. */
static struct json_value *value_add(struct scan *s, struct text key)
{
    if (s->len == s->size) {
        uint32_t size = s->size ? 2 * s->size : VALUES_FIRST;
        struct json_value *values = arena_alloc(s->arena, size * sizeof *values);
        if (!values)
            return NULL;
        if (s->len > 0)
            memcpy(values, s->values, s->len * sizeof *values);
        s->values = values;
        s->size = size;
    }
    s->values[s->len] = (struct json_value){ .key = key, .span = 1 };
    return &s->values[s->len++];
}

static enum err scan_value(struct scan *s, struct text key)
{
    struct json_value *value = value_add(s, key);
    if (!value)
        return err_set(s->e, ERR_NOMEM, "JSON: no memory for the document");
    switch (*s->at) {
    case '{':
        return scan_container(s, JSON_OBJECT);
    case '[':
        return scan_container(s, JSON_ARRAY);
    case '"':
        value->type = JSON_STRING;
        return scan_string(s, &value->string);
    case 't':
        return scan_word(s, "true", value, JSON_TRUE);
    case 'f':
        return scan_word(s, "false", value, JSON_FALSE);
    case 'n':
        return scan_word(s, "null", value, JSON_NULL);
    default:
        value->type = JSON_NUMBER;
        return scan_number(s, &value->number);
    }
}

enum err json_scan(struct arena *arena, struct text text, const struct json_value **ret, struct errbuf *e)
{
    unsigned char *copy = text.len < UINT32_MAX ? (unsigned char *)arena_copy(arena, text) : NULL;
    struct scan s = { .arena = arena, .start = copy, .at = copy, .e = e };
    enum err err;
    if (!copy)
        return err_set(e, ERR_NOMEM, "JSON: no memory for the document");
    s.end = copy + text.len;
    take_all(&s, SPACE);
    if ((err = scan_value(&s, (struct text){ 0 })) != OK)
        return err;
    take_all(&s, SPACE);
    if (s.at != s.end)
        return fault(&s, ERR_SYNTAX, "trailing data after the value");
    *ret = s.values;
    return OK;
}

const struct json_value *json_value_member(const struct json_value *object, const char *name)
{
    if (object && object->type == JSON_OBJECT)
        JSON_EACH(member, object)
        {
            if (text_is(member->key, name))
                return member;
        }
    return NULL;
}
