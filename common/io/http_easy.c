#include "http_easy.h"

static size_t take_body(char *bytes, size_t size, size_t count, void *user)
{
    struct buf *body = user;
    buf_add(body, bytes, size * count);
    return buf_ok(body) ? size * count : 0;
}

/* What libcurl would not do by itself is written down as well: this is the wall. */
static bool set_up(CURL *curl, struct buf *body, char *error)
{
    return !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) && !curl_easy_setopt(curl, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
           !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) && !curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_USERAGENT, "skep/" SKEP_VERSION) &&
           !curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
}

CURL *http_easy_new(struct buf *body, char *error)
{
    CURL *curl = curl_easy_init();
    if (curl && !set_up(curl, body, error)) {
        curl_easy_cleanup(curl);
        curl = NULL;
    }
    return curl;
}

const char *http_easy_error(const char *error, CURLcode code)
{
    return error[0] ? error : curl_easy_strerror(code);
}
