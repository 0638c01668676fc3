#include "url_query.h"

static bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

void url_query_add(struct buf *url, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(url, "%c%s=", strchr(buf_str(url), '?') ? '&' : '?', name);
    for (; *value; value++)
        if (is_unreserved(*value))
            buf_add_char(url, *value);
        else
            buf_printf(url, "%%%02X", (unsigned char)*value);
}
