/* output_lines.h - what a command prints, line by line: the last lines of it, and those that wait to be passed on.
 * Pure.
 *
 * Whoever reads slowly slows the command down, but not for longer than OUTPUT_DELAY_MAX_MS: then the oldest lines give
 * way, and are counted, until all that waits has been passed on. */
#ifndef SKEP_OUTPUT_LINES_H
#define SKEP_OUTPUT_LINES_H

#include "line_ring.h"

#define OUTPUT_LINE_MAX 4095 /* with its end a pipe takes it as a whole; longer ones are cut in two */
#define OUTPUT_DELAY_MAX_MS 1000

struct output_lines {
    struct line_ring last, waiting;
    char part[OUTPUT_LINE_MAX]; /* of a line that has not ended */
    size_t part_len;
    ms_t waits_since; /* MS_NEVER: nothing waits */
};

void output_lines_init(struct output_lines *lines);
void output_lines_clear(struct output_lines *lines);

void output_lines_take(struct output_lines *lines, struct text bytes, ms_t now);
void output_lines_end(struct output_lines *lines, ms_t now); /* what is there of a line is one */

/* So much of what waits was passed on: `bytes` of line_ring_head. */
void output_lines_passed(struct output_lines *lines, size_t bytes);

/* 0: more may be read from the command. Else in how many ms, unless all that waits is passed on before. */
ms_t output_lines_pause(const struct output_lines *lines, ms_t now);

#endif
