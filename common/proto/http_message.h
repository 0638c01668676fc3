/* http_message.h - a request and a response of HTTP, for cores: text in, text out. Pure. */
#ifndef SKEP_HTTP_MESSAGE_H
#define SKEP_HTTP_MESSAGE_H

#include "buf.h"

struct http_request {
    const char *method, *path;                /* path as received, without the query */
    struct text query, body;                  /* absent = none */
    const char *content_type, *authorization; /* NULL = none */
    ms_t since;                               /* monotonic: when this request first came */
    bool last_call;                           /* the wait that was asked for is over: answer now */
};

struct http_response {
    int status;
    const char *content_type, *allow, *authenticate; /* static; NULL = none */
    struct buf body;                                 /* the caller clears it */
};

/* Makes it a problem (problem.h), whatever it was before. */
void http_fail(struct http_response *response, int status, const char *code, const char *detail);

#endif
