#include "device_filter.h"

#define NAME_LEVEL "%n"

static unsigned levels_of(struct text t)
{
    unsigned count = 1;
    for (size_t i = 0; i < t.len; i++)
        count += t.at[i] == '/';
    return count;
}

static enum err level_check(struct text level, bool allow_wildcard, struct errbuf *e)
{
    if (text_is(level, "+") && !allow_wildcard)
        return err_set(e, ERR_SYNTAX, "+ is for beat only: two devices would have the same name");
    if (text_is(level, "+") || text_is(level, NAME_LEVEL))
        return OK;
    for (size_t i = 0; i < level.len; i++)
        if (level.at[i] == '#')
            return err_set(e, ERR_SYNTAX, "# is not allowed: use + or %%n for each level");
        else if (level.at[i] == '+' || level.at[i] == '%')
            return err_set(e, ERR_SYNTAX, "%c must be a whole level: + or %%n", level.at[i]);
    return OK;
}

enum err device_filter_parse(struct text text, bool allow_wildcard, struct device_filter *ret, struct errbuf *e)
{
    struct device_filter filter = { .text = text, .prefix = text.len, .levels = levels_of(text) };
    struct text rest = text;
    enum err err;
    if (text.len == 0 || text.len > DEVICE_FILTER_MAX)
        return err_set(e, ERR_TOO_LARGE, "must have 1 to %d bytes", DEVICE_FILTER_MAX);
    if (!text_is_utf8(text) || text_has_control(text) || text.at[0] == '$')
        return err_set(e, ERR_SYNTAX, "must be UTF-8 without control characters and not begin with $");
    while (rest.at) {
        struct text level = text_split(&rest, '/');
        if ((err = level_check(level, allow_wildcard, e)) != OK)
            return err;
        if (text_is(level, NAME_LEVEL) && filter.has_name)
            return err_set(e, ERR_SYNTAX, "%%n is given twice");
        filter.has_name |= text_is(level, NAME_LEVEL);
        if (filter.prefix == text.len && (text_is(level, "+") || text_is(level, NAME_LEVEL)))
            filter.prefix = (size_t)(level.at - text.at);
    }
    *ret = filter;
    return OK;
}

void device_filter_write(const struct device_filter *filter, unsigned name_levels, char ret[DEVICE_FILTER_SIZE])
{
    struct text rest = filter->text;
    char *at = ret;
    while (rest.at) {
        struct text level = text_split(&rest, '/');
        if (text_is(level, NAME_LEVEL)) {
            for (unsigned i = 0; i < name_levels; i++, at += 2)
                memcpy(at, "+/", 2);
            continue;
        }
        memcpy(at, level.at, level.len);
        at += level.len;
        *at++ = '/';
    }
    at[-1] = '\0';
}

bool device_filter_is_below(const char *filter, const char *root)
{
    struct text rest = text_of(filter), tree = text_of(root);
    while (tree.at && rest.at) {
        struct text want = text_split(&tree, '/'), level = text_split(&rest, '/');
        bool is_last = tree.at == NULL;
        if (text_is(level, "+") || text_equal(level, want))
            continue;
        if (!is_last || !text_skip(&level, want) || !text_is(level, "-rpc"))
            return false;
    }
    return !tree.at && rest.at;
}

/* The first levels, with what separates them. */
static struct text take_levels(struct text *topic, unsigned count)
{
    struct text taken = { topic->at, 0 };
    while (count-- > 0) {
        struct text level = text_split(topic, '/');
        taken.len = (size_t)(level.at + level.len - taken.at);
    }
    return taken;
}

bool device_filter_match(const struct device_filter *filter, unsigned name_levels, struct text topic, struct text *ret)
{
    struct text rest = filter->text, name = { 0 };
    unsigned has, more;
    if (topic.len < filter->prefix || memcmp(topic.at, rest.at, filter->prefix) != 0) /* most end here */
        return false;
    has = levels_of(topic);
    more = has - filter->levels;
    if (has < filter->levels || more > (filter->has_name ? name_levels - 1 : 0))
        return false;
    while (rest.at) {
        struct text want = text_split(&rest, '/');
        if (text_is(want, NAME_LEVEL)) {
            name = take_levels(&topic, 1 + more);
        } else {
            struct text level = text_split(&topic, '/');
            if (!text_is(want, "+") && !text_equal(want, level))
                return false;
        }
    }
    *ret = name;
    return true;
}
