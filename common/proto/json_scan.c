#include "json_scan.h"

#include "json.h"
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

struct scan {
    const unsigned char *start, *at, *end;
    unsigned depth;
    struct errbuf *e;
};

static enum err fault(const struct scan *s, enum err err, const char *what)
{
    return err_set(s->e, err, "JSON, byte %zu: %s", (size_t)(s->at - s->start), what);
}

static bool take(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != (unsigned char)c)
        return false;
    s->at++;
    return true;
}

/* Passes over bytes of the class; false if there was none. */
static bool take_all(struct scan *s, enum byte_class class)
{
    const unsigned char *first = s->at;
    while (s->at < s->end && (classes[*s->at] & class))
        s->at++;
    return s->at > first;
}

static enum err scan_number(struct scan *s)
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
    return s->at - first > JSON_NUMBER_MAX ? fault(s, ERR_TOO_LARGE, "the number is too long") : OK;
}

static unsigned hex_value(unsigned char digit)
{
    return digit <= '9' ? digit - 0x30u : (digit | 0x20u) - 0x57u; /* '0'; 'a' - 10 */
}

/* The four digits behind \u; false if they are not there. */
static bool take_hex4(struct scan *s, unsigned *ret)
{
    unsigned value = 0;
    if (s->end - s->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        if (!(classes[s->at[i]] & HEX))
            return false;
        value = value << 4 | hex_value(s->at[i]);
    }
    s->at += 4;
    *ret = value;
    return true;
}

static enum err scan_unicode(struct scan *s)
{
    unsigned unit, low;
    if (!take_hex4(s, &unit))
        return fault(s, ERR_SYNTAX, "expected four hexadecimal digits");
    if (unit == 0)
        return fault(s, ERR_SYNTAX, "\\u0000 is not allowed");
    if (unit < 0xD800 || unit > 0xDFFF)
        return OK;
    if (unit > 0xDBFF || !take(s, '\\') || !take(s, 'u') || !take_hex4(s, &low) || low < 0xDC00 || low > 0xDFFF)
        return fault(s, ERR_UTF8, "half a surrogate pair");
    return OK;
}

static enum err scan_escape(struct scan *s)
{
    s->at++;
    if (take(s, 'u'))
        return scan_unicode(s);
    if (s->at == s->end || !(classes[*s->at] & ESCAPED))
        return fault(s, ERR_SYNTAX, "no such escape");
    s->at++;
    return OK;
}

static enum err scan_beyond_ascii(struct scan *s)
{
    const unsigned char *first = s->at;
    const unsigned char *behind = first;
    while (behind < s->end && *behind >= 0x80)
        behind++;
    if (!text_is_utf8((struct text){ (const char *)first, (size_t)(behind - first) }))
        return fault(s, ERR_UTF8, "not UTF-8");
    s->at = behind;
    return OK;
}

static enum err scan_string(struct scan *s)
{
    enum err err = OK;
    if (!take(s, '"'))
        return fault(s, ERR_SYNTAX, "expected a string");
    while (!err) {
        take_all(s, PLAIN);
        if (s->at == s->end)
            return fault(s, ERR_SYNTAX, "the string does not end");
        if (take(s, '"'))
            break;
        if (*s->at == '\\')
            err = scan_escape(s);
        else if (*s->at >= 0x80)
            err = scan_beyond_ascii(s);
        else
            err = fault(s, ERR_SYNTAX, "control character in a string");
    }
    return err;
}

static enum err scan_word(struct scan *s, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return fault(s, ERR_SYNTAX, "expected a value");
    s->at += len;
    return OK;
}

static enum err scan_value(struct scan *s);

static enum err scan_key(struct scan *s)
{
    enum err err = scan_string(s);
    if (err)
        return err;
    take_all(s, SPACE);
    if (!take(s, ':'))
        return fault(s, ERR_SYNTAX, "expected ':'");
    take_all(s, SPACE);
    return OK;
}

static enum err scan_members(struct scan *s, bool keyed)
{
    unsigned count = 0;
    do {
        if (++count > JSON_MAX_MEMBERS)
            return fault(s, ERR_TOO_LARGE, "too many members");
        take_all(s, SPACE);
        enum err err = keyed ? scan_key(s) : OK;
        if (!err)
            err = scan_value(s);
        if (err)
            return err;
        take_all(s, SPACE);
    } while (take(s, ','));
    return OK;
}

static enum err scan_container(struct scan *s, char close)
{
    if (++s->depth > MSG_MAX_DEPTH)
        return fault(s, ERR_DEPTH, "nested too deep");
    s->at++;
    take_all(s, SPACE);
    if (!take(s, close)) {
        enum err err = scan_members(s, close == '}');
        if (err)
            return err;
        if (!take(s, close))
            return fault(s, ERR_SYNTAX, "expected ',' or the end of the object or array");
    }
    s->depth--;
    return OK;
}

static enum err scan_value(struct scan *s)
{
    switch (s->at < s->end ? *s->at : 0) {
    case '{':
        return scan_container(s, '}');
    case '[':
        return scan_container(s, ']');
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        return scan_number(s);
    }
}

enum err json_scan(struct text text, struct errbuf *e)
{
    const unsigned char *at = (const unsigned char *)(text.at ? text.at : "");
    struct scan s = { .start = at, .at = at, .end = at + text.len, .e = e };

    take_all(&s, SPACE);
    enum err err = scan_value(&s);
    if (err)
        return err;
    take_all(&s, SPACE);
    return s.at == s.end ? OK : fault(&s, ERR_SYNTAX, "something follows the value");
}
