#include "url_query.h"

void url_query_add(struct buf *url, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(url, "%c%s=", strchr(buf_str(url), '?') ? '&' : '?', name);
    for (; *value; value++)
        if (text_consists_of((struct text){ value, 1 }, "-._~"))
            buf_add_char(url, *value);
        else
            buf_printf(url, "%%%02X", (unsigned char)*value);
}
