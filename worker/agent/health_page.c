#include "health_page.h"

#include "health.h"
#include "httpd.h"
#include "problem.h"

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
    struct agent *agent = user;
    if (strcmp(request->path, "/health") != 0) {
        http_fail(ret, 404, NULL, "only /health is here");
    } else if (strcmp(request->method, "GET") != 0) {
        http_fail(ret, 405, NULL, "only GET is allowed");
        ret->allow = "GET";
    } else {
        write_health(agent->worker, ret);
    }
    return 0;
}

static const struct httpd_handlers handlers = { .request = answer, .fault = http_fail };

enum err health_page_open(struct agent *agent, struct errbuf *e)
{
    const char *address = agent->conf->settings.http;
    struct httpd_options options = {
        .address = address, .body_limit = 1024, .connections = HTTPD_AGENT_CONNECTIONS, .local_names_only = true
    };
    enum err err = httpd_new(agent->loop, &options, &handlers, agent, &agent->page, e);
    if (err == OK)
        httpd_url(agent->page, address, NULL, agent->url); /* of the loopback */
    return err;
}
