#include "json_scan.h"

#include <stdlib.h>

#include "json_token.h"
#include "msg.h"

#define VALUES_FIRST 32 /* room at first; a heartbeat of the original seven fields has 8 */

struct scan {
    struct json_cursor cursor; /* on a copy in the arena */
    struct arena *arena;
    struct json_value *values;
    uint32_t len, size; /* of `values` */
    unsigned depth;
    bool is_foreign;
};

static enum err fault(const struct scan *s, enum err err, const char *what)
{
    return json_fault(&s->cursor, err, what);
}

static bool take(struct scan *s, char c)
{
    return json_take(&s->cursor, c);
}

static void take_space(struct scan *s)
{
    json_take_space(&s->cursor);
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
    unsigned hash = ((unsigned)key.len * 33 + first * 7u + last) & 255; /* few fields of a message share one */
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
            return err_set(s->cursor.e, ERR_DUPLICATE, "JSON: the key \"%s\" is given twice", shown);
        }
    return OK;
}

static enum err scan_key(struct scan *s, struct key_set *seen, struct text *ret)
{
    enum err err = json_read_string(&s->cursor, ret);
    if (err != OK)
        return err;
    key_set_add(seen, *ret);
    take_space(s);
    if (!take(s, ':'))
        return fault(s, ERR_SYNTAX, "expected ':'");
    take_space(s);
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
        if (++count > JSON_MAX_MEMBERS && !s->is_foreign)
            return fault(s, ERR_TOO_LARGE, "too many members");
        take_space(s);
        if (keyed)
            err = scan_key(s, &seen, &key);
        if (err == OK)
            err = scan_value(s, key);
        if (err != OK)
            return err;
        take_space(s);
    } while (take(s, ','));
    return seen.doubt && !s->is_foreign ? check_keys(s, container) : OK;
}

static enum err scan_container(struct scan *s, enum json_type type)
{
    char close = type == JSON_OBJECT ? '}' : ']';
    uint32_t container = s->len - 1;
    s->values[container].type = type;
    if (++s->depth > (s->is_foreign ? JSON_FOREIGN_DEPTH : MSG_MAX_DEPTH))
        return fault(s, ERR_DEPTH, "nested too deep");
    s->cursor.at++;
    take_space(s);
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
        return err_set(s->cursor.e, ERR_NOMEM, "JSON: no memory for the document");
    switch (*s->cursor.at) {
    case '{':
        return scan_container(s, JSON_OBJECT);
    case '[':
        return scan_container(s, JSON_ARRAY);
    case '"':
        value->type = JSON_STRING;
        return json_read_string(&s->cursor, &value->string);
    case 't':
        value->type = JSON_TRUE;
        return json_take_word(&s->cursor, "true");
    case 'f':
        value->type = JSON_FALSE;
        return json_take_word(&s->cursor, "false");
    case 'n':
        value->type = JSON_NULL;
        return json_take_word(&s->cursor, "null");
    default:
        value->type = JSON_NUMBER;
        return json_read_number(&s->cursor, &value->number);
    }
}

static enum err scan(struct arena *arena, struct text text, bool is_foreign, const struct json_value **ret,
                     struct errbuf *e)
{
    unsigned char *copy = text.len < UINT32_MAX ? (unsigned char *)arena_copy(arena, text) : NULL;
    struct scan s = { .cursor = { .start = copy, .at = copy, .e = e }, .arena = arena, .is_foreign = is_foreign };
    enum err err;
    if (!copy)
        return err_set(e, ERR_NOMEM, "JSON: no memory for the document");
    s.cursor.end = copy + text.len;
    take_space(&s);
    if ((err = scan_value(&s, (struct text){ 0 })) != OK)
        return err;
    take_space(&s);
    if (s.cursor.at != s.cursor.end)
        return fault(&s, ERR_SYNTAX, "trailing data after the value");
    *ret = s.values;
    return OK;
}

enum err json_scan(struct arena *arena, struct text text, const struct json_value **ret, struct errbuf *e)
{
    return scan(arena, text, false, ret, e);
}

enum err json_scan_foreign(struct arena *arena, struct text text, const struct json_value **ret, struct errbuf *e)
{
    return scan(arena, text, true, ret, e);
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
