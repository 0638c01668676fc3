/* http_url.h - URLs of http and https, over libcurl's parser, which is also the one that its requests use: so nobody
 * can hide one URL in another. No user, no query, no fragment. ERR_SYNTAX with a sentence, which quotes none that may
 * hold a password; ERR_NOMEM. */
#ifndef SKEP_HTTP_URL_H
#define SKEP_HTTP_URL_H

#include "text.h"

struct Curl_URL; /* libcurl's CURLU */

/* One from a stranger: SCHEME://HOST[:PORT], alone or with "/" or `path` after it, as a request for `path`. The host is
 * `localhost` or an address: libcurl would resolve other names on a thread that it may wait for. The caller frees *ret
 * with curl_url_cleanup. */
enum err http_url_parse(const char *url, const char *path, struct Curl_URL **ret, struct errbuf *e);

/* One from a person's configuration: SCHEME://HOST[:PORT][/PATH], with `path` where it has none. The caller frees
 * *ret. */
enum err http_url_read(const char *url, const char *path, char **ret, struct errbuf *e);

/* An http_url_read one at another port. The caller frees *ret. */
enum err http_url_at_port(const char *url, unsigned port, char **ret, struct errbuf *e);

/* Whether nobody else can read what is sent to an http_url_read one: https, or the loopback, whose name libcurl does
 * not look up. */
bool http_url_is_private(const char *url);

#endif
