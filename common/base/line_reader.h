/* line_reader.h - cuts a stream of bytes into lines of bounded length. Pure. */
#ifndef SKEP_LINE_READER_H
#define SKEP_LINE_READER_H

#include "buf.h"

struct line_reader {
    struct buf line;    /* what has come of the line being read */
    size_t limit;       /* bytes of a line, without its end */
    uint64_t number;    /* of the line handed out last, from 1 */
    bool is_too_long;   /* the rest of this line is skipped */
    bool is_handed_out; /* `line` is borrowed until the next call */
};

struct line {
    struct text text; /* without its end (\n or \r\n); borrowed until the next call */
    uint64_t number;  /* from 1 */
    bool is_too_long; /* it was skipped; text is absent */
};

void line_reader_init(struct line_reader *reader, size_t limit);
void line_reader_clear(struct line_reader *reader);

/* Takes bytes from *rest and returns true with a line, or false when *rest is used up. A line that memory did not
 * suffice for counts as too long. */
bool line_reader_next(struct line_reader *reader, struct text *rest, struct line *ret);

/* The end of input: a last line without its end, if there is one. */
bool line_reader_end(struct line_reader *reader, struct line *ret);

#endif
