/* http_call.h - what the answers to HTTP requests have in common: who may have it, which record it is of, how it fails
 * or waits. Pure. Part of routes. */
#ifndef SKEP_HTTP_CALL_H
#define SKEP_HTTP_CALL_H

#include "json_write.h"
#include "queen_state.h"
#include "query.h"

#define JSON_CONTENT_TYPE "application/json"

/* A request while it is answered. */
struct http_call {
    struct queen *queen;
    const struct http_request *request;
    struct query query;
    struct text hive, worker; /* absent when the path has none */
    struct http_response *response;
    ms_t wait; /* the response is to come: how long it may take; 0 = it is there */
};

void http_call_fail(struct http_call *call, int status, const char *code, const char *detail);

/* With the sentence of `e`, or the name of `err`. */
void http_call_fail_with(struct http_call *call, int status, enum err err, const struct errbuf *e);

/* The writer of a JSON response. */
struct json_write http_call_begin(struct http_call *call, int status);

/* The request waits for such news, for what is left of `wait` since it was received, at least 1 ms. */
void http_call_wait(struct http_call *call, enum queen_change_seq news, ms_t wait);

/* True if the request may change something, or have something done that costs others; else the response says what it
 * needs. */
bool http_call_may_write(struct http_call *call);

/* The worker or hive that the path names; NULL when the response says why not. */
struct record *http_call_find(struct http_call *call);

#endif
