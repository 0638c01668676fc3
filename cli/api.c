#include "api.h"

#include <stdlib.h>

#include <cjson/cJSON.h>

#include "api_problem.h"
#include "buf.h"
#include "clock.h"
#include "fetch.h"
#include "http_url.h"

#define ANSWER_MAX (256 * 1024 * 1024)

struct api {
    struct fetch *fetch;
    char *base; /* without a slash at its end */
    ms_t deadline;
    bool has_token;
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

static enum err api_fill(struct api *api, const char *queen, const char *token, struct errbuf *e)
{
    enum err err = base_set(api, queen, e);
    api->has_token = token != NULL;
    return err == OK ? fetch_new(token, ANSWER_MAX, &api->fetch, e) : err;
}

enum err api_new(const char *queen, const char *token, struct api **ret, struct errbuf *e)
{
    auto_free(api) api = calloc(1, sizeof *api);
    enum err err = api ? OK : err_set(e, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = api_fill(api, queen, token, e);
    if (err != OK)
        return err;
    api->deadline = MS_NEVER;
    *ret = api;
    api = NULL;
    return OK;
}

void api_free(struct api *api)
{
    if (!api)
        return;
    fetch_free(api->fetch);
    free(api->base);
    free(api);
}

void api_set_deadline(struct api *api, ms_t deadline)
{
    api->deadline = deadline;
}

/* OK: the queen answered with success. */
static enum err request(struct api *api, const char *method, struct buf *path, ms_t timeout, struct text *ret,
                        struct errbuf *e)
{
    auto_clear(buf) url = BUF_INIT;
    struct fetched fetched = { 0 };
    struct errbuf why = { 0 };
    enum err err = ERR_NOMEM;
    if (api->deadline != MS_NEVER)
        timeout = ms_min(timeout, ms_max(api->deadline - clock_mono(), API_MIN_TIMEOUT));
    buf_printf(&url, "%s%s", api->base, buf_str(path));
    url.failed |= path->failed;
    buf_clear(path);
    if (buf_ok(&url))
        err = fetch_request(api->fetch, method, buf_str(&url), timeout, &fetched, &why);
    if (err == ERR_UNREACHABLE)
        return err_set(e, err, "no queen responds at %s (%s): start skep-queen, or set --queen URL or SKEP_QUEEN",
                       api->base, why.text);
    if (err != OK)
        return err_set(e, err, "%s", why.text[0] ? why.text : "out of memory");
    *ret = fetched.body;
    return fetched.status >= 200 && fetched.status < 300
               ? OK
               : api_problem_read(fetched.status, fetched.body, api->has_token, e);
}

enum err api_request(struct api *api, const char *method, struct buf *path, ms_t timeout, struct cJSON **ret,
                     struct errbuf *e)
{
    struct text answer;
    cJSON *document;
    enum err err = request(api, method, path, timeout, &answer, e);
    if (err != OK)
        return err;
    document = cJSON_ParseWithLength(answer.at, answer.len);
    if (!cJSON_IsObject(document)) {
        cJSON_Delete(document);
        return err_set(e, ERR_IO, "%s answered with something that is not a queen's document: is it a queen?",
                       api->base);
    }
    *ret = document;
    return OK;
}

enum err api_delete(struct api *api, struct buf *path, struct errbuf *e)
{
    struct text answer;
    return request(api, "DELETE", path, API_TIMEOUT, &answer, e);
}
