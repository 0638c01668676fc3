#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

DEFINE_NAMES(err_name, enum err, ERRORS, "unknown")

/* Where to cut `text` at `len` bytes or just before, so that no UTF-8 character is left in halves. Of bytes that are no
 * character (one has three more at most) nothing is lost. */
static size_t border_before(const char *text, size_t len)
{
    size_t border = len;
    while (border > 0 && len - border < 4 && ((unsigned char)text[border] & 0xC0) == 0x80)
        border--;
    return border > 0 && len - border < 4 ? border : len;
}

enum err err_set(struct errbuf *e, enum err err, const char *format, ...)
{
    if (!e)
        return err;
    char sentence[ERRBUF_SIZE + 1]; /* apart from e->text, which may be one of the arguments */
    va_list args;
    va_start(args, format);
    int len = vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (len < 0)
        len = snprintf(sentence, sizeof sentence, "%s", err_name(err));
    size_t keep = (size_t)len < ERRBUF_SIZE ? (size_t)len : border_before(sentence, ERRBUF_SIZE - 1);
    memcpy(e->text, sentence, keep);
    e->text[keep] = '\0';
    return err;
}
