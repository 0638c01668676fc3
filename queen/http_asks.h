/* http_asks.h - whom the queen asks over HTTP. Each ask is answered once, in a later turn of the loop: also one that is
 * refused, since the core must not be entered while its effects are carried out. */
#ifndef SKEP_HTTP_ASKS_H
#define SKEP_HTTP_ASKS_H

#include "http_client.h"

/* At once; more are refused. So many the core asks (queen.h), and may have dropped some before. */
#define HTTP_ASKS_RUNNING 320

struct http_asks;

/* Only addresses in `allowed` (borrowed) are asked, and only for /health. ERR_NOMEM, ERR_IO. */
enum err http_asks_new(struct loop *loop, const struct cidr_list *allowed, http_client_answered *answered, void *user,
                       struct http_asks **ret);
void http_asks_free(struct http_asks *asks); /* what is under way is dropped; not from `answered` */
DEFINE_AUTO_FREE(http_asks)

/* `answered` gets the token. ERR_NOMEM: it never will. */
enum err http_asks_add(struct http_asks *asks, const char *url, uint64_t token, ms_t patience);

#endif
