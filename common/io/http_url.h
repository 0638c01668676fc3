/* http_url.h - which URLs an HTTP client asks, over libcurl's parser, which is also the one that its requests use: so
 * nobody can hide one URL in another. */
#ifndef SKEP_HTTP_URL_H
#define SKEP_HTTP_URL_H

#include "text.h"

struct Curl_URL; /* libcurl's CURLU */

/* Reads SCHEME://HOST[:PORT], alone or with "/" or `path` behind it, as a request for `path`. The scheme is http or
 * https, the host `localhost` or an address: libcurl would resolve other names on a thread that it may wait for. No
 * user, no query, no fragment. ERR_SYNTAX with a sentence, ERR_NOMEM. The caller frees *ret with curl_url_cleanup. */
enum err http_url_parse(const char *url, const char *path, struct Curl_URL **ret, struct errbuf *e);

#endif
