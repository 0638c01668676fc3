#include "api.h"

#include <stdlib.h>

#include <cjson/cJSON.h>

#include "api_problem.h"
#include "clock.h"
#include "http_easy.h"
#include "http_url.h"

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

static enum err base_set(struct api *api, const char *queen, struct errbuf *e)
{
    struct errbuf why = { 0 };
    size_t len;
    enum err err = http_url_read(queen, "/", &api->base, &why);
    if (err != OK)
        return err_set(e, err, "--queen: %s; it must be like http://127.0.0.1:7833, a token goes in --token-file",
                       why.text);
    for (len = strlen(api->base); len > 0 && api->base[len - 1] == '/'; len--)
        api->base[len - 1] = '\0';
    return OK;
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

static enum err api_fill(struct api *api, const char *queen, const char *token, struct errbuf *e)
{
    enum err err = base_set(api, queen, e);
    if (err == OK)
        err = header_add(api, "Accept: ", "application/json, application/problem+json", e);
    if (err == OK && token)
        err = header_add(api, "Authorization: Bearer ", token, e);
    api->has_token = token != NULL;
    if (err == OK && (!(api->curl = http_easy_new(&api->answer, api->curl_error)) ||
                      curl_easy_setopt(api->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_PATIENCE) ||
                      curl_easy_setopt(api->curl, CURLOPT_HTTPHEADER, api->headers)))
        err = err_set(e, ERR_IO, "libcurl cannot be set up");
    return err;
}

enum err api_new(const char *queen, const char *token, struct api **ret, struct errbuf *e)
{
    auto_free(api) api = calloc(1, sizeof *api);
    enum err err;
    if (!api)
        return err_set(e, ERR_NOMEM, "out of memory");
    api->answer.limit = ANSWER_MAX;
    api->deadline = MS_NEVER;
    if ((err = api_fill(api, queen, token, e)) != OK)
        return err;
    *ret = api;
    api = NULL;
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
                   http_easy_error(api->curl_error, code));
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
    return err != OK ? err : document_read(api, ret, e);
}

enum err api_post(struct api *api, const char *path, ms_t patience, struct cJSON **ret, struct errbuf *e)
{
    enum err err = request(api, "POST", path, patience, e);
    return err != OK ? err : document_read(api, ret, e);
}

enum err api_delete(struct api *api, const char *path, struct errbuf *e)
{
    return request(api, "DELETE", path, API_PATIENCE, e);
}
