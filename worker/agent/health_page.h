/* health_page.h - GET /health of one worker, on the loopback, for those who cannot request it over MQTT. */
#ifndef SKEP_HEALTH_PAGE_H
#define SKEP_HEALTH_PAGE_H

#include "agent.h"

/* Listens at the address of --http: sets agent->page, which httpd_free ends, and agent->url. ERR_SYNTAX, ERR_IO with a
 * sentence. */
enum err health_page_open(struct agent *agent, struct errbuf *e);

#endif
