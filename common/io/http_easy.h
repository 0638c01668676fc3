/* http_easy.h - what all handles of libcurl have in common: http and https only, no redirects, no proxy from the
 * environment, no .netrc, no signals, an answer that fits into its buffer, and a timeout that holds for looking up a
 * name, too: libcurl would wait for the thread that does it. */
#ifndef SKEP_HTTP_EASY_H
#define SKEP_HTTP_EASY_H

#include <curl/curl.h>

#include "buf.h"

/* The body of an answer is appended to `body` (its limit ends the transfer with CURLE_WRITE_ERROR), and libcurl's
 * sentence on a failure goes into `error`, of CURL_ERROR_SIZE; both are borrowed for the life of the handle, which the
 * caller frees with curl_easy_cleanup. NULL: out of memory. */
CURL *http_easy_new(struct buf *body, char *error);

/* The sentence on a failure; never empty. `error` as above; both are borrowed. */
const char *http_easy_error(const char *error, CURLcode code);

#endif
