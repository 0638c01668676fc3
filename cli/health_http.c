#include "health_http.h"

#include <stdlib.h>

#include "http_easy.h"
#include "http_url.h"

#define BODY_MAX (64 * 1024)

/* Between health_http_ask and `done` it belongs to a thread of the pool. */
struct health_http {
    struct loop *loop;
    CURL *curl;
    const char *service_id;
    health_said *said;
    void *user;
    char *url;
    struct buf body;
    char curl_error[CURL_ERROR_SIZE];
    CURLcode code;
    long status;
};

enum err health_http_new(struct loop *loop, const char *url, const char *service_id, health_said *said, void *user,
                         struct health_http **ret, struct errbuf *e)
{
    auto_free(health_http) health = calloc(1, sizeof *health);
    enum err err;
    if (!health)
        return err_set(e, ERR_NOMEM, "out of memory");
    health->loop = loop;
    health->service_id = service_id;
    health->said = said;
    health->user = user;
    health->body.limit = BODY_MAX;
    if ((err = http_url_read(url, "/health", &health->url, e)) != OK)
        return err;
    health->curl = http_easy_new(&health->body, health->curl_error);
    if (!health->curl || curl_easy_setopt(health->curl, CURLOPT_URL, health->url))
        return err_set(e, ERR_NOMEM, "out of memory");
    *ret = health;
    health = NULL;
    return OK;
}

void health_http_free(struct health_http *health)
{
    if (!health)
        return;
    curl_easy_cleanup(health->curl);
    free(health->url);
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
        return err_set(e, ERR_UNREACHABLE, "%s", http_easy_error(health->curl_error, health->code));
    if (health->status != 200 && health->status != 503)
        return err_set(e, ERR_TYPE, "%s answered %ld", health->url, health->status);
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
    health->said(health->user, err != OK ? NULL : &answer, err != OK ? e.text : NULL);
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
