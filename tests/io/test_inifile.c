#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "inifile.h"

#define TRACE_SIZE 512

struct trace {
    char text[TRACE_SIZE];
    size_t len;
    const char *refuse; /* the key that the callee refuses */
};

static enum err trace_key(void *user, const char *section, const char *key, const char *value, int line,
                          struct errbuf *e)
{
    struct trace *trace = user;
    int len;
    if (key && trace->refuse && strcmp(key, trace->refuse) == 0)
        return err_set(e, ERR_UNKNOWN, "line %d: %s is refused", line, key);
    len = key ? snprintf(trace->text + trace->len, TRACE_SIZE - trace->len, "%d %s/%s=%s|", line, section, key, value)
              : snprintf(trace->text + trace->len, TRACE_SIZE - trace->len, "%d [%s]|", line, section);
    assert_in_range(len, 1, TRACE_SIZE - trace->len - 1);
    trace->len += (size_t)len;
    return OK;
}

static char longest_section[INIFILE_SECTION_MAX + 3]; /* with its brackets */
static char longest_line[INIFILE_LINE_MAX + 1];       /* a=xxx... */
static char long_section[INIFILE_SECTION_MAX + 4];    /* one byte more */
static char long_line[INIFILE_LINE_MAX + 2], long_comment[INIFILE_LINE_MAX + 2], blanks[INIFILE_LINE_MAX + 2];

/* `head`, then `fill` up to `len` bytes, the last of them `last`. */
static void line_make(char *ret, const char *head, char fill, char last, size_t len)
{
    memset(ret, fill, len);
    memcpy(ret, head, strlen(head));
    ret[len - 1] = last;
    ret[len] = '\0';
}

static int lines_make(void **state)
{
    (void)state;
    line_make(longest_section, "[", 's', ']', INIFILE_SECTION_MAX + 2);
    line_make(long_section, "[", 's', ']', INIFILE_SECTION_MAX + 3);
    line_make(longest_line, "a=", 'x', 'x', INIFILE_LINE_MAX);
    line_make(long_line, "a=", 'x', 'x', INIFILE_LINE_MAX + 1);
    line_make(long_comment, "#", 'x', 'x', INIFILE_LINE_MAX + 1);
    line_make(blanks, "a=x", ' ', ' ', INIFILE_LINE_MAX + 1);
    return 0;
}

