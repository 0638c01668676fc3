#include "json_pointer.h"

/* ~1 is a slash and ~0 a tilde. */
static bool key_is(struct text key, struct text token)
{
    size_t at = 0;
    for (size_t i = 0; i < token.len; i++, at++) {
        char c = token.at[i];
        if (c == '~' && i + 1 < token.len)
            c = token.at[++i] == '1' ? '/' : '~';
        if (at >= key.len || key.at[at] != c)
            return false;
    }
    return at == key.len;
}

static const struct json_value *member(const struct json_value *object, struct text token)
{
    JSON_EACH(value, object)
    {
        if (key_is(value->key, token))
            return value;
    }
    return NULL;
}

static const struct json_value *element(const struct json_value *array, struct text token)
{
    int64_t index;
    if (text_to_int(token, &index) != OK || index < 0 || (token.len > 1 && token.at[0] == '0'))
        return NULL;
    JSON_EACH(value, array)
    {
        if (index-- == 0)
            return value;
    }
    return NULL;
}

const struct json_value *json_pointer_find(const struct json_value *document, struct text pointer)
{
    const struct json_value *value = document;
    if (pointer.len == 0)
        return value;
    text_split(&pointer, '/');
    while (value && pointer.at) {
        struct text token = text_split(&pointer, '/');
        value = value->type == JSON_OBJECT  ? member(value, token)
                : value->type == JSON_ARRAY ? element(value, token)
                                            : NULL;
    }
    return value && value->type != JSON_NULL ? value : NULL;
}

enum err json_pointer_check(struct text pointer, struct errbuf *e)
{
    if (pointer.len > 0 && pointer.at[0] != '/')
        return err_set(e, ERR_SYNTAX, "must be a JSON pointer, e.g. /queue/length");
    return OK;
}
