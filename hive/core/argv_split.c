#include "argv_split.h"

struct reader {
    struct text rest;
    char *to; /* where the next byte of the word goes */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static char take(struct reader *reader)
{
    reader->rest.len--;
    return *reader->rest.at++;
}

/* Within double quotes a backslash is literal unless it quotes one of these. */
static bool is_quotable(char c)
{
    return c == '"' || c == '\\' || c == '$' || c == '`';
}

static bool read_single(struct reader *reader)
{
    while (reader->rest.len > 0) {
        char c = take(reader);
        if (c == '\'')
            return true;
        *reader->to++ = c;
    }
    return false;
}

static bool read_double(struct reader *reader)
{
    while (reader->rest.len > 0) {
        char c = take(reader);
        if (c == '"')
            return true;
        if (c == '\\' && reader->rest.len > 0 && is_quotable(reader->rest.at[0]))
            c = take(reader);
        *reader->to++ = c;
    }
    return false;
}

/* One word, up to a blank or the end. */
static bool read_word(struct reader *reader)
{
    while (reader->rest.len > 0 && !is_blank(reader->rest.at[0])) {
        char c = take(reader);
        if (c == '\'') {
            if (!read_single(reader))
                return false;
        } else if (c == '"') {
            if (!read_double(reader))
                return false;
        } else if (c == '\\') {
            if (reader->rest.len == 0)
                return false;
            *reader->to++ = take(reader);
        } else {
            *reader->to++ = c;
        }
    }
    *reader->to++ = '\0';
    return true;
}

enum err argv_split(struct arena *arena, struct text line, char ***ret, size_t *ret_count, struct errbuf *e)
{
    char **words = arena_alloc(arena, (line.len / 2 + 2) * sizeof *words);
    struct reader reader = { line, arena_alloc(arena, line.len + 1) };
    size_t count = 0;
    if (!words || !reader.to)
        return err_set(e, ERR_NOMEM, "out of memory");
    for (;;) {
        while (reader.rest.len > 0 && is_blank(reader.rest.at[0]))
            (void)take(&reader);
        if (reader.rest.len == 0)
            break;
        words[count++] = reader.to;
        if (!read_word(&reader))
            return err_set(e, ERR_SYNTAX, "a quote is not closed, or a \\ ends the line");
    }
    words[count] = NULL;
    *ret = words;
    *ret_count = count;
    return OK;
}
