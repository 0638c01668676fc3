#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOTE_SIZE 1024

enum err output_write(struct buf *data, struct errbuf *e)
{
    struct text t = buf_text(data);

    if (!buf_ok(data))
        return err_set(e, ERR_NOMEM, "out of memory");
    bool written = fwrite(t.at, 1, t.len, stdout) == t.len && fflush(stdout) == 0;
    buf_reset(data);
    return written ? OK : err_set(e, ERR_IO, "cannot write the output: %s", strerror(errno));
}

static bool progress_stands;

static void progress_take_away(void)
{
    if (progress_stands)
        fputs("\r\033[K", stderr);
    progress_stands = false;
}

static void PRINTF_LIKE(1, 0) put_line(const char *format, va_list args)
{
    char line[NOTE_SIZE], shown[NOTE_SIZE];

    vsnprintf(line, sizeof(line), format, args);
    text_to_printable(text_of(line), shown, sizeof(shown));
    progress_take_away();
    fprintf(stderr, "skep: %s", shown);
}

void output_note(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put_line(format, args);
    va_end(args);
    fputc('\n', stderr);
}

void output_progress(const char *format, ...)
{
    va_list args;

    if (!isatty(STDERR_FILENO))
        return;
    if (!format) {
        progress_take_away();
        return;
    }
    va_start(args, format);
    put_line(format, args);
    va_end(args);
    progress_stands = true;
}

bool output_has_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0;
}
