/* hive_routes.h - the hive's HTTP interface: a request in, a response out. No I/O. */
#ifndef SKEP_HIVE_ROUTES_H
#define SKEP_HIVE_ROUTES_H

#include "hive.h"
#include "problem.h"

/* GET /health and GET /v1/workers?limit=N&cursor=NAME; anything else is answered by a problem. */
void hive_http(struct hive *hive, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret);

#endif
