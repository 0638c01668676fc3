#include "query.h"

#include "name.h"

static enum err decode(struct arena *arena, struct text text, bool plus_is_space, struct text *ret)
{
    char *to = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    if (!to)
        return ERR_NOMEM;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '+' && plus_is_space)
            c = ' ';
        if (c == '%') {
            int high = i + 2 < text.len ? text_hex_digit(text.at[i + 1]) : -1;
            int low = i + 2 < text.len ? text_hex_digit(text.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return ERR_SYNTAX;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (c == '\0')
            return ERR_SYNTAX;
        to[len++] = c;
    }
    to[len] = '\0';
    if (!text_is_utf8((struct text){ to, len }))
        return ERR_UTF8;
    *ret = (struct text){ to, len };
    return OK;
}

enum err query_decode_segment(struct arena *arena, struct text segment, struct text *ret)
{
    return decode(arena, segment, false, ret);
}

const struct parameter *query_find(const struct query *query, const char *name)
{
    for (size_t i = 0; i < query->count; i++) /* without any there is no array */
        if (text_is(query->parameters[i].name, name))
            return &query->parameters[i];
    return NULL;
}

enum err query_id(const struct query *query, const char *name, bool required, const char **ret, struct errbuf *e)
{
    const struct parameter *given = query_find(query, name);
    enum err err = OK;
    if (!given && required)
        return err_set(e, ERR_MISSING, "%s: is required", name);
    if (given && (!given->value.at || given->is_number))
        return err_set(e, ERR_TYPE, "%s: must be a string", name);
    if (!given || (err = name_check(given->value, name, e)) == OK)
        *ret = given ? given->value.at : NULL;
    return err;
}

enum err parameter_number(const struct parameter *parameter, int64_t low, int64_t high, int64_t *ret, struct errbuf *e)
{
    int64_t value;
    if (text_to_int(parameter->value, &value) != OK || value < low || value > high)
        return err_set(e, ERR_RANGE, "%s: must be a whole number from %lld to %lld", parameter->name.at, (long long)low,
                       (long long)high);
    *ret = value;
    return OK;
}

enum err query_numbers(const struct query *query, const struct query_number *known, size_t count)
{
    enum err err = OK;
    for (size_t i = 0; i < query->count && err == OK; i++) {
        size_t k = 0;
        while (k < count && !text_is(query->parameters[i].name, known[k].name))
            k++;
        err = k < count ? parameter_number(&query->parameters[i], known[k].low, known[k].high, known[k].ret, NULL)
                        : ERR_UNKNOWN;
    }
    return err;
}

static enum err parse_one(struct arena *arena, struct text text, struct query *query, struct errbuf *e)
{
    struct text value = text, name = text_split(&value, '=');
    struct parameter *parameter = &query->parameters[query->count];
    enum err err;
    if (query->count == QUERY_MAX_PARAMETERS)
        return err_set(e, ERR_TOO_LARGE, "more than %d parameters", QUERY_MAX_PARAMETERS);
    if (!value.at)
        value = TEXT("");
    if (name.len == 0)
        return err_set(e, ERR_SYNTAX, "a parameter without a name");
    if ((err = decode(arena, name, true, &parameter->name)) != OK ||
        (err = decode(arena, value, true, &parameter->value)) != OK)
        return err_set(e, err, "a parameter is not properly percent-encoded UTF-8");
    if (query_find(query, parameter->name.at))
        return err_set(e, ERR_DUPLICATE, "a parameter is given twice");
    query->count++;
    return OK;
}

enum err query_parse(struct arena *arena, struct text text, struct query *ret, struct errbuf *e)
{
    struct query query = { .count = 0 };
    enum err err = OK;
    if (text.len > QUERY_MAX_BYTES)
        return err_set(e, ERR_TOO_LARGE, "a query of more than %d bytes", QUERY_MAX_BYTES);
    if (!(query.parameters = arena_alloc(arena, QUERY_MAX_PARAMETERS * sizeof *query.parameters)))
        return err_set(e, ERR_NOMEM, "out of memory");
    while (text.at && text.len > 0 && err == OK) {
        struct text one = text_split(&text, '&');
        if (one.len > 0)
            err = parse_one(arena, one, &query, e);
    }
    if (err == OK)
        *ret = query;
    return err;
}
