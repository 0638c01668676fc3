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

/* Whether a backslash quotes what follows: within double quotes only these, within single ones nothing. */
static bool quotes_next(const struct reader *reader, char quote)
{
    if (quote == '"')
        return reader->rest.len > 0 && strchr("\"\\$`", reader->rest.at[0]) && reader->rest.at[0];
    return quote == 0;
}

/* One word, up to a blank or the end. False: a quote is not closed, or a backslash ends the line. */
static bool read_word(struct reader *reader)
{
    char quote = 0; /* that was opened */
    while (reader->rest.len > 0 && (quote || !is_blank(reader->rest.at[0]))) {
        char c = take(reader);
        bool is_quoted = c == '\\' && quotes_next(reader, quote);
        if (is_quoted && reader->rest.len == 0)
            return false;
        if (!is_quoted && (quote ? c == quote : c == '\'' || c == '"'))
            quote = quote ? 0 : c;
        else
            *reader->to++ = is_quoted ? take(reader) : c;
    }
    *reader->to++ = '\0';
    return !quote;
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
