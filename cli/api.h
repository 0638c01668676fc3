/* api.h - the queen's HTTP API, one request at a time. Not thread-safe. */
#ifndef SKEP_CLI_API_H
#define SKEP_CLI_API_H

#include "fetch.h"
#include "page.h"

struct cJSON;

#define API_TIMEOUT 10000   /* ms that an answer may take in all */
#define API_MIN_TIMEOUT 500 /* ms; also when less is left until a deadline */

/* Lies where it is until it is cleared. Zeroed, it may be cleared, too. */
struct api {
    struct fetch fetch;
    char *base;    /* without a slash at its end */
    ms_t deadline; /* no answer is waited for longer than until then, by clock_mono, or API_MIN_TIMEOUT; for the user to
                      set. MS_NEVER, as at first: none */
    bool has_token, keeps_token; /* it would be readable on its way */
};

/* `api` is zeroed. Both texts are copied; `token` may be NULL. It goes with requests that need it, over
 * http only to the loopback unless `in_clear`. ERR_SYNTAX: `queen` is no http(s) URL of the form
 * scheme://host[:port][/path]. ERR_NOMEM. */
enum err api_init(struct api *api, const char *queen, const char *token, bool in_clear, struct errbuf *e);
void api_clear(struct api *api);

/* Sleeps until then, by clock_mono, or until the deadline. */
void api_sleep(const struct api *api, ms_t until);

/* The document at `path`, which begins with "/" and is cleared in any case; the caller frees the document with
 * cJSON_Delete. `ret` NULL: whatever comes with success will do. `method` is GET, DELETE, or POST without a body;
 * `timeout` is in milliseconds. Each error has its sentence, which has what to do where something can be done:
 * ERR_UNREACHABLE no answer, ERR_REFUSED a token is needed, or would be sent in clear, ERR_NOT_FOUND, ERR_AMBIGUOUS,
 * ERR_CONFLICT, ERR_TOO_LARGE, ERR_NOMEM, also for a path that has failed, ERR_IO anything else. */
enum err api_request(struct api *api, const char *method, struct buf *path, ms_t timeout, struct cJSON **ret,
                     struct errbuf *e);

/* The same for a page of a list, by GET: its items are handed to `page`, *ret has the other members. */
enum err api_get_page(struct api *api, struct buf *path, ms_t timeout, const struct page *page, struct cJSON **ret,
                      struct errbuf *e);

#endif
