#include "trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void trace_init(struct trace *trace)
{
    *trace = (struct trace){ .text = BUF_INIT };
}

void trace_clear(struct trace *trace)
{
    buf_clear(&trace->text);
}

static size_t hidden_find(const struct trace *trace, const char *actor)
{
    size_t at = 0;
    while (at < trace->hidden_count && strcmp(trace->hidden[at], actor) != 0)
        at++;
    return at;
}

void trace_line(struct trace *trace, ms_t now, const char *actor, const char *name, const char *format, ...)
{
    char *line = NULL;
    va_list args;
    if (hidden_find(trace, actor) < trace->hidden_count)
        return;
    va_start(args, format);
    if (vasprintf(&line, format, args) < 0)
        abort();
    va_end(args);
    buf_printf(&trace->text, "[%6lld] %-6s %-6s %s\n", (long long)now, actor, name, line);
    free(line);
}

void trace_hide(struct trace *trace, const char *actor)
{
    if (hidden_find(trace, actor) == trace->hidden_count && trace->hidden_count < TRACE_HIDDEN_MAX)
        snprintf(trace->hidden[trace->hidden_count++], sizeof trace->hidden[0], "%s", actor);
}

void trace_show(struct trace *trace, const char *actor)
{
    size_t at = hidden_find(trace, actor);
    if (at == trace->hidden_count)
        return;
    trace->hidden_count--;
    memmove(trace->hidden[at], trace->hidden[trace->hidden_count], sizeof trace->hidden[0]);
}
