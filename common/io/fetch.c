#include "fetch.h"

#define CONNECT_TIMEOUT 3000L    /* ms */
#define HEADERS_MAX (256 * 1024) /* bytes of an answer's: nothing in them is of use, but libcurl keeps them */

static size_t count_header(char *bytes, size_t size, size_t count, void *user)
{
    struct fetch *fetch = user;
    (void)bytes;
    fetch->headers += size * count;
    return fetch->headers > HEADERS_MAX ? 0 : size * count;
}

enum err fetch_init(struct fetch *fetch, const char *token, size_t body_max, struct errbuf *e)
{
    *fetch = (struct fetch){ .body.limit = body_max };
    fetch->sent = curl_slist_append(NULL, "Accept: application/json, application/problem+json, */*;q=0.5");
    fetch->curl = http_easy_new(&fetch->body, fetch->curl_error);
    if (!fetch->sent || !fetch->curl || curl_easy_setopt(fetch->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT) ||
        curl_easy_setopt(fetch->curl, CURLOPT_HTTPHEADER, fetch->sent) ||
        curl_easy_setopt(fetch->curl, CURLOPT_HEADERFUNCTION, count_header) ||
        curl_easy_setopt(fetch->curl, CURLOPT_HEADERDATA, fetch) ||
        curl_easy_setopt(fetch->curl, CURLOPT_XOAUTH2_BEARER, token))
        return err_set(e, ERR_NOMEM, "libcurl cannot be set up");
    return OK;
}

void fetch_clear(struct fetch *fetch)
{
    curl_easy_cleanup(fetch->curl);
    curl_slist_free_all(fetch->sent);
    buf_clear(&fetch->body);
}

/* libcurl keeps what was set for the request before. */
static CURLcode set_request(const struct fetch *fetch, const char *method, const char *url, bool with_token,
                            ms_t timeout)
{
    CURL *curl = fetch->curl;
    CURLcode code = strcmp(method, "POST") == 0
                        ? curl_easy_setopt(curl, CURLOPT_POSTFIELDS, fetch->posted ? fetch->posted : "")
                        : curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, with_token ? CURLAUTH_BEARER : CURLAUTH_NONE);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_URL, url);
    return code ? code : curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout);
}

static CURLcode perform(struct fetch *fetch)
{
    curl_off_t connected = 0, begun = 0;
    buf_reset(&fetch->body);
    fetch->headers = 0;
    fetch->curl_error[0] = '\0';
    fetch->code = curl_easy_perform(fetch->curl);
    curl_easy_getinfo(fetch->curl, CURLINFO_CONNECT_TIME_T, &connected);
    curl_easy_getinfo(fetch->curl, CURLINFO_PRETRANSFER_TIME_T, &begun); /* also over one that is used again */
    fetch->was_connected = connected > 0 || begun > 0;
    return fetch->code;
}

enum err fetch_request(struct fetch *fetch, const char *method, const char *url, bool with_token, ms_t timeout,
                       struct fetched *ret, struct errbuf *e)
{
    CURLcode code = set_request(fetch, method, url, with_token, timeout);
    if (!code)
        code = perform(fetch);
    if (code == CURLE_OUT_OF_MEMORY)
        return err_set(e, ERR_NOMEM, "out of memory");
    if (code == CURLE_WRITE_ERROR && fetch->headers > HEADERS_MAX)
        return err_set(e, ERR_TOO_LARGE, "the answer of %s has more than %d KiB of headers", url, HEADERS_MAX / 1024);
    if (code == CURLE_WRITE_ERROR)
        return err_set(e, ERR_TOO_LARGE, "the answer of %s is larger than %zu KiB", url, fetch->body.limit / 1024);
    if (code)
        return err_set(e, ERR_UNREACHABLE, "%s", http_easy_error(fetch->curl_error, code));
    curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &ret->status);
    ret->body = buf_text(&fetch->body);
    return OK;
}

enum err fetch_connect(struct fetch *fetch, const char *url, ms_t timeout, struct errbuf *e)
{
    CURLcode code = set_request(fetch, "GET", url, false, timeout);
    if (!code)
        code = curl_easy_setopt(fetch->curl, CURLOPT_CONNECT_ONLY, 1L);
    if (!code)
        code = perform(fetch);
    if (code == CURLE_OUT_OF_MEMORY)
        return err_set(e, ERR_NOMEM, "out of memory");
    return code ? err_set(e, ERR_UNREACHABLE, "%s", http_easy_error(fetch->curl_error, code)) : OK;
}
