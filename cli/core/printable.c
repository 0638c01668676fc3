#include "printable.h"

#include <stdlib.h>
#include <wchar.h>

void printable_add(struct buf *buf, struct text t)
{
    char *copy = malloc(t.len + 1);

    if (!copy) {
        buf->failed = true;
        return;
    }
    text_to_printable(t, copy, t.len + 1);
    buf_add_str(buf, copy);
    free(copy);
}

void styled_add(struct buf *buf, struct text t, const char *style)
{
    if (style)
        buf_printf(buf, "\033[%sm", style);
    printable_add(buf, t);
    if (style)
        buf_add_str(buf, "\033[0m");
}

/* Bytes of the character that starts with `lead`, as UTF-8 says; stray bytes count as one. */
static size_t char_len(unsigned char lead)
{
    if (lead < 0xc0)
        return 1;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* The code point of one whole character. */
static uint32_t char_code(const char *at, size_t len)
{
    static const unsigned char lead_bits[] = { 0x7f, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t code = (unsigned char)at[0] & lead_bits[len];

    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((unsigned char)at[i] & 0x3f);
    return code;
}

static bool char_is_harmful(struct text one)
{
    char shown[8];

    text_to_printable(one, shown, sizeof(shown));
    return !text_equal(text_of(shown), one);
}

void printable_add_json(struct buf *buf, struct text json)
{
    size_t done = 0;

    for (size_t i = 0; i < json.len;) {
        size_t len = char_len((unsigned char)json.at[i]);
        struct text one = { json.at + i, len <= json.len - i ? len : json.len - i };
        bool plain = json.at[i] >= ' ' && json.at[i] < 0x7f;
        if (!plain && char_is_harmful(one)) {
            buf_add(buf, json.at + done, i - done);
            buf_printf(buf, "\\u%04x", (unsigned)char_code(one.at, one.len)); /* all harmful ones fit in four digits */
            done = i + one.len;
        }
        i += one.len;
    }
    buf_add(buf, json.at + done, json.len - done);
}

size_t printable_width(const char *text)
{
    size_t width = 0;

    for (size_t left = strlen(text); left > 0;) {
        size_t len = char_len((unsigned char)text[0]);
        if (len > left)
            len = left;
        int columns = wcwidth((wchar_t)char_code(text, len));
        width += columns < 0 ? 1 : (size_t)columns;
        text += len;
        left -= len;
    }
    return width;
}
