/* printable.h - received text on its way to a terminal. Pure. */
#ifndef SKEP_CLI_PRINTABLE_H
#define SKEP_CLI_PRINTABLE_H

#include "buf.h"

/* Where it goes. */
struct display {
    size_t width; /* columns; 0: lines of any length, as in a pipe */
    bool colour;
};

/* Appends `t`, of any length, with everything that could harm a terminal replaced (text_to_printable), and characters
 * that LC_CTYPE does not know: a table or a line with them would be wider than it counts. Needs a UTF-8 LC_CTYPE. */
void printable_add(struct buf *buf, struct text t);

/* The same between the SGR sequences for `style` ("31") and for the end of it. NULL: without. */
void styled_add(struct buf *buf, struct text t, const char *style);

/* Columns of printable text without styles. Needs a UTF-8 LC_CTYPE, as do the next two. */
size_t printable_width(struct text t);

/* Appends `t` in at most `width` columns (1 or more). A wider one keeps `head` columns of its front, less than `width`,
 * then has an ellipsis, then its end. */
void printable_add_cut(struct buf *buf, struct text t, size_t width, size_t head);

/* Appends a JSON document with such characters written as \uXXXX instead: nothing is lost. The document has no control
 * characters outside its strings, as json_write makes them. */
void printable_add_json(struct buf *buf, struct text json);

/* Appends whole lines of printable text, which may have styles. What is wider than `width` columns (0: nothing is) goes
 * on in a next line behind `indent` blanks, so that received text, however long, cannot begin a line of its own. Needs
 * a UTF-8 LC_CTYPE; without one every character counts as 1. */
void printable_fold(struct buf *buf, struct text lines, size_t width, size_t indent);

#endif
