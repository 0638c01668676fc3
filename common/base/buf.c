#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_SIZE ((size_t)64)
#define LARGEST_LEN ((size_t)PTRDIFF_MAX / 2)

void buf_clear(struct buf *buf)
{
    free(buf->at);
    *buf = (struct buf){ .limit = buf->limit };
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->at)
        buf->at[0] = '\0';
}

/* Room for `extra` bytes and the terminator, or `failed`. */
static bool buf_grow(struct buf *buf, size_t extra)
{
    size_t most = buf->limit > 0 && buf->limit < LARGEST_LEN ? buf->limit : LARGEST_LEN;
    if (buf->failed || buf->len > most || extra > most - buf->len) {
        buf->failed = true;
        return false;
    }
    size_t need = buf->len + extra + 1;
    if (need <= buf->size)
        return true;
    size_t size = buf->size < FIRST_SIZE ? FIRST_SIZE : 2 * buf->size;
    size = size < need ? need : size;
    char *at = realloc(buf->at, size);
    if (!at) {
        buf->failed = true;
        return false;
    }
    buf->at = at;
    buf->size = size;
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (!buf_grow(buf, len))
        return;
    if (len > 0)
        memcpy(buf->at + buf->len, bytes, len);
    buf->len += len;
    buf->at[buf->len] = '\0';
}

void buf_add_text(struct buf *buf, struct text t)
{
    buf_add(buf, t.at, t.len);
}

void buf_add_str(struct buf *buf, const char *terminated)
{
    buf_add(buf, terminated, strlen(terminated));
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0) {
        buf->failed = true;
    } else if (buf_grow(buf, (size_t)len)) {
        vsnprintf(buf->at + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

const char *buf_str(const struct buf *buf)
{
    return buf->failed || !buf->at ? "" : buf->at;
}
