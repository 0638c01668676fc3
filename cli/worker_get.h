/* worker_get.h - asks the queen for one worker. */
#ifndef SKEP_CLI_WORKER_GET_H
#define SKEP_CLI_WORKER_GET_H

#include "api.h"
#include "worker_ref.h"

/* Its document, freed by the caller with cJSON_Delete. Errors as api_request; ERR_NOT_FOUND names the worker. */
enum err worker_get(struct api *api, const struct worker_ref *ref, struct cJSON **ret, struct errbuf *e);

/* The sentence for a worker that the queen does not know. */
enum err worker_unknown(const struct worker_ref *ref, struct errbuf *e);

#endif
