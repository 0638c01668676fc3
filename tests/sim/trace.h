/* trace.h - what happens in a world, one line each, in a format of its own: `[    12] queen  q1     text`. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "buf.h"

#define TRACE_HIDDEN_MAX 8

struct trace {
    struct buf text;
    char hidden[TRACE_HIDDEN_MAX][16]; /* actors whose lines are left out */
    size_t hidden_count;
};

void trace_init(struct trace *trace);
void trace_clear(struct trace *trace);

/* `actor`: world, broker, queen, hive, worker, device, http; `name`: which of them, or "". */
void trace_line(struct trace *trace, ms_t now, const char *actor, const char *name, const char *format, ...)
    PRINTF_LIKE(5, 6);

/* From now on nothing of that actor is shown; or shown again. */
void trace_hide(struct trace *trace, const char *actor);
void trace_show(struct trace *trace, const char *actor);

#endif
