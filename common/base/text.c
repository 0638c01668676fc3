#include "text.h"

#include <inttypes.h>
#include <stdio.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct text text_trim(struct text t)
{
    while (t.len > 0 && is_blank(t.at[t.len - 1]))
        t.len--;
    while (t.len > 0 && is_blank(t.at[0]))
        t = (struct text){ t.at + 1, t.len - 1 };
    return t;
}

struct text text_split(struct text *rest, char separator)
{
    struct text head = *rest;
    const char *at = head.len > 0 ? memchr(head.at, separator, head.len) : NULL;
    if (!at) {
        *rest = (struct text){ NULL, 0 };
        return head;
    }
    head.len = (size_t)(at - head.at);
    *rest = (struct text){ at + 1, rest->len - head.len - 1 };
    return head;
}

bool text_consists_of(struct text t, const char *more)
{
    for (size_t i = 0; i < t.len; i++) {
        char c = (char)(t.at[i] | 0x20);
        if (!is_digit(t.at[i]) && (c < 'a' || c > 'z') && (t.at[i] == '\0' || !strchr(more, t.at[i])))
            return false;
    }
    return true;
}

bool text_is_id(struct text t)
{
    return t.len > 0 && t.len <= TEXT_ID_MAX && text_consists_of((struct text){ t.at, 1 }, "") &&
           text_consists_of(t, "._-");
}

bool text_has_control(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (((unsigned char)t.at[i] < ' ' && t.at[i] != '\t') || t.at[i] == 0x7F)
            return true;
    return false;
}

/* Lead bytes of the sequences of RFC 3629 and what may follow: the second byte's range excludes overlong forms,
 * surrogates and what is beyond U+10FFFF. */
static const struct sequence {
    unsigned char first, last; /* lead byte */
    unsigned char low, high;   /* second byte */
    unsigned char len;
} sequences[] = {
    { 0xC2, 0xDF, 0x80, 0xBF, 2 }, { 0xE0, 0xE0, 0xA0, 0xBF, 3 }, { 0xE1, 0xEC, 0x80, 0xBF, 3 },
    { 0xED, 0xED, 0x80, 0x9F, 3 }, { 0xEE, 0xEF, 0x80, 0xBF, 3 }, { 0xF0, 0xF0, 0x90, 0xBF, 4 },
    { 0xF1, 0xF3, 0x80, 0xBF, 4 }, { 0xF4, 0xF4, 0x80, 0x8F, 4 },
};

static const struct sequence *sequence_of(unsigned char lead)
{
    for (size_t i = 0; i < ARRAY_LEN(sequences); i++)
        if (lead >= sequences[i].first && lead <= sequences[i].last)
            return &sequences[i];
    return NULL;
}

size_t text_character(struct text t, uint32_t *ret)
{
    const unsigned char *bytes = (const unsigned char *)t.at;
    if (bytes[0] < 0x80) {
        *ret = bytes[0];
        return 1;
    }
    const struct sequence *s = sequence_of(bytes[0]);
    if (!s || t.len < s->len || bytes[1] < s->low || bytes[1] > s->high)
        return 0;
    uint32_t code = bytes[0] & (0x7Fu >> s->len);
    for (size_t i = 1; i < s->len; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3F);
    }
    *ret = code;
    return s->len;
}

/* Nearly all text is ASCII: eight bytes at a time. */
static size_t ascii_len(const char *at, size_t len)
{
    size_t i = 0;
    for (uint64_t word; len - i >= sizeof word; i += sizeof word) {
        memcpy(&word, at + i, sizeof word);
        if (word & 0x8080808080808080)
            break;
    }
    return i;
}

bool text_is_utf8(struct text t)
{
    for (size_t i = ascii_len(t.at, t.len); i < t.len; i += ascii_len(t.at + i, t.len - i)) {
        uint32_t code;
        size_t len = text_character((struct text){ t.at + i, t.len - i }, &code);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

bool text_is_harmful(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } harmful[] = {
        { 0x00, 0x1F }, { 0x7F, 0x9F }, { 0x061C, 0x061C }, { 0x200E, 0x200F }, { 0x2028, 0x202E }, { 0x2066, 0x2069 },
    };
    for (size_t i = 0; i < ARRAY_LEN(harmful); i++)
        if (code >= harmful[i].first && code <= harmful[i].last)
            return true;
    return false;
}

void text_to_printable(struct text t, char *ret, size_t size)
{
    if (size == 0)
        return;
    size_t written = 0;
    for (size_t i = 0; i < t.len;) {
        uint32_t code = 0;
        size_t len = text_character((struct text){ t.at + i, t.len - i }, &code);
        bool good = len > 0 && !text_is_harmful(code);
        size_t out = good ? len : 1;
        if (out > size - 1 - written)
            break;
        memcpy(ret + written, good ? t.at + i : "?", out);
        written += out;
        i += len > 0 ? len : 1;
    }
    ret[written] = '\0';
}

static bool is_digits(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!is_digit(t.at[i]))
            return false;
    return t.len > 0;
}

