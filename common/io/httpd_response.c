#include "httpd_response.h"

#include <stdlib.h>

#include <microhttpd.h>

#define RETRY_AFTER "1" /* seconds */

/* A NULL value leaves the field out; false: out of memory. */
static bool add(struct MHD_Response *response, const char *name, const char *value)
{
    return !value || MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_all(struct MHD_Response *made, const struct http_response *response, bool last)
{
    const struct {
        const char *name, *value;
    } fields[] = {
        { MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type },
        { MHD_HTTP_HEADER_CACHE_CONTROL, "no-store" },
        { MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff" },
        { MHD_HTTP_HEADER_ALLOW, response->allow },
        { MHD_HTTP_HEADER_WWW_AUTHENTICATE, response->authenticate },
        { MHD_HTTP_HEADER_RETRY_AFTER, response->status == MHD_HTTP_SERVICE_UNAVAILABLE ? RETRY_AFTER : NULL },
        { MHD_HTTP_HEADER_CONNECTION, last ? "close" : NULL },
    };

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (!add(made, fields[i].name, fields[i].value))
            return false;
    }
    return true;
}

struct MHD_Response *httpd_response_make(struct http_response *response, bool last)
{
    size_t len = 0;
    char *body = buf_detach(&response->body, &len);
    struct MHD_Response *made;

    if (!body)
        return NULL;
    made = MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    if (!made) {
        free(body);
        return NULL;
    }
    if (add_all(made, response, last))
        return made;
    MHD_destroy_response(made);
    return NULL;
}
