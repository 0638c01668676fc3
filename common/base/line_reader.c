#include "line_reader.h"

void line_reader_init(struct line_reader *reader, size_t limit)
{
    *reader = (struct line_reader){ .limit = limit };
    reader->line.limit = limit + sizeof "\r";
}

void line_reader_clear(struct line_reader *reader)
{
    buf_clear(&reader->line);
}

static void take_bytes(struct line_reader *reader, struct text bytes)
{
    if (reader->is_too_long)
        return;
    buf_add_text(&reader->line, bytes);
    reader->is_too_long = !buf_ok(&reader->line);
}

static struct line finish_line(struct line_reader *reader)
{
    struct line line = { .text = buf_text(&reader->line), .number = ++reader->number };
    if (line.text.len > 0 && line.text.at[line.text.len - 1] == '\r')
        line.text.len--;
    line.is_too_long = reader->is_too_long || line.text.len > reader->limit;
    if (line.is_too_long)
        line.text = (struct text){ NULL, 0 };
    reader->is_handed_out = true;
    return line;
}

static void start_line(struct line_reader *reader)
{
    if (!reader->is_handed_out)
        return;
    buf_reset(&reader->line);
    reader->is_handed_out = false;
    reader->is_too_long = false;
}

bool line_reader_next(struct line_reader *reader, struct text *rest, struct line *ret)
{
    start_line(reader);
    if (rest->len == 0)
        return false;
    take_bytes(reader, text_split(rest, '\n'));
    if (!rest->at) /* the line goes on in the bytes to come */
        return false;
    *ret = finish_line(reader);
    return true;
}

bool line_reader_end(struct line_reader *reader, struct line *ret)
{
    start_line(reader);
    if (reader->line.len == 0 && !reader->is_too_long)
        return false;
    *ret = finish_line(reader);
    return true;
}
