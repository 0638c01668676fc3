#include "lines.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

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

/* A pipe or a socket whose other end is closed tells so, whether something is written or not. */
static bool has_reader(void)
{
    struct pollfd output = { .fd = STDOUT_FILENO };
    return poll(&output, 1, 0) < 1 || !(output.revents & (POLLERR | POLLHUP));
}

enum err lines_print(struct lines *lines, struct text line, ms_t now, struct errbuf *e)
{
    if (!has_reader())
        return err_set(e, ERR_IO, "standard output is closed");
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
