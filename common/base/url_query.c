#include "url_query.h"

void url_add_encoded(struct buf *url, const char *text, const char *kept)
{
    for (; *text; text++)
        if (text_consists_of((struct text){ text, 1 }, kept))
            buf_add_char(url, *text);
        else
            buf_printf(url, "%%%02X", (unsigned char)*text);
}

void url_query_add(struct buf *url, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(url, "%c%s=", strchr(buf_str(url), '?') ? '&' : '?', name);
    url_add_encoded(url, value, "-._~");
}
