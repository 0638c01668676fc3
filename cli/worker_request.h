/* worker_request.h - requests to the queen about one worker or hive. */
#ifndef SKEP_CLI_WORKER_REQUEST_H
#define SKEP_CLI_WORKER_REQUEST_H

#include "api.h"
#include "worker_ref.h"

/* api_request at its address with `suffix` behind it ("/verify"); ERR_NOT_FOUND names the worker. */
enum err worker_request(struct api *api, const char *method, const struct worker_ref *ref, const char *suffix,
                        ms_t timeout, struct cJSON **ret, struct errbuf *e);

/* Its document, freed by the caller with cJSON_Delete. */
static inline enum err worker_get(struct api *api, const struct worker_ref *ref, struct cJSON **ret, struct errbuf *e)
{
    return worker_request(api, "GET", ref, "", API_TIMEOUT, ret, e);
}

#endif
