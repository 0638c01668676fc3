/* output.h - data to stdout, everything else to stderr. */
#ifndef SKEP_CLI_OUTPUT_H
#define SKEP_CLI_OUTPUT_H

#include "printable.h"

/* Writes the buffer to stdout at once and empties it. ERR_NOMEM if it had failed; ERR_IO when stdout takes no more. */
enum err output_write(struct buf *data, struct errbuf *e);

/* The same for printable lines that people read, folded to the display's width (printable_fold). */
enum err output_lines(const struct display *display, struct buf *lines, size_t indent, struct errbuf *e);
#define LINE_INDENT 4 /* of what a line of its own goes on with */

/* One line on stderr, behind "skep: ", made printable and folded. */
void output_note(const char *format, ...) PRINTF_LIKE(1, 2);

/* The same, but in place of the one before it, and gone when anything else is noted: for how far a wait has come. Only
 * on a terminal. NULL takes it away. */
void output_progress(const char *format, ...) PRINTF_LIKE(1, 2);

/* May stdout be coloured? A terminal, no NO_COLOR, TERM not dumb. */
bool output_has_colour(void);

#endif
