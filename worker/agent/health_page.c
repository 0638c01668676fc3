#include "health_page.h"

#include <stdio.h>
#include <stdlib.h>

#include "health.h"
#include "httpd.h"

#define URL_SIZE 300

struct health_page {
    struct agent *agent;
    struct httpd *httpd;
    char url[URL_SIZE];
};

static enum health_status status_of(const struct agent *agent)
{
    if (agent->is_stalled)
        return HEALTH_FAIL;
    return agent->worker && skep_worker_is_online(agent->worker) ? HEALTH_PASS : HEALTH_WARN;
}

static void write_document(const struct agent *agent, struct buf *ret)
{
    bool is_online = agent->worker && skep_worker_is_online(agent->worker);
    struct json_write w = json_write_to(ret);
    char service[160];

    snprintf(service, sizeof(service), "worker/%s/%s", agent->conf->hive, agent->conf->id);
    health_open(&w, status_of(agent), SKEP_VERSION, service, "skep worker");
    health_check_str(&w, "broker", is_online ? "connected" : "away", is_online ? HEALTH_PASS : HEALTH_WARN);
    health_check_str(&w, "work", agent->is_stalled ? "stalled" : "no complaint",
                     agent->is_stalled ? HEALTH_FAIL : HEALTH_PASS);
    health_close(&w);
}

static void fault(void *user, int status, const char *sentence, struct httpd_response *ret)
{
    struct json_write w = json_write_to(&ret->body);

    (void)user;
    ret->status = status;
    ret->content_type = "application/problem+json";
    json_open(&w, '{');
    json_key(&w, "status");
    json_put_int(&w, status);
    json_key(&w, "title");
    json_put_str(&w, sentence);
    json_close(&w, '}');
}

static ms_t answer(void *user, const struct httpd_request *request, struct httpd_response *ret)
{
    struct health_page *page = user;

    if (strcmp(request->path, "/health") != 0) {
        fault(NULL, 404, "only /health is here", ret);
    } else if (strcmp(request->method, "GET") != 0) {
        fault(NULL, 405, "only GET is allowed", ret);
        ret->allow = "GET";
    } else {
        ret->status = health_http_status(status_of(page->agent));
        ret->content_type = HEALTH_CONTENT_TYPE;
        write_document(page->agent, &ret->body);
    }
    return 0;
}

/* The address as given, with the port that is bound. */
static void make_url(struct health_page *page, const char *address)
{
    const char *colon = strrchr(address, ':');
    int host = colon ? (int)(colon - address) : (int)strlen(address);

    snprintf(page->url, sizeof(page->url), "http://%.*s:%d", host, address, httpd_port(page->httpd));
}

enum err health_page_new(struct agent *agent, struct health_page **ret, struct errbuf *e)
{
    struct httpd_options options = { .address = agent->conf->http, .body_limit = 1024, .connections = 16 };
    struct health_page *page = calloc(1, sizeof(*page));
    enum err err;

    if (!page)
        return err_set(e, ERR_NOMEM, "out of memory");
    page->agent = agent;
    options.connections_per_ip = options.connections;
    err = httpd_new(agent->loop, &options, answer, fault, page, &page->httpd, e);
    if (err != OK) {
        free(page);
        return err;
    }
    make_url(page, agent->conf->http);
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
