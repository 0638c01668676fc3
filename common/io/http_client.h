/* http_client.h - GETs of one path from addresses that are allowed, as a guest of the loop, over libcurl. Moves bytes.
 *
 * URLs come from strangers, so: http and https only, no redirects, no proxy, no user, no cookies, no connection used
 * twice; certificates are checked against the authorities that this machine trusts. Whether an address is allowed is
 * looked at when the socket to it is made. Hosts are addresses or `localhost` (http_url.h): other names would need
 * libcurl's resolver thread, and ending a request waits for that thread, with the loop. */
#ifndef SKEP_HTTP_CLIENT_H
#define SKEP_HTTP_CLIENT_H

#include "cidr.h"
#include "loop.h"
#include "wire.h"

#define HTTP_CLIENT_BODY_MAX (16 * 1024)   /* which takes 0.5 ms to read, at worst */
#define HTTP_CLIENT_HEADER_MAX (64 * 1024) /* of all headers and trailers of an answer */

struct http_client;

struct http_client_options {
    const struct cidr_list *allowed; /* borrowed */
    const char *path;                /* borrowed: the one that is asked, whatever stands in a URL */
    unsigned limit;                  /* requests under way */
};

/* On the loop, never from within http_client_get. New requests may be made from it; the client must not be freed. */
typedef void http_client_answered(void *user, uint64_t token, const struct http_answer *answer);

/* ERR_NOMEM, ERR_IO. */
enum err http_client_new(struct loop *loop, const struct http_client_options *options, http_client_answered *answered,
                         void *user, struct http_client **ret);
void http_client_free(struct http_client *client); /* drops what is under way, without a word */

/* `answered` gets the token once, after about `timeout` ms (at least 1) at the latest, and never in this turn of the
 * loop: also of a request that is refused, for its URL or since `limit` are under way. ERR_NOMEM: it never will. */
enum err http_client_get(struct http_client *client, const char *url, uint64_t token, ms_t timeout);

#endif
