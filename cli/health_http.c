#include "health_http.h"

#include <stdlib.h>

#include <curl/curl.h>

#include "buf.h"

#define BODY_MAX (64 * 1024)

/* Between health_http_ask and `done` it belongs to a thread of the pool. */
struct health_http {
    struct loop *loop;
    CURL *curl;
    const char *service_id;
    health_said *said;
    void *user;
    struct buf url, body;
    char curl_error[CURL_ERROR_SIZE];
    CURLcode code;
    long status;
};

static size_t take_body(char *bytes, size_t size, size_t count, void *user)
{
    struct buf *body = user;

    buf_add(body, bytes, size * count);
    return buf_ok(body) ? size * count : 0;
}

/* Directly and to nobody else, as the other commands ask the queen. */
static bool curl_configure(struct health_http *health)
{
    CURL *curl = health->curl;

    return !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) && !curl_easy_setopt(curl, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, health->curl_error) &&
           !curl_easy_setopt(curl, CURLOPT_URL, buf_str(&health->url)) &&
           !curl_easy_setopt(curl, CURLOPT_USERAGENT, "skep/" SKEP_VERSION) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEDATA, &health->body);
}

/* `http://host:port` and `http://host:port/` mean the health page. */
static void url_complete(struct buf *ret, const char *url)
{
    const char *host = strstr(url, "//");
    const char *path = host ? strchr(host + 2, '/') : NULL;

    buf_add_str(ret, url);
    if (!path || !path[1])
        buf_add_str(ret, path ? "health" : "/health");
}

enum err health_http_new(struct loop *loop, const char *url, const char *service_id, health_said *said, void *user,
                         struct health_http **ret)
{
    auto_free(health_http) health = calloc(1, sizeof(*health));

    if (!health)
        return ERR_NOMEM;
    health->loop = loop;
    health->service_id = service_id;
    health->said = said;
    health->user = user;
    health->body.limit = BODY_MAX;
    url_complete(&health->url, url);
    health->curl = curl_easy_init();
    if (!buf_ok(&health->url) || !health->curl || !curl_configure(health))
        return ERR_NOMEM;
    *ret = health;
    health = NULL;
    return OK;
}

void health_http_free(struct health_http *health)
{
    if (!health)
        return;
    curl_easy_cleanup(health->curl);
    buf_clear(&health->url);
    buf_clear(&health->body);
    free(health);
}

static void work(void *user)
{
    struct health_http *health = user;

    health->code = curl_easy_perform(health->curl);
    curl_easy_getinfo(health->curl, CURLINFO_RESPONSE_CODE, &health->status);
}

/* Ready and not ready both come with a document; with any other status there is none. */
static enum err read_answer(struct health_http *health, struct health_answer *ret, struct errbuf *e)
{
    struct arena arena;
    enum err err;

    if (health->code)
        return err_set(e, ERR_UNREACHABLE, "%s",
                       health->curl_error[0] ? health->curl_error : curl_easy_strerror(health->code));
    if (health->status != 200 && health->status != 503)
        return err_set(e, ERR_TYPE, "%s answered %ld", buf_str(&health->url), health->status);
    arena_init(&arena, 0);
    err = health_answer_parse(&arena, buf_text(&health->body), health->service_id, ret, e);
    arena_clear(&arena);
    return err;
}

static void done(void *user)
{
    struct health_http *health = user;
    struct health_answer answer;
    struct errbuf e = { 0 };
    enum err err = read_answer(health, &answer, &e);

    health->said(health->user, err ? NULL : &answer, err ? e.text : NULL);
}

void health_http_ask(struct health_http *health, ms_t patience)
{
    buf_reset(&health->body);
    health->curl_error[0] = '\0';
    health->status = 0;
    curl_easy_setopt(health->curl, CURLOPT_TIMEOUT_MS, (long)patience);
    if (loop_work(health->loop, work, done, health) != OK)
        health->said(health->user, NULL, "out of memory");
}
