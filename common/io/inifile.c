#include "inifile.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "read_file.h"

struct parser {
    const char *name;
    int line;
    const char *section;
    inifile_key *fn;
    void *user;
    struct errbuf *e;
};

/* U+FEFF, which some editors put before the first line. */
static const struct text order_mark = { "\xEF\xBB\xBF", 3 };

static enum err fault(const struct parser *parser, enum err err, const char *what)
{
    return err_set(parser->e, err, "%s:%d: %s", parser->name, parser->line, what);
}

/* In place: what is behind it is a separator, blank, or the end of the line or of the file. */
static const char *terminate(struct text t)
{
    ((char *)t.at)[t.len] = '\0';
    return t.at;
}

static enum err section_begin(struct parser *parser, struct text line)
{
    struct text rest = { line.at + 1, line.len - 1 };
    struct text section = text_split(&rest, ']');
    if (!rest.at)
        return fault(parser, ERR_SYNTAX, "section without ]");
    if (rest.len > 0)
        return fault(parser, ERR_SYNTAX, "trailing text after the section's ]: a comment needs a line of its own");
    if (section.len == 0)
        return fault(parser, ERR_SYNTAX, "section without a name");
    if (section.len > INIFILE_SECTION_MAX)
        return err_set(parser->e, ERR_TOO_LARGE, "%s:%d: section name of %zu bytes: at most %d", parser->name,
                       parser->line, section.len, INIFILE_SECTION_MAX);
    parser->section = terminate(section);
    return parser->fn(parser->user, parser->section, NULL, NULL, parser->line, parser->e);
}

/* The first `=` or `:` separates. */
static enum err key_take(const struct parser *parser, struct text line)
{
    size_t at = 0;
    const char *key, *value;
    while (at < line.len && line.at[at] != '=' && line.at[at] != ':')
        at++;
    if (at == line.len)
        return fault(parser, ERR_SYNTAX, "neither [section] nor key = value");
    if (at == 0)
        return fault(parser, ERR_SYNTAX, "value without a key");
    key = terminate(text_trim((struct text){ line.at, at }));
    value = terminate(text_trim((struct text){ line.at + at + 1, line.len - at - 1 }));
    return parser->fn(parser->user, parser->section, key, value, parser->line, parser->e);
}

/* One line without its end. */
static enum err line_take(struct parser *parser, struct text raw)
{
    struct text line;
    parser->line++;
    if (raw.len > 0 && raw.at[raw.len - 1] == '\r')
        raw.len--;
    if (raw.len > INIFILE_LINE_MAX)
        return err_set(parser->e, ERR_TOO_LARGE, "%s:%d: line of %zu bytes: at most %d", parser->name, parser->line,
                       raw.len, INIFILE_LINE_MAX);
    line = text_trim(raw);
    if (!text_is_utf8(line))
        return fault(parser, ERR_UTF8, "not UTF-8");
    if (text_skip(&line, order_mark))
        return fault(parser, ERR_SYNTAX, "byte order mark");
    if (text_has_control(line))
        return fault(parser, ERR_SYNTAX, "control character");
    if (line.len == 0 || line.at[0] == ';' || line.at[0] == '#')
        return OK;
    return line.at[0] == '[' ? section_begin(parser, line) : key_take(parser, line);
}

enum err inifile_parse_text(struct text text, const char *name, inifile_key *fn, void *user, struct errbuf *e)
{
    struct parser parser = { .name = name, .section = "", .fn = fn, .user = user, .e = e };
    char *copy = malloc(text.len + 1);
    enum err err = OK;
    if (!copy)
        return err_set(e, ERR_NOMEM, "%s: out of memory", name);
    if (text.len > 0)
        memcpy(copy, text.at, text.len);
    text.at = copy;
    (void)text_skip(&text, order_mark);
    while (err == OK && text.at)
        err = line_take(&parser, text_split(&text, '\n'));
    free(copy);
    return err;
}

enum err inifile_parse_file(const char *path, inifile_key *fn, void *user, struct errbuf *e)
{
    char *text = NULL;
    ssize_t len;
    int fd;
    enum err err = read_file_open(path, &fd, e);
    if (err != OK)
        return err;
    if (!(text = malloc(INIFILE_MAX + 1)))
        err = err_set(e, ERR_NOMEM, "%s: out of memory", path);
    else if ((len = read_up_to(fd, text, INIFILE_MAX + 1)) < 0)
        err = err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    else if (len > INIFILE_MAX)
        err = err_set(e, ERR_TOO_LARGE, "%s: larger than %d MiB", path, INIFILE_MAX / 1048576);
    else
        err = inifile_parse_text((struct text){ text, (size_t)len }, path, fn, user, e);
    free(text);
    close(fd);
    return err;
}
