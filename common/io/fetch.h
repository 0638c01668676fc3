/* fetch.h - HTTP requests over libcurl, one at a time; a request blocks. http_easy.h says what is not followed. Not
 * thread-safe. */
#ifndef SKEP_FETCH_H
#define SKEP_FETCH_H

#include "http_easy.h"

/* Lies where it is until it is cleared. Zeroed, it may be cleared, too. */
struct fetch {
    CURL *curl;
    struct curl_slist *sent; /* headers */
    struct buf body;         /* its limit is for the user to set between requests */
    const char *posted;      /* the body of a POST, likewise; borrowed. NULL = empty */
    size_t headers;          /* bytes of them, and of trailers */
    bool was_connected;      /* of the last request, like what follows */
    CURLcode code;
    char curl_error[CURL_ERROR_SIZE];
};

/* At most `body_max` bytes of an answer are taken. `token` is copied; NULL = none. ERR_NOMEM; to be cleared all the
 * same. */
enum err fetch_init(struct fetch *fetch, const char *token, size_t body_max, struct errbuf *e);
void fetch_clear(struct fetch *fetch);

struct fetched {
    long status;
    struct text body; /* borrowed until the next request */
};

/* `with_token`: it carries the token. OK: there was an answer, of any status. ERR_UNREACHABLE
 * with libcurl's words, ERR_TOO_LARGE, ERR_NOMEM. */
enum err fetch_request(struct fetch *fetch, const char *method, const char *url, bool with_token, ms_t timeout,
                       struct fetched *ret, struct errbuf *e);

/* Only connects. ERR_UNREACHABLE, ERR_NOMEM. It is cleared after that: no request goes over such a connection. */
enum err fetch_connect(struct fetch *fetch, const char *url, ms_t timeout, struct errbuf *e);

#endif
