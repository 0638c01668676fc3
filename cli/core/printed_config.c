#include "printed_config.h"

/* A line is `NAME = VALUE`, or a comment. */
static bool line_is_of(struct text line, const char *name, struct text *ret_value)
{
    static const char between[] = " = ";
    size_t len = strlen(name), skip = len + sizeof(between) - 1;

    if (line.len < skip || memcmp(line.at, name, len) != 0 || memcmp(line.at + len, between, skip - len) != 0)
        return false;
    *ret_value = (struct text){ line.at + skip, line.len - skip };
    return true;
}

enum err printed_config_get(struct text printed, const char *name, struct arena *arena, const char **ret)
{
    struct text value;

    *ret = NULL;
    while (printed.at) {
        struct text line = text_split(&printed, '\n');
        if (!line_is_of(line, name, &value))
            continue;
        *ret = arena_copy(arena, value);
        return *ret ? OK : ERR_NOMEM;
    }
    return OK;
}
