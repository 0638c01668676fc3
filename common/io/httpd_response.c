#include "httpd_response.h"

#include <stdio.h>
#include <string.h>

#define RETRY_AFTER "1" /* seconds */
#define ALLOW_SIZE 64
#define BLOCK_BYTES 16384 /* in which a client of HTTP/1.0 gets slices; for others libmicrohttpd takes as much */

/* HEAD is answered wherever GET is, here and not by whoever handles it. */
static const char *allow_with_head(const char *allow, char ret[ALLOW_SIZE])
{
    if (!allow || strncmp(allow, "GET", 3) != 0)
        return allow;
    snprintf(ret, ALLOW_SIZE, "GET, HEAD%s", allow + 3);
    return ret;
}

/* False: out of memory. */
static bool add_all(struct MHD_Response *made, const struct http_response *response, bool last)
{
    char allow[ALLOW_SIZE];
    const struct {
        const char *name, *value; /* NULL leaves the field out */
    } fields[] = {
        { MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type },
        { MHD_HTTP_HEADER_CACHE_CONTROL, "no-store" },
        { MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff" },
        { MHD_HTTP_HEADER_ALLOW, allow_with_head(response->allow, allow) },
        { MHD_HTTP_HEADER_WWW_AUTHENTICATE, response->authenticate },
        { MHD_HTTP_HEADER_RETRY_AFTER, response->status == MHD_HTTP_SERVICE_UNAVAILABLE ? RETRY_AFTER : NULL },
        { MHD_HTTP_HEADER_CONNECTION, last ? "close" : NULL },
    };

    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (fields[i].value && MHD_add_response_header(made, fields[i].name, fields[i].value) != MHD_YES)
            return false;
    return true;
}

static struct MHD_Response *make_whole(struct buf *body)
{
    struct MHD_Response *made =
        buf_ok(body) ? MHD_create_response_from_buffer(body->len, body->at, MHD_RESPMEM_MUST_FREE) : NULL;
    if (made)
        *body = BUF_INIT;
    return made;
}

struct MHD_Response *httpd_response_make(struct http_response *response, bool last, MHD_ContentReaderCallback pull,
                                         void *user)
{
    struct MHD_Response *made = pull
                                    ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, pull, user, NULL)
                                    : make_whole(&response->body);
    if (!made || add_all(made, response, last))
        return made;
    MHD_destroy_response(made);
    return NULL;
}