static void accepted(void **state)
{
    static const struct {
        const char *why, *text, *want;
    } rows[] = {
        { "nothing", "", "" },
        { "comments and empty lines", "# a\n; b\n\n   \n\t# c", "" },
        { "a key before any section", "id=q", "1 /id=q|" },
        { "blanks around = go", "[queen]\nid =  q 1 \n", "1 [queen]|2 queen/id=q 1|" },
        { "a section without keys is announced", "[a]\n[b]\n", "1 [a]|2 [b]|" },
        { "a repeated section is announced again", "[a]\nx=1\n[a]\nx=2", "1 [a]|2 a/x=1|3 [a]|4 a/x=2|" },
        { "a colon separates too", "id: q", "1 /id=q|" },
        { "only the first separator counts", "environment=A=B:C", "1 /environment=A=B:C|" },
        { "an empty value", "id=\n", "1 /id=|" },
        { "a quoted section name", "[worker \"gpu 0\"]\ncommand=x",
          "1 [worker \"gpu 0\"]|2 worker \"gpu 0\"/command=x|" },
        { "indentation means nothing", "  [queen]\n\tid=q\n    root=r", "1 [queen]|2 queen/id=q|3 queen/root=r|" },
        { "lines of DOS", "[queen]\r\nid=q\r\n", "1 [queen]|2 queen/id=q|" },
        { "a byte order mark", "\xEF\xBB\xBF[queen]\nid=q", "1 [queen]|2 queen/id=q|" },
        { "; without a blank belongs to the value", "a=x;y", "1 /a=x;y|" },
        { "; may begin a value", "a=;y", "1 /a=;y|" },
        { "# belongs to a value", "a=x # y", "1 /a=x # y|" },
        { "; belongs to a value, whatever stands before it", "a=x ;y\nb=x\t; y\nc= ;y",
          "1 /a=x ;y|2 /b=x\t; y|3 /c=;y|" },
        { "UTF-8", "a=Bl\xC3\xBCte", "1 /a=Bl\xC3\xBCte|" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct trace trace = { 0 };
        struct errbuf e = { 0 };
        enum err err = inifile_parse_text(text_of(rows[i].text), "queen.ini", trace_key, &trace, &e);
        if (err != OK || strcmp(trace.text, rows[i].want) != 0)
            fail_msg("%s: %s: %s %s", rows[i].why, trace.text, err_name(err), e.text);
    }
}

static void refused(void **state)
{
    const struct {
        const char *why;
        struct text text;
        enum err err;
        const char *sentence;
    } rows[] = {
        { "a line that is too long", text_of(long_line), ERR_TOO_LARGE,
          "queen.ini:1: line of 65537 bytes: at most 65536" },
        { "a long comment too", text_of(long_comment), ERR_TOO_LARGE,
          "queen.ini:1: line of 65537 bytes: at most 65536" },
        { "blanks count", text_of(blanks), ERR_TOO_LARGE, "queen.ini:1: line of 65537 bytes: at most 65536" },
        { "a section name that is too long", text_of(long_section), ERR_TOO_LARGE,
          "queen.ini:1: section name of 256 bytes: at most 255" },
        { "a comment after a section", TEXT("[a] ;y"), ERR_SYNTAX,
          "queen.ini:1: trailing text after the section's ]: a comment needs a line of its own" },
        { "a key after a section", TEXT("[queen] id=q"), ERR_SYNTAX,
          "queen.ini:1: trailing text after the section's ]: a comment needs a line of its own" },
        { "nothing closes it", TEXT("[queen\nid=q"), ERR_SYNTAX, "queen.ini:1: section without ]" },
        { "no name", TEXT("[]"), ERR_SYNTAX, "queen.ini:1: section without a name" },
        { "NUL in a value", TEXT("[queen]\na=x\0y"), ERR_SYNTAX, "queen.ini:2: control character" },
        { "NUL in a comment", TEXT("#\0"), ERR_SYNTAX, "queen.ini:1: control character" },
        { "ESC", TEXT("a=\x1b[2J"), ERR_SYNTAX, "queen.ini:1: control character" },
        { "DEL", TEXT("a=x\x7f"), ERR_SYNTAX, "queen.ini:1: control character" },
        { "not UTF-8", TEXT("a=\xff"), ERR_UTF8, "queen.ini:1: not UTF-8" },
        { "a second byte order mark", TEXT("\xEF\xBB\xBF \xEF\xBB\xBF=q"), ERR_SYNTAX, "queen.ini:1: byte order mark" },
        { "no key", TEXT(" = q"), ERR_SYNTAX, "queen.ini:1: value without a key" },
        { "no key before a colon", TEXT(":q"), ERR_SYNTAX, "queen.ini:1: value without a key" },
        { "no value, no =", TEXT("[queen]\n\nid"), ERR_SYNTAX, "queen.ini:3: neither [section] nor key = value" },
        { "a continued line is none", TEXT("a=x\n  more"), ERR_SYNTAX,
          "queen.ini:2: neither [section] nor key = value" },
        { "the callee's error is handed on", TEXT("a=1\n\nbad=2\n["), ERR_UNKNOWN, "line 3: bad is refused" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct trace trace = { .refuse = "bad" };
        struct errbuf e = { 0 };
        enum err err = inifile_parse_text(rows[i].text, "queen.ini", trace_key, &trace, &e);
        if (err != rows[i].err || strcmp(e.text, rows[i].sentence) != 0)
            fail_msg("%s: %s: %s", rows[i].why, err_name(err), e.text);
    }
}

/* Longer than the trace: a line of 64 KiB and a section of 255 bytes come whole. */
static enum err longest_take(void *user, const char *section, const char *key, const char *value, int line,
                             struct errbuf *e)
{
    (void)line;
    (void)e;
    *(size_t *)user += key ? strlen(key) + strlen(value) : strlen(section);
    return OK;
}

static void longest(void **state)
{
    size_t section = 0, line = 0;
    (void)state;
    assert_int_equal(inifile_parse_text(text_of(longest_section), "x", longest_take, &section, NULL), OK);
    assert_int_equal(section, INIFILE_SECTION_MAX);
    assert_int_equal(inifile_parse_text(text_of(longest_line), "x", longest_take, &line, NULL), OK);
    assert_int_equal(line, INIFILE_LINE_MAX - 1); /* without the = */
}

static void reads_up_to_the_error(void **state)
{
    struct trace trace = { 0 };
    (void)state;
    assert_int_equal(inifile_parse_text(TEXT("a=1\nb=2\n[\nc=3"), "x", trace_key, &trace, NULL), ERR_SYNTAX);
    assert_string_equal(trace.text, "1 /a=1|2 /b=2|");
}

static void file_write(const char *path, const char *text, size_t times)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    for (size_t i = 0; i < times; i++)
        assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void files(void **state)
{
    char folder[] = "/tmp/test_inifile.XXXXXX", path[64], want[128];
    struct trace trace = { 0 };
    struct errbuf e = { 0 };
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/queen.ini", folder);

    assert_int_equal(inifile_parse_file(path, trace_key, &trace, &e), ERR_NOT_FOUND);
    snprintf(want, sizeof want, "%s: No such file or directory", path);
    assert_string_equal(e.text, want);
    assert_int_equal(inifile_parse_file(folder, trace_key, &trace, &e), ERR_IO);

    file_write(path, "[queen]\nid=q\n", 1);
    assert_int_equal(inifile_parse_file(path, trace_key, &trace, &e), OK);
    assert_string_equal(trace.text, "1 [queen]|2 queen/id=q|");

    file_write(path, "[queen]\nid\n", 1);
    assert_int_equal(inifile_parse_file(path, trace_key, &trace, &e), ERR_SYNTAX);
    snprintf(want, sizeof want, "%s:2: neither [section] nor key = value", path);
    assert_string_equal(e.text, want);

    file_write(path, "#######\n", INIFILE_MAX / 8);
    assert_int_equal(inifile_parse_file(path, trace_key, &trace, &e), OK);
    file_write(path, "#######\n", INIFILE_MAX / 8 + 1);
    assert_int_equal(inifile_parse_file(path, trace_key, &trace, &e), ERR_TOO_LARGE);

    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted), cmocka_unit_test(refused),
        cmocka_unit_test(longest),  cmocka_unit_test(reads_up_to_the_error),
        cmocka_unit_test(files),
    };
    umask(022); /* no file is trusted that others may write */
    return cmocka_run_group_tests(tests, lines_make, NULL);
}
