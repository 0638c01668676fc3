#include "api.h"

#include <stdlib.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>

#include "api_problem.h"
#include "buf.h"
#include "clock.h"

#define CONNECT_PATIENCE 3000L /* ms */
#define ANSWER_MAX (256 * 1024 * 1024)

struct api {
    CURL *curl;
    struct curl_slist *headers;
    char *base; /* without a slash at its end */
    ms_t deadline;
    bool has_token;
    struct buf answer;
    char curl_error[CURL_ERROR_SIZE];
};

static enum err url_refuse(const char *queen, const char *why, struct errbuf *e)
{
    return err_set(e, ERR_SYNTAX, "--queen %s: %s; must be like http://127.0.0.1:7833", queen, why);
}

/* What of `part` the URL has; empty counts as absent. */
static bool url_has(CURLU *url, CURLUPart part)
{
    char *value = NULL;
    bool found = curl_url_get(url, part, &value, 0) == CURLUE_OK && *value;

    curl_free(value);
    return found;
}

static bool url_is_http(CURLU *url)
{
    char *scheme = NULL;
    bool http = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

    curl_free(scheme);
    return http;
}

static enum err url_check(CURLU *url, const char *queen, struct errbuf *e)
{
    CURLUcode code = curl_url_set(url, CURLUPART_URL, queen, 0);

    if (code == CURLUE_UNSUPPORTED_SCHEME || (code == CURLUE_OK && !url_is_http(url)))
        return url_refuse(queen, "only http:// and https:// are known", e);
    if (code != CURLUE_OK)
        return url_refuse(queen, "not a URL", e);
    if (url_has(url, CURLUPART_QUERY) || url_has(url, CURLUPART_FRAGMENT))
        return url_refuse(queen, "has a query or a fragment", e);
    if (url_has(url, CURLUPART_USER) || url_has(url, CURLUPART_PASSWORD))
        return url_refuse(queen, "contains a user name or password (tokens go in --token-file)", e);
    return OK;
}

static enum err base_set(struct api *api, const char *queen, struct errbuf *e)
{
    CURLU *url = curl_url();
    size_t len = strlen(queen);
    enum err err = url ? url_check(url, queen, e) : err_set(e, ERR_NOMEM, "out of memory");

    curl_url_cleanup(url);
    if (err)
        return err;
    while (len > 0 && queen[len - 1] == '/')
        len--;
    api->base = strndup(queen, len);
    return api->base ? OK : err_set(e, ERR_NOMEM, "out of memory");
}

static enum err header_add(struct api *api, const char *name, const char *value, struct errbuf *e)
{
    struct buf header = BUF_INIT;
    struct curl_slist *headers = NULL;

    buf_printf(&header, "%s%s", name, value);
    if (buf_ok(&header))
        headers = curl_slist_append(api->headers, buf_str(&header));
    buf_clear(&header);
    if (!headers)
        return err_set(e, ERR_NOMEM, "out of memory");
    api->headers = headers;
    return OK;
}

static size_t take_answer(char *bytes, size_t size, size_t count, void *user)
{
    struct buf *answer = user;

    buf_add(answer, bytes, size * count);
    return buf_ok(answer) ? size * count : 0;
}

/* Directly and to nobody else: no redirects, and no proxy from the environment between a person and a loopback. */
static bool curl_configure(struct api *api)
{
    CURL *curl = api->curl;

    return !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) && !curl_easy_setopt(curl, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_PATIENCE) &&
           !curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, api->curl_error) &&
           !curl_easy_setopt(curl, CURLOPT_HTTPHEADER, api->headers) &&
           !curl_easy_setopt(curl, CURLOPT_USERAGENT, "skep/" SKEP_VERSION) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEDATA, &api->answer);
}

static enum err api_fill(struct api *api, const char *queen, const char *token, struct errbuf *e)
{
    enum err err = base_set(api, queen, e);

    if (!err)
        err = header_add(api, "Accept: ", "application/json, application/problem+json", e);
    if (!err && token)
        err = header_add(api, "Authorization: Bearer ", token, e);
    api->has_token = token != NULL;
    if (!err && (!(api->curl = curl_easy_init()) || !curl_configure(api)))
        err = err_set(e, ERR_IO, "libcurl cannot be set up");
    return err;
}

