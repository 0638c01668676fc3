#include "health_page.h"

#include <stdio.h>
#include <stdlib.h>

#include "health.h"
#include "httpd.h"
#include "problem.h"

#define URL_SIZE 300

struct health_page {
    struct agent *agent;
    struct httpd *httpd;
    char url[URL_SIZE];
};

static void fault(void *user, int status, const char *sentence, struct http_response *ret)
{
    (void)user;
    http_fail(ret, status, NULL, sentence);
}

static void write_health(struct skep_worker *worker, struct http_response *ret)
{
    char health[SKEP_WORKER_HEALTH_SIZE];
    ret->status = worker ? skep_worker_health(worker, health, sizeof health) : 0;
    if (ret->status == 0) {
        http_fail(ret, 503, NULL, "no memory, or not open yet");
        return;
    }
    ret->content_type = HEALTH_CONTENT_TYPE;
    buf_add_str(&ret->body, health);
}

static ms_t answer(void *user, const struct http_request *request, struct http_response *ret)
{
    struct health_page *page = user;
    if (strcmp(request->path, "/health") != 0) {
        http_fail(ret, 404, NULL, "only /health is here");
    } else if (strcmp(request->method, "GET") != 0) {
        http_fail(ret, 405, NULL, "only GET is allowed");
        ret->allow = "GET";
    } else {
        write_health(page->agent->worker, ret);
    }
    return 0;
}

static const struct httpd_handlers handlers = { .request = answer, .fault = fault };

/* The address as given, with the port that is bound. */
static void make_url(struct health_page *page, const char *address)
{
    const char *colon = strrchr(address, ':');
    int host = colon ? (int)(colon - address) : (int)strlen(address);
    snprintf(page->url, sizeof page->url, "http://%.*s:%d", host, address, httpd_port(page->httpd));
}

enum err health_page_new(struct agent *agent, struct health_page **ret, struct errbuf *e)
{
    struct httpd_options options = {
        .address = agent->conf->settings.http, .body_limit = 1024, .connections = 16, .local_names_only = true
    };
    struct health_page *page = calloc(1, sizeof *page);
    enum err err;
    if (!page)
        return err_set(e, ERR_NOMEM, "out of memory");
    page->agent = agent;
    err = httpd_new(agent->loop, &options, &handlers, page, &page->httpd, e);
    if (err != OK) {
        free(page);
        return err;
    }
    make_url(page, agent->conf->settings.http);
    *ret = page;
    return OK;
}

void health_page_free(struct health_page *page)
{
    if (!page)
        return;
    httpd_free(page->httpd);
    free(page);
}

const char *health_page_url(const struct health_page *page)
{
    return page->url;
}
