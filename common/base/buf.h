/* buf.h - growable bytes for writers.
 *
 * A failed allocation (or the limit) is remembered: later calls do nothing, and the writer looks once, at the end, with
 * buf_ok. `at` is always terminated behind `len`, also when empty, so it can be read as a C string at any time. */
#ifndef SKEP_BUF_H
#define SKEP_BUF_H

#include "text.h"

struct buf {
    char *at; /* owned; read buf_text() instead when it may be empty */
    size_t len;
    size_t size;
    size_t limit; /* 0 = none */
    bool failed;
};

#define BUF_INIT ((struct buf){ 0 })

void buf_clear(struct buf *buf); /* frees; the buffer is as new, its limit kept */
void buf_reset(struct buf *buf); /* empties, keeps the memory */

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_add_text(struct buf *buf, struct text t);
void buf_add_str(struct buf *buf, const char *terminated);
void buf_add_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Never NULL: "" for an empty or failed buffer. Borrowed until the next change. */
const char *buf_str(const struct buf *buf);
static inline struct text buf_text(const struct buf *buf)
{
    return (struct text){ buf_str(buf), buf->failed ? 0 : buf->len };
}

static inline bool buf_ok(const struct buf *buf)
{
    return !buf->failed;
}

#endif
