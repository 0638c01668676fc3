/* routes_fleet.h - HTTP on workers and hives. Each answers and returns 0, or how many ms to wait, as queen_http. */
#ifndef SKEP_ROUTES_FLEET_H
#define SKEP_ROUTES_FLEET_H

#include "http_call.h"

ms_t route_get_workers(struct http_call *call);
ms_t route_get_hives(struct http_call *call);
ms_t route_get(struct http_call *call);    /* a worker, or a hive */
ms_t route_delete(struct http_call *call); /* the same */
ms_t route_verify_worker(struct http_call *call);

#endif
