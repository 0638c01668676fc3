/* health_page.h - GET /health of one worker, on the loopback, for those who cannot ask over MQTT. */
#ifndef SKEP_HEALTH_PAGE_H
#define SKEP_HEALTH_PAGE_H

#include "agent.h"

struct health_page;

/* Listens at agent->conf->http. ERR_SYNTAX, ERR_IO with a sentence. */
enum err health_page_new(struct agent *agent, struct health_page **ret, struct errbuf *e);
void health_page_free(struct health_page *page);

/* What the worker announces as its endpoint: "http://127.0.0.1:8080". */
const char *health_page_url(const struct health_page *page);

#endif
