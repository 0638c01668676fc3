/* api.h - the queen's HTTP API, one request at a time. Not thread-safe. */
#ifndef SKEP_CLI_API_H
#define SKEP_CLI_API_H

#include "buf.h"

struct cJSON;
struct api;

#define API_TIMEOUT 10000   /* ms that an answer may take in all */
#define API_MIN_TIMEOUT 500 /* ms; also when less is left until a deadline */

/* Both are copied. `token` may be NULL. ERR_SYNTAX: `queen` is no http(s) URL of the form scheme://host[:port][/path].
 */
enum err api_new(const char *queen, const char *token, struct api **ret, struct errbuf *e);
void api_free(struct api *api);
DEFINE_AUTO_FREE(api)

/* From now on no answer is waited for longer than until `deadline`, by clock_mono, or API_MIN_TIMEOUT. MS_NEVER, as at
 * first: none. */
void api_set_deadline(struct api *api, ms_t deadline);

/* The document at `path`, which begins with "/" and is cleared in any case; the caller frees the document with
 * cJSON_Delete. `method` is GET, or POST without a body; `timeout` is in milliseconds. Each error has its sentence,
 * which has what to do where something can be done: ERR_UNREACHABLE no answer, ERR_REFUSED a token is needed,
 * ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_CONFLICT, ERR_TOO_LARGE, ERR_NOMEM, also for a path that has failed, ERR_IO
 * anything else. */
enum err api_request(struct api *api, const char *method, struct buf *path, ms_t timeout, struct cJSON **ret,
                     struct errbuf *e);
enum err api_delete(struct api *api, struct buf *path, struct errbuf *e);

#endif
