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

void output_note(const char *format, ...)
{
    char line[NOTE_SIZE], shown[NOTE_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    text_to_printable(text_of(line), shown, sizeof(shown));
    fprintf(stderr, "skep: %s\n", shown);
}

bool output_has_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0;
}
