#include "api.h"

#include <stdlib.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "api_problem.h"
#include "clock.h"
#include "http_url.h"

/* Bytes: a document costs up to forty times as much as a tree; a page is not one, and has 1,000 workers. */
#define DOCUMENT_MAX (256 * 1024)
#define ANSWER_PAGE_MAX (64 * 1024 * 1024)

/* What only reads what is there goes without: the server may be another one than its user thinks. */
static bool needs_token(const char *method, const char *path)
{
    return strcmp(method, "GET") != 0 || strstr(path, "verified=");
}

enum err api_init(struct api *api, const char *queen, const char *token, bool in_clear, struct errbuf *e)
{
    enum err err = http_url_read(queen, "/", &api->base, e);
    if (err != OK)
        return err_set(e, err, "--queen: %s; it must be like http://127.0.0.1:7833, a token goes in --token-file",
                       e->text);
    for (size_t len = strlen(api->base); len > 0 && api->base[len - 1] == '/'; len--)
        api->base[len - 1] = '\0';
    api->deadline = MS_NEVER;
    api->has_token = token != NULL;
    api->keeps_token = !in_clear && !http_url_is_private(api->base);
    return fetch_init(&api->fetch, token, DOCUMENT_MAX, e);
}

void api_clear(struct api *api)
{
    fetch_clear(&api->fetch);
    free(api->base);
}

/* OK: somebody answered. */
static enum err request(struct api *api, const char *method, struct buf *path, bool with_token, ms_t timeout,
                        struct fetched *ret, struct errbuf *e)
{
    auto_clear(buf) url = BUF_INIT;
    enum err err;
    if (api->deadline != MS_NEVER)
        timeout = ms_min(timeout, ms_max(api->deadline - clock_mono(), API_MIN_TIMEOUT));
    buf_printf(&url, "%s%s", api->base, buf_str(path));
    url.failed |= path->failed;
    buf_clear(path);
    if (!buf_ok(&url))
        return err_set(e, ERR_NOMEM, "out of memory");
    err = fetch_request(&api->fetch, method, buf_str(&url), with_token, timeout, ret, e);
    if (err == ERR_UNREACHABLE)
        return err_set(e, err, "no queen responds at %s (%s): start skep-queen, or set --queen URL or SKEP_QUEEN",
                       api->base, e->text);
    return err;
}

void api_sleep(const struct api *api, ms_t until)
{
    ms_t left = ms_min(until, api->deadline) - clock_mono();
    if (left > 0)
        nanosleep(&(struct timespec){ left / 1000, left % 1000 * 1000000 }, NULL);
}

/* The body of an answer with success, borrowed until the next request. */
static enum err get_body(struct api *api, const char *method, struct buf *path, ms_t timeout, size_t body_max,
                         struct text *ret, struct errbuf *e)
{
    struct fetched answer = { 0 };
    bool with_token = api->has_token && needs_token(method, buf_str(path));
    enum err err;
    if (with_token && api->keeps_token) {
        buf_clear(path);
        return err_set(e, ERR_REFUSED, "the token is not sent to %s in clear: use https://, or --token-in-clear",
                       api->base);
    }
    api->fetch.body.limit = body_max;
    if ((err = request(api, method, path, with_token, timeout, &answer, e)) != OK)
        return err;
    if (answer.status >= 200 && answer.status < 300) {
        *ret = answer.body;
        return OK;
    }
    if (answer.body.len > DOCUMENT_MAX)
        answer.body.len = 0; /* only its status counts */
    return api_problem_read(&(struct problem_source){ "the queen", api->base, with_token }, answer.status, answer.body,
                            e);
}

static enum err fail_strange(const struct api *api, struct errbuf *e)
{
    return err_set(e, ERR_IO, "%s answered with something that is not a queen's document: is it a queen?", api->base);
}

enum err api_request(struct api *api, const char *method, struct buf *path, ms_t timeout, struct cJSON **ret,
                     struct errbuf *e)
{
    struct text body = { 0 };
    cJSON *document;
    enum err err = get_body(api, method, path, timeout, DOCUMENT_MAX, &body, e);
    if (err != OK || !ret)
        return err;
    document = cJSON_ParseWithLength(body.at, body.len);
    if (!cJSON_IsObject(document)) {
        cJSON_Delete(document);
        return fail_strange(api, e);
    }
    *ret = document;
    return OK;
}

enum err api_get_page(struct api *api, struct buf *path, ms_t timeout, const struct page *page, struct cJSON **ret,
                      struct errbuf *e)
{
    struct text body = { 0 };
    enum err err = get_body(api, "GET", path, timeout, ANSWER_PAGE_MAX, &body, e);
    if (err != OK || (err = page_read(page, body, ret)) == OK)
        return err;
    if (err == ERR_TOO_LARGE)
        return err_set(e, err, "%s answered with more than a page of a queen's list has: is it a queen?", api->base);
    return err == ERR_NOMEM ? err_set(e, err, "out of memory") : fail_strange(api, e);
}
