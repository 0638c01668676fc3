/* lines.h - standard output: one JSON object a line, when it has changed and when the interval is over. */
#ifndef SKEP_PROBE_LINES_H
#define SKEP_PROBE_LINES_H

#include "buf.h"

/* Zero-initialise it, but for the interval and the time between two lines that may come. */
struct lines {
    ms_t interval, every;
    struct buf last;
    ms_t printed_at;
};

void lines_clear(struct lines *lines);

/* ERR_IO: nobody reads it any more, which is also found where nothing is to be printed. ERR_NOMEM. With a sentence. */
enum err lines_print(struct lines *lines, struct text line, ms_t now, struct errbuf *e);

#endif
