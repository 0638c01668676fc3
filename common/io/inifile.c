#include "inifile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <ini.h>

struct reading {
    struct text rest; /* lines not yet handed to libinih; NULL at the end */
    const char *name;
    int line;
    char section[INIFILE_SECTION_MAX + 1];
    inifile_key *fn;
    void *user;
    struct errbuf *e;
    enum err err;
};

/* U+FEFF, which some editors put before the first line. */
static bool has_order_mark(struct text t)
{
    return t.len >= 3 && memcmp(t.at, "\xEF\xBB\xBF", 3) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Without indentation: for libinih an indented line continues the value above it. */
static struct text line_trim(struct text line)
{
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    while (line.len > 0 && is_blank(line.at[line.len - 1]))
        line.len--;
    while (line.len > 0 && is_blank(line.at[0])) {
        line.at++;
        line.len--;
    }
    return line;
}

static bool has_control_character(struct text line)
{
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.at[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

/* libinih drops a `;` that follows a blank, and all behind it. */
static bool has_inline_comment(struct text line)
{
    for (size_t i = 1; i < line.len; i++) {
        if (line.at[i] == ';' && is_blank(line.at[i - 1]))
            return true;
    }
    return false;
}

static enum err section_begin(struct reading *reading, struct text line)
{
    struct text rest = { line.at + 1, line.len - 1 };
    struct text section = text_split(&rest, ']');

    if (!rest.at)
        return err_set(reading->e, ERR_SYNTAX, "%s:%d: section without ]", reading->name, reading->line);
    if (rest.len > 0)
        return err_set(reading->e, ERR_SYNTAX, "%s:%d: text behind a section's ]", reading->name, reading->line);
    if (section.len == 0)
        return err_set(reading->e, ERR_SYNTAX, "%s:%d: section without a name", reading->name, reading->line);
    if (section.len > INIFILE_SECTION_MAX)
        return err_set(reading->e, ERR_TOO_LARGE, "%s:%d: section name of %zu bytes: at most %d", reading->name,
                       reading->line, section.len, INIFILE_SECTION_MAX);
    memcpy(reading->section, section.at, section.len);
    reading->section[section.len] = '\0';
    return reading->fn(reading->user, reading->section, NULL, NULL, reading->line, reading->e);
}

static enum err key_check(const struct reading *reading, struct text line)
{
    if (line.at[0] == '=' || line.at[0] == ':')
        return err_set(reading->e, ERR_SYNTAX, "%s:%d: value without a key", reading->name, reading->line);
    if (!memchr(line.at, '=', line.len) && !memchr(line.at, ':', line.len))
        return err_set(reading->e, ERR_SYNTAX, "%s:%d: neither [section] nor key = value", reading->name,
                       reading->line);
    return OK;
}

/* Refuses what libinih would change in silence; announces sections, which libinih does not. */
static enum err line_check(struct reading *reading, struct text line, size_t raw_len)
{
    if (raw_len > INIFILE_LINE_MAX)
        return err_set(reading->e, ERR_TOO_LARGE, "%s:%d: line of %zu bytes: at most %d", reading->name, reading->line,
                       raw_len, INIFILE_LINE_MAX);
    if (!text_is_utf8(line))
        return err_set(reading->e, ERR_UTF8, "%s:%d: not UTF-8", reading->name, reading->line);
    if (has_order_mark(
            line)) /* a second one: libinih skips it too, and what is checked here would not be what it reads */
        return err_set(reading->e, ERR_SYNTAX, "%s:%d: byte order mark", reading->name, reading->line);
    if (has_control_character(line))
        return err_set(reading->e, ERR_SYNTAX, "%s:%d: control character", reading->name, reading->line);
    if (line.len == 0 || line.at[0] == ';' || line.at[0] == '#')
        return OK;
    if (has_inline_comment(line))
        return err_set(reading->e, ERR_SYNTAX, "%s:%d: ` ;` would cut the line: a comment needs a line of its own",
                       reading->name, reading->line);
    return line.at[0] == '[' ? section_begin(reading, line) : key_check(reading, line);
}

/* libinih's fgets: one line without its end. */
static char *line_next(char *ret, int size, void *user)
{
    struct reading *reading = user;
    struct text raw, line;

    if (reading->err || !reading->rest.at)
        return NULL;
    raw = text_split(&reading->rest, '\n');
    line = line_trim(raw);
    reading->line++;
    reading->err = line_check(reading, line, raw.len);
    if (reading->err || line.len >= (size_t)size)
        return NULL;
    memcpy(ret, line.at, line.len);
    ret[line.len] = '\0';
    return ret;
}

static int key_found(void *user, const char *section, const char *key, const char *value)
{
    struct reading *reading = user;

    (void)section; /* the same, from line_check */
    reading->err = reading->fn(reading->user, reading->section, key, value, reading->line, reading->e);
    return reading->err == OK;
}

enum err inifile_parse_text(struct text text, const char *name, inifile_key *fn, void *user, struct errbuf *e)
{
    struct reading reading = { .rest = text, .name = name, .fn = fn, .user = user, .e = e };
    int fault;

    if (has_order_mark(text))
        reading.rest = (struct text){ text.at + 3, text.len - 3 };
    fault = ini_parse_stream(line_next, &reading, key_found, &reading);
    if (!reading.err && (fault || reading.rest.at))
        return err_set(e, ERR_SYNTAX, "%s:%d: not understood", name, reading.line);
    return reading.err;
}

/* Fills `ret` up to `size` bytes; what was read, or -1. */
static ssize_t read_all(int fd, char *ret, size_t size)
{
    size_t len = 0;

    while (len < size) {
        ssize_t got = read(fd, ret + len, size - len);

        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return -1;
        if (got > 0)
            len += (size_t)got;
    }
    return (ssize_t)len;
}

static enum err descriptor_parse(int fd, const char *path, inifile_key *fn, void *user, struct errbuf *e)
{
    char *text = malloc(INIFILE_MAX + 1);
    ssize_t len;
    enum err err;

    if (!text)
        return err_set(e, ERR_NOMEM, "%s: out of memory", path);
    len = read_all(fd, text, INIFILE_MAX + 1);
    if (len < 0)
        err = err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    else if (len > INIFILE_MAX)
        err = err_set(e, ERR_TOO_LARGE, "%s: larger than %d bytes", path, INIFILE_MAX);
    else
        err = inifile_parse_text((struct text){ text, (size_t)len }, path, fn, user, e);
    free(text);
    return err;
}

enum err inifile_parse_file(const char *path, inifile_key *fn, void *user, struct errbuf *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err err;

    if (fd < 0)
        return err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path, strerror(errno));
    err = descriptor_parse(fd, path, fn, user, e);
    close(fd);
    return err;
}
