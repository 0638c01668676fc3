#include "printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

/* Splits off one character, and says its code point. What is no UTF-8 counts byte by byte. */
static struct text char_split(struct text *rest, wchar_t *ret)
{
    uint32_t code = L'?';
    size_t len = text_character(*rest, &code);
    struct text one = { rest->at, len > 0 ? len : 1 };
    *rest = (struct text){ rest->at + one.len, rest->len - one.len };
    *ret = (wchar_t)code;
    return one;
}

/* What the locale does not know has no width that a terminal and libsmartcols would agree on. */
void printable_add(struct buf *buf, struct text t)
{
    char *copy = malloc(t.len + 1);
    struct text rest;
    if (!copy) {
        buf->failed = true;
        return;
    }
    text_to_printable(t, copy, t.len + 1);
    rest = text_of(copy);
    for (wchar_t code; rest.len > 0;) {
        struct text one = char_split(&rest, &code);
        buf_add_text(buf, wcwidth(code) < 0 ? TEXT("?") : one);
    }
    free(copy);
}

void styled_add(struct buf *buf, struct text t, const char *style)
{
    if (style)
        buf_printf(buf, "\033[%sm", style);
    printable_add(buf, t);
    buf_add_str(buf, style ? "\033[0m" : "");
}

static bool char_is_harmful(struct text one)
{
    char shown[8];
    text_to_printable(one, shown, sizeof shown);
    return !text_equal(text_of(shown), one);
}

static size_t char_width(wchar_t code)
{
    int columns = wcwidth(code);
    return columns < 0 ? 1 : (size_t)columns;
}

size_t printable_width(struct text t)
{
    size_t width = 0;
    for (wchar_t code; t.len > 0; width += char_width(code))
        (void)char_split(&t, &code);
    return width;
}

void printable_add_cut(struct buf *buf, struct text t, size_t width, size_t head)
{
    size_t total = printable_width(t), passed = 0;
    bool marked = false;
    if (total <= width) {
        buf_add_text(buf, t);
        return;
    }
    for (wchar_t code; t.len > 0; passed += char_width(code)) {
        struct text one = char_split(&t, &code);
        if (!marked && passed + char_width(code) > head) {
            buf_add_str(buf, "\xe2\x80\xa6");
            marked = true;
        }
        if (!marked || total - passed <= width - head - 1)
            buf_add_text(buf, one);
    }
}

void printable_add_json(struct buf *buf, struct text json)
{
    while (json.len > 0) {
        wchar_t code;
        struct text one = char_split(&json, &code);
        if ((*one.at < ' ' || *one.at >= 0x7f) && char_is_harmful(one))
            buf_printf(buf, "\\u%04x", (unsigned)code); /* all harmful ones fit in four digits */
        else
            buf_add_text(buf, one);
    }
}

/* A style, ESC [ ... m, takes no columns; 0 bytes: none stands here. */
static size_t style_len(struct text t)
{
    size_t len = 2;
    if (t.len < 3 || t.at[0] != '\033' || t.at[1] != '[')
        return 0;
    while (len < t.len && t.at[len] != 'm')
        len++;
    return len < t.len ? len + 1 : 0;
}

/* How many bytes of the line fit; the cut is behind a blank where there is one. */
static size_t fitting(struct text line, size_t width)
{
    size_t used = 0, blank = 0, len;
    for (size_t at = 0; at < line.len; at += len) {
        struct text rest = { line.at + at, line.len - at };
        wchar_t code;
        if ((len = style_len(rest)) == 0) {
            len = char_split(&rest, &code).len;
            used += char_width(code);
        }
        if (used > width)
            return blank > 0 ? blank : at > 0 ? at : len;
        if (line.at[at] == ' ')
            blank = at + 1;
    }
    return line.len;
}

void printable_fold(struct buf *buf, struct text lines, size_t width, size_t indent)
{
    while (lines.at && lines.len > 0) {
        struct text line = text_split(&lines, '\n');
        size_t len = width > 0 ? fitting(line, width) : line.len;
        buf_add(buf, line.at, len);
        for (size_t done = len; done < line.len; done += len) {
            struct text rest = { line.at + done, line.len - done };
            size_t blanks = indent < width / 2 ? indent : width / 2;
            len = fitting(rest, width - blanks);
            buf_printf(buf, "\n%*s%.*s", (int)blanks, "", (int)len, rest.at);
        }
        buf_add_char(buf, '\n');
    }
}