enum err api_new(const char *queen, const char *token, struct api **ret, struct errbuf *e)
{
    struct api *api = calloc(1, sizeof(*api));

    if (!api)
        return err_set(e, ERR_NOMEM, "out of memory");
    api->answer.limit = ANSWER_MAX;
    api->deadline = MS_NEVER;
    enum err err = api_fill(api, queen, token, e);
    if (err) {
        api_free(api);
        return err;
    }
    *ret = api;
    return OK;
}

void api_free(struct api *api)
{
    if (!api)
        return;
    curl_easy_cleanup(api->curl);
    curl_slist_free_all(api->headers);
    buf_clear(&api->answer);
    free(api->base);
    free(api);
}

void api_set_deadline(struct api *api, ms_t deadline)
{
    api->deadline = deadline;
}

static enum err transfer_failed(const struct api *api, CURLcode code, struct errbuf *e)
{
    if (code == CURLE_WRITE_ERROR)
        return err_set(e, ERR_TOO_LARGE, "the answer of %s is larger than %d MiB", api->base, ANSWER_MAX >> 20);
    return err_set(e, ERR_UNREACHABLE,
                   "no queen responds at %s (%s): start skep-queen, or set --queen URL or SKEP_QUEEN", api->base,
                   api->curl_error[0] ? api->curl_error : curl_easy_strerror(code));
}

/* A POST has a body, which is empty; libcurl keeps what was set for the one before. */
static CURLcode method_set(CURL *curl, const char *method)
{
    bool post = strcmp(method, "POST") == 0;
    CURLcode code = post ? curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "") : curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);

    return code ? code : curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

static CURLcode transfer(struct api *api, const char *method, const char *url, ms_t patience)
{
    CURLcode code = curl_easy_setopt(api->curl, CURLOPT_URL, url);

    if (api->deadline != MS_NEVER)
        patience = ms_min(patience, ms_max(api->deadline - clock_mono(), API_MOMENT));
    buf_reset(&api->answer);
    api->curl_error[0] = '\0';
    if (!code)
        code = method_set(api->curl, method);
    if (!code)
        code = curl_easy_setopt(api->curl, CURLOPT_TIMEOUT_MS, (long)patience);
    return code ? code : curl_easy_perform(api->curl);
}

/* OK: the queen answered with success; the answer lies in api->answer. */
static enum err request(struct api *api, const char *method, const char *path, ms_t patience, struct errbuf *e)
{
    struct buf url = BUF_INIT;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    long status = 0;

    buf_printf(&url, "%s%s", api->base, path);
    if (buf_ok(&url))
        code = transfer(api, method, buf_str(&url), patience);
    buf_clear(&url);
    if (code == CURLE_OUT_OF_MEMORY)
        return err_set(e, ERR_NOMEM, "out of memory");
    if (code)
        return transfer_failed(api, code, e);
    curl_easy_getinfo(api->curl, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300 ? OK : api_problem_read(status, buf_text(&api->answer), api->has_token, e);
}

static enum err document_read(const struct api *api, struct cJSON **ret, struct errbuf *e)
{
    struct text answer = buf_text(&api->answer);
    cJSON *document = cJSON_ParseWithLength(answer.at, answer.len);
    if (!cJSON_IsObject(document)) {
        cJSON_Delete(document);
        return err_set(e, ERR_IO, "%s answered with something that is not a queen's document: is it a queen?",
                       api->base);
    }
    *ret = document;
    return OK;
}

enum err api_get(struct api *api, const char *path, ms_t patience, struct cJSON **ret, struct errbuf *e)
{
    enum err err = request(api, "GET", path, patience, e);

    return err ? err : document_read(api, ret, e);
}

enum err api_post(struct api *api, const char *path, ms_t patience, struct cJSON **ret, struct errbuf *e)
{
    enum err err = request(api, "POST", path, patience, e);

    return err ? err : document_read(api, ret, e);
}

enum err api_delete(struct api *api, const char *path, struct errbuf *e)
{
    return request(api, "DELETE", path, API_PATIENCE, e);
}
