/* http_call.h - a request over HTTP while it is answered: what all routes share. */
#ifndef SKEP_HTTP_CALL_H
#define SKEP_HTTP_CALL_H

#include "json_write.h"
#include "queen_state.h"
#include "query.h"

#define JSON_CONTENT_TYPE "application/json"

struct http_call {
    struct queen *queen;
    const struct http_request *request;
    struct query query;
    struct text hive, worker; /* absent when the path has none */
    struct http_response *response;
};

/* A response: a problem, one for an error that has a sentence, or the begin of a JSON document. */
void route_fail(struct http_call *call, int status, const char *code, const char *detail);
void route_fail_with(struct http_call *call, int status, enum err err, const struct errbuf *e);
struct json_write route_begin(struct http_call *call, int status);

/* True if the request may change something; else the response says what it needs. */
bool route_may_write(struct http_call *call);

/* The request waits for such news: returns what is left of `wait` since it was received, at least 1 ms. */
ms_t route_wait(struct http_call *call, enum queen_news news, ms_t wait);

/* The worker or hive that the path names; NULL when the response says why not. */
struct record *route_find(struct http_call *call);

#endif
