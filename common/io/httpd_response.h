/* httpd_response.h - a response of ours as one of libmicrohttpd. */
#ifndef SKEP_HTTPD_RESPONSE_H
#define SKEP_HTTPD_RESPONSE_H

#include <microhttpd.h>

#include "wire.h"

/* With `pull` the body is what that returns; without it response->body, which is taken then. `last`: the connection
 * ends with it. The caller hands the result to MHD_queue_response and destroys its reference; NULL: out of memory, and
 * nothing was taken. */
struct MHD_Response *httpd_response_make(struct http_response *response, bool last, MHD_ContentReaderCallback pull,
                                         void *user);

#endif
