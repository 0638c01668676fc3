/* routes.h - the queen's HTTP interface: a request in, a response (and effects) out. No I/O. */
#ifndef SKEP_ROUTES_H
#define SKEP_ROUTES_H

#include "problem.h"
#include "queen.h"

#define ROUTES_BODY_MAX (16 * 1024)

/* Fills *ret and returns 0; or returns how many ms the request may wait for a newer event, and *ret stays as it was:
 * call again when queen_news has changed, or after that time with timed_out set. */
ms_t queen_http(struct queen *queen, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret,
                struct outbox *outbox);

/* The error shape, for faults that the server finds by itself. */
void http_fault(int status, const char *sentence, struct http_response *ret);

#endif
