#include "prometheus.h"

#include "json_token.h"

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

static struct text take(struct text *rest, size_t len)
{
    struct text head = { rest->at, len };
    *rest = (struct text){ rest->at + len, rest->len - len };
    return head;
}

static struct text take_name(struct text *rest)
{
    size_t len = 0;
    while (len < rest->len && is_name_byte(rest->at[len]))
        len++;
    return take(rest, len);
}

static void take_blanks(struct text *rest)
{
    while (rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t'))
        take(rest, 1);
}

static bool take_byte(struct text *rest, char c)
{
    if (rest->len == 0 || rest->at[0] != c)
        return false;
    take(rest, 1);
    return true;
}

/* What stands between quotes, escapes and all. */
static bool take_quoted(struct text *rest, struct text *ret)
{
    size_t len = 0;
    if (!take_byte(rest, '"'))
        return false;
    while (len < rest->len && rest->at[len] != '"')
        len += rest->at[len] == '\\' ? 2 : 1;
    if (len >= rest->len)
        return false;
    *ret = take(rest, len);
    return take_byte(rest, '"');
}

struct label {
    struct text name, value;
};

/* With the comma behind it. False, and nothing is taken, at the end of the list and where it cannot be read. */
static bool take_label(struct text *rest, struct label *ret)
{
    struct text at = *rest;
    take_blanks(&at);
    ret->name = take_name(&at);
    take_blanks(&at);
    if (ret->name.len == 0 || !take_byte(&at, '='))
        return false;
    take_blanks(&at);
    if (!take_quoted(&at, &ret->value))
        return false;
    take_blanks(&at);
    if (!take_byte(&at, ',') && at.len > 0 && at.at[0] != '}')
        return false;
    *rest = at;
    return true;
}

/* The list with its braces, if there is one. False where it does not end. */
static bool take_labels(struct text *rest, struct text *ret)
{
    struct text labels = *rest;
    struct label label;
    if (!take_byte(rest, '{')) {
        *ret = (struct text){ rest->at, 0 };
        return true;
    }
    while (take_label(rest, &label))
        ;
    take_blanks(rest);
    *ret = (struct text){ labels.at + 1, (size_t)(rest->at - labels.at) - 1 };
    return take_byte(rest, '}');
}

/* A token of JSON's grammar, which is what engines write; not NaN, not Inf. */
static bool take_value(struct text *rest, double *ret)
{
    unsigned char bytes[JSON_NUMBER_MAX + 2] = { 0 };
    struct json_cursor cursor = { .start = bytes, .at = bytes };
    size_t len = 0;
    while (len < rest->len && rest->at[len] != ' ' && rest->at[len] != '\t')
        len++;
    if (len == 0 || len > JSON_NUMBER_MAX)
        return false;
    memcpy(bytes, rest->at, len);
    cursor.end = bytes + len;
    return json_read_number(&cursor, ret) == OK && cursor.at == cursor.end;
}

static bool read_line(struct text line, struct prometheus_sample *ret)
{
    take_blanks(&line);
    ret->name = take_name(&line);
    take_blanks(&line);
    if (ret->name.len == 0 || !take_labels(&line, &ret->labels))
        return false;
    take_blanks(&line);
    return take_value(&line, &ret->value);
}

bool prometheus_next(struct text *rest, struct prometheus_sample *ret)
{
    while (rest->at && rest->len > 0) {
        struct text line = text_split(rest, '\n');
        if (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        if (read_line(line, ret))
            return true;
    }
    return false;
}

static bool names_match(struct text name, struct text wanted)
{
    if (name.len != wanted.len)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] != wanted.at[i] && (wanted.at[i] != ':' || name.at[i] != '_'))
            return false;
    return true;
}

static bool has_label(struct text labels, const struct label *wanted)
{
    struct label label;
    while (take_label(&labels, &label))
        if (text_equal(label.name, wanted->name))
            return text_equal(label.value, wanted->value);
    return false;
}

bool prometheus_matches(const struct prometheus_sample *sample, struct text selector)
{
    struct label wanted;
    if (!names_match(sample->name, take_name(&selector)))
        return false;
    take_byte(&selector, '{');
    while (take_label(&selector, &wanted))
        if (!has_label(sample->labels, &wanted))
            return false;
    return true;
}

enum err prometheus_selector_check(struct text selector, struct errbuf *e)
{
    struct text labels;
    if (take_name(&selector).len == 0 || !take_labels(&selector, &labels) || selector.len > 0)
        return err_set(e, ERR_SYNTAX, "must be the name of a metric, or NAME{LABEL=\"VALUE\"}");
    return OK;
}
