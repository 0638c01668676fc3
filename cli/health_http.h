/* health_http.h - asks for somebody's health over HTTP, on the thread pool. */
#ifndef SKEP_CLI_HEALTH_HTTP_H
#define SKEP_CLI_HEALTH_HTTP_H

#include "health_said.h"
#include "loop.h"

struct health_http;

/* `url` is copied; without a path it means its `/health`. `service_id` is borrowed: "" = whoever answers. ERR_SYNTAX,
 * ERR_NOMEM. */
enum err health_http_new(struct loop *loop, const char *url, const char *service_id, health_said *said, void *user,
                         struct health_http **ret, struct errbuf *e);

/* Not while it is being asked. */
void health_http_free(struct health_http *health);
DEFINE_AUTO_FREE(health_http)

/* Asks; `said` is called when the answer is there, or about `patience` ms (at least 1) later. */
void health_http_ask(struct health_http *health, ms_t patience);

#endif