enum err text_to_int(struct text t, int64_t *ret)
{
    bool negative = t.len > 0 && t.at[0] == '-';
    if (negative || (t.len > 0 && t.at[0] == '+'))
        t = (struct text){ t.at + 1, t.len - 1 };
    if (!is_digits(t))
        return ERR_SYNTAX;
    int64_t value = 0;
    for (size_t i = 0; i < t.len; i++) {
        int digit = negative ? '0' - t.at[i] : t.at[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return ERR_RANGE;
    }
    *ret = value;
    return OK;
}

/* Largest first, ended by a unit without a name. */
struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit duration_units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
                                              { "s", 1000 },     { "ms", 1 },      { NULL, 0 } };
static const struct unit size_units[] = {
    { "GiB", 1 << 30 }, { "MiB", 1 << 20 }, { "KiB", 1 << 10 }, { "", 1 }, { NULL, 0 }
};

static const struct unit *unit_find(const struct unit *units, struct text name)
{
    while (units->name && !text_is(name, units->name))
        units++;
    return units->name ? units : NULL;
}

/* A whole number and a unit: ERR_SYNTAX before ERR_RANGE, so that 99999999999999999999x is no number, not a large one.
 */
static enum err quantity_parse(struct text t, const struct unit *units, int64_t *ret)
{
    size_t len = 0;
    while (len < t.len && is_digit(t.at[len]))
        len++;
    struct text number = { t.at, len };
    int64_t value;
    enum err err = text_to_int(number, &value);
    if (err == ERR_SYNTAX)
        return ERR_SYNTAX;
    const struct unit *unit = unit_find(units, (struct text){ t.at + len, t.len - len });
    bool bare_zero = len == t.len && err == OK && value == 0;
    if (!unit && !bare_zero)
        return ERR_SYNTAX;
    if (err != OK || __builtin_mul_overflow(value, unit ? unit->factor : 1, &value))
        return ERR_RANGE;
    *ret = value;
    return OK;
}

enum err text_to_duration(struct text t, ms_t *ret)
{
    return quantity_parse(t, duration_units, ret);
}

enum err text_to_size(struct text t, int64_t *ret)
{
    return quantity_parse(t, size_units, ret);
}

/* In the largest unit that leaves a whole number. */
static char *quantity_print(int64_t value, const struct unit *units, char *ret, size_t size)
{
    while (value % units->factor != 0)
        units++;
    snprintf(ret, size, "%" PRId64 "%s", value / units->factor, value == 0 ? "" : units->name);
    return ret;
}

char *int_to_text(int64_t number, char ret[INT_TEXT_SIZE])
{
    snprintf(ret, INT_TEXT_SIZE, "%" PRId64, number);
    return ret;
}

char *duration_to_text(ms_t duration, char ret[DURATION_SIZE])
{
    return quantity_print(duration, duration_units, ret, DURATION_SIZE);
}

char *size_to_text(int64_t bytes, char ret[SIZE_TEXT_SIZE])
{
    return quantity_print(bytes, size_units, ret, SIZE_TEXT_SIZE);
}

int text_hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum err text_to_hex64(struct text t, uint64_t *ret)
{
    if (t.len != HEX64_SIZE - 1)
        return ERR_SYNTAX;
    uint64_t value = 0;
    for (size_t i = 0; i < t.len; i++) {
        int digit = text_hex_digit(t.at[i]);
        if (digit < 0)
            return ERR_SYNTAX;
        value = value << 4 | (uint64_t)digit;
    }
    if (value == 0)
        return ERR_SYNTAX;
    *ret = value;
    return OK;
}

char *hex64_to_text(uint64_t value, char ret[HEX64_SIZE])
{
    for (size_t i = HEX64_SIZE - 1; i-- > 0; value >>= 4)
        ret[i] = "0123456789abcdef"[value & 15];
    ret[HEX64_SIZE - 1] = '\0';
    return ret;
}

static size_t min_of_three(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

size_t text_distance(struct text a, struct text b)
{
    if (a.len > TEXT_DISTANCE_MAX || b.len > TEXT_DISTANCE_MAX)
        return SIZE_MAX;
    /* rows[i % 3][j]: edits that turn the first i bytes of a into the first j of b. */
    size_t rows[3][TEXT_DISTANCE_MAX + 1];
    for (size_t i = 0; i <= a.len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        for (size_t j = 0; j <= b.len; j++) {
            if (i == 0 || j == 0) {
                row[j] = i + j;
                continue;
            }
            row[j] = min_of_three(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a.at[i - 1] != b.at[j - 1]));
            bool swapped = i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1];
            if (swapped && two_above[j - 2] + 1 < row[j])
                row[j] = two_above[j - 2] + 1;
        }
    }
    return rows[a.len % 3][b.len];
}
