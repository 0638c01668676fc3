#include "fetch.h"

#include <stdlib.h>

#include "http_easy.h"

#define CONNECT_TIMEOUT 3000L /* ms */

struct fetch {
    CURL *curl;
    struct curl_slist *headers;
    struct buf body;
    char curl_error[CURL_ERROR_SIZE];
};

static bool add_header(struct fetch *fetch, const char *name, const char *value)
{
    auto_clear(buf) header = BUF_INIT;
    struct curl_slist *headers = NULL;
    buf_printf(&header, "%s%s", name, value);
    if (buf_ok(&header))
        headers = curl_slist_append(fetch->headers, buf_str(&header));
    fetch->headers = headers ? headers : fetch->headers;
    return headers != NULL;
}

enum err fetch_new(const char *token, size_t body_max, struct fetch **ret, struct errbuf *e)
{
    auto_free(fetch) fetch = calloc(1, sizeof *fetch);
    if (!fetch)
        return err_set(e, ERR_NOMEM, "out of memory");
    fetch->body.limit = body_max;
    if (!add_header(fetch, "Accept: ", "application/json, application/problem+json") ||
        (token && !add_header(fetch, "Authorization: Bearer ", token)))
        return err_set(e, ERR_NOMEM, "out of memory");
    if (!(fetch->curl = http_easy_new(&fetch->body, fetch->curl_error)) ||
        curl_easy_setopt(fetch->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT) ||
        curl_easy_setopt(fetch->curl, CURLOPT_HTTPHEADER, fetch->headers))
        return err_set(e, ERR_IO, "libcurl cannot be set up");
    *ret = fetch;
    fetch = NULL;
    return OK;
}

void fetch_free(struct fetch *fetch)
{
    if (!fetch)
        return;
    curl_easy_cleanup(fetch->curl);
    curl_slist_free_all(fetch->headers);
    buf_clear(&fetch->body);
    free(fetch);
}

/* libcurl keeps what was set for the request before. */
static CURLcode set_request(CURL *curl, const char *method, const char *url, ms_t timeout)
{
    bool post = strcmp(method, "POST") == 0;
    CURLcode code = post ? curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "") : curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_URL, url);
    return code ? code : curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout);
}

enum err fetch_request(struct fetch *fetch, const char *method, const char *url, ms_t timeout, struct fetched *ret,
                       struct errbuf *e)
{
    CURLcode code = set_request(fetch->curl, method, url, timeout);
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
