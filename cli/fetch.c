#include "fetch.h"

#define CONNECT_TIMEOUT 3000L /* ms */

enum err fetch_init(struct fetch *fetch, const char *token, size_t body_max, struct errbuf *e)
{
    *fetch = (struct fetch){ .body.limit = body_max };
    fetch->headers = curl_slist_append(NULL, "Accept: application/json, application/problem+json");
    fetch->curl = http_easy_new(&fetch->body, fetch->curl_error);
    if (!fetch->headers || !fetch->curl || curl_easy_setopt(fetch->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT) ||
        curl_easy_setopt(fetch->curl, CURLOPT_HTTPHEADER, fetch->headers) ||
        curl_easy_setopt(fetch->curl, CURLOPT_XOAUTH2_BEARER, token))
        return err_set(e, ERR_NOMEM, "libcurl cannot be set up");
    return OK;
}

void fetch_clear(struct fetch *fetch)
{
    curl_easy_cleanup(fetch->curl);
    curl_slist_free_all(fetch->headers);
    buf_clear(&fetch->body);
}

/* libcurl keeps what was set for the request before. */
static CURLcode set_request(CURL *curl, const char *method, const char *url, bool with_token, ms_t timeout)
{
    bool post = strcmp(method, "POST") == 0;
    CURLcode code = post ? curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "") : curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, with_token ? CURLAUTH_BEARER : CURLAUTH_NONE);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_URL, url);
    return code ? code : curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout);
}

enum err fetch_request(struct fetch *fetch, const char *method, const char *url, bool with_token, ms_t timeout,
                       struct fetched *ret, struct errbuf *e)
{
    CURLcode code = set_request(fetch->curl, method, url, with_token, timeout);
    buf_reset(&fetch->body);
    fetch->curl_error[0] = '\0';
    if (!code)
        code = curl_easy_perform(fetch->curl);
    if (code == CURLE_OUT_OF_MEMORY)
        return err_set(e, ERR_NOMEM, "out of memory");
    if (code == CURLE_WRITE_ERROR)
        return err_set(e, ERR_TOO_LARGE, "the answer of %s is larger than %zu KiB", url, fetch->body.limit / 1024);
    if (code)
        return err_set(e, ERR_UNREACHABLE, "%s", http_easy_error(fetch->curl_error, code));
    curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &ret->status);
    ret->body = buf_text(&fetch->body);
    return OK;
}
