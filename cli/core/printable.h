/* printable.h - received text on its way to a terminal. Pure. */
#ifndef SKEP_CLI_PRINTABLE_H
#define SKEP_CLI_PRINTABLE_H

#include "buf.h"

/* Appends `t`, of any length, with everything that could harm a terminal replaced (text_to_printable). */
void printable_add(struct buf *buf, struct text t);

/* The same between the SGR sequences for `style` ("31") and for the end of it. NULL: without. */
void styled_add(struct buf *buf, struct text t, const char *style);

/* Appends a JSON document with such characters written as \uXXXX instead: nothing is lost. The document has no control
 * characters outside its strings, as json_write makes them. */
void printable_add_json(struct buf *buf, struct text json);

/* Columns that printable UTF-8 takes on a terminal: 2 for wide characters, 0 for combining ones. Needs a UTF-8
 * LC_CTYPE; without one every character counts as 1. */
size_t printable_width(const char *text);

#endif
