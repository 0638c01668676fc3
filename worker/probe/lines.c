#include "lines.h"

#include <errno.h>
#include <stdio.h>

void lines_clear(struct lines *lines)
{
    buf_clear(&lines->last);
}

/* Also when it would be too late at the next look. */
static bool is_due(const struct lines *lines, struct text line, ms_t now)
{
    return lines->last.len == 0 || !text_equal(buf_text(&lines->last), line) ||
           now + lines->every - lines->printed_at >= lines->interval;
}

enum err lines_print(struct lines *lines, struct text line, ms_t now, struct errbuf *e)
{
    if (!is_due(lines, line, now))
        return OK;
    buf_reset(&lines->last);
    buf_add_text(&lines->last, line);
    if (!buf_ok(&lines->last))
        return err_set(e, ERR_NOMEM, "out of memory");
    lines->printed_at = now;
    if (fwrite(line.at, 1, line.len, stdout) != line.len || fputc('\n', stdout) == EOF || fflush(stdout) != 0)
        return err_set(e, ERR_IO, "cannot write to standard output: %s", strerror(errno));
    return OK;
}
