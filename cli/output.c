#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "service.h"

#define NOTE_SIZE 1024
#define NOTE_INDENT 6 /* behind "skep: " */

enum err output_write(struct buf *data, struct errbuf *e)
{
    struct text t = buf_text(data);
    if (!buf_ok(data))
        return err_set(e, ERR_NOMEM, "out of memory");
    bool written = fwrite(t.at, 1, t.len, stdout) == t.len && fflush(stdout) == 0;
    buf_reset(data);
    return written ? OK : err_set(e, ERR_IO, "cannot write the output: %s", strerror(errno));
}

enum err output_lines(const struct display *display, struct buf *lines, size_t indent, struct errbuf *e)
{
    auto_clear(buf) folded = BUF_INIT;
    printable_fold(&folded, buf_text(lines), display->width, indent);
    folded.failed |= lines->failed;
    buf_reset(lines);
    return output_write(&folded, e);
}

static bool progress_shown;

static void progress_remove(void)
{
    if (progress_shown)
        fputs("\r\033[K", stderr);
    progress_shown = false;
}

/* The line as stderr shows it, with its newlines. */
static void PRINTF_LIKE(2, 0) note_add(struct buf *ret, const char *format, va_list args)
{
    char line[NOTE_SIZE], shown[NOTE_SIZE], whole[NOTE_SIZE + NOTE_INDENT];
    vsnprintf(line, sizeof line, format, args);
    text_to_printable(text_of(line), shown, sizeof shown);
    snprintf(whole, sizeof whole, "skep: %s", shown);
    printable_fold(ret, text_of(whole), service_terminal_width(STDERR_FILENO), NOTE_INDENT);
}

void output_note(const char *format, ...)
{
    auto_clear(buf) note = BUF_INIT;
    va_list args;
    va_start(args, format);
    note_add(&note, format, args);
    va_end(args);
    progress_remove();
    fputs(buf_ok(&note) ? buf_str(&note) : "skep: out of memory\n", stderr);
}

/* What would need a second line is left out, since only one line can be taken away again. */
void output_progress(const char *format, ...)
{
    auto_clear(buf) note = BUF_INIT;
    struct text rest, first;
    va_list args;
    if (!isatty(STDERR_FILENO))
        return;
    progress_remove();
    if (!format)
        return;
    va_start(args, format);
    note_add(&note, format, args);
    va_end(args);
    rest = buf_text(&note);
    first = text_split(&rest, '\n');
    fprintf(stderr, "%.*s", (int)first.len, first.at);
    progress_shown = true;
}

bool output_has_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0;
}
